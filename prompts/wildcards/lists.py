"""The lists that wildcards stand for: ours and the owner's, each a file with an entry a line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from prompts.wildcards.comments import BEHIND

FOLDER = Path(__file__).parents[1] / "data" / "wildcards"
FILE_SIZE = 1 << 20  # bytes of a list; a larger file is no list somebody wrote
FILES = 1000  # lists read from a folder
SHARE = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})::")  # "2::", how often an entry comes beside the others


@dataclass(frozen=True, slots=True)
class WildcardList:
    """A wildcard: its name, other names for it, and what may be drawn, each with its share."""

    name: str
    aliases: tuple[str, ...]
    entries: tuple[tuple[str, float], ...]


def lists(folders: Sequence[Path] = ()) -> Mapping[str, WildcardList]:
    """Every list by its names, in small letters; the owner's before ours. A list in a subfolder has that in its name
    ("clothing/hat") and is found by its last word too. Reads the owner's files anew where they have changed."""
    if not folders:
        return _ours()
    found: dict[str, WildcardList] = {}
    for folder in folders:
        _add(found, folder)
    return {**_ours(), **found}


@cache
def _ours() -> Mapping[str, WildcardList]:
    found: dict[str, WildcardList] = {}
    _add(found, FOLDER)
    return found


def _add(found: dict[str, WildcardList], folder: Path) -> None:
    paths = sorted(folder.rglob("*.txt"))[:FILES] if folder.is_dir() else []
    read: list[WildcardList] = []
    for path in paths:
        try:
            state = path.stat()
            if state.st_size <= FILE_SIZE:
                name = path.relative_to(folder).with_suffix("").as_posix()
                read.append(_list(path, name, state.st_mtime_ns, state.st_size))
        except OSError:  # gone or unreadable by now: then it is an unknown name
            continue
    for one in read:
        found.setdefault(one.name.casefold(), one)
    for one in read:
        for alias in (*one.aliases, one.name.rpartition("/")[2]):
            found.setdefault(alias.casefold(), one)


@lru_cache(FILES)
def _list(path: Path, name: str, changed: int, size: int) -> WildcardList:
    """A list file: one entry a line, `2::entry` counts twice; a first line `# 动物 动物们` gives other names."""
    lines = path.read_text("utf-8", errors="replace").lstrip("\ufeff").splitlines()
    aliases = tuple(lines[0][1:].split()) if lines and lines[0].startswith("#") else ()
    entries: list[tuple[str, float]] = []
    for line in (line.strip() for line in lines):
        if line and not line.startswith("#"):
            line = BEHIND.sub("", line)
            share = SHARE.match(line)
            entries.append((line[share.end() :].strip(), float(share.group(1))) if share else (line, 1.0))
    return WildcardList(name, aliases, tuple(entries))


def matching(known: Mapping[str, WildcardList], name: str) -> list[WildcardList]:
    """The list of that name; with a star or a question mark in it, every list that fits."""
    name = name.casefold().strip("/")
    if not re.search(r"[*?]", name):
        return [known[name]] if name in known else []
    if name.count("*") > 3:  # each star multiplies the ways to try
        return []
    form = re.compile(".*".join(re.escape(part).replace(r"\?", ".") for part in re.split(r"\*+", name)))
    fitting = {one.name: one for called, one in known.items() if form.fullmatch(called)}
    return [fitting[called] for called in sorted(fitting)]
