"""The lists that wildcards stand for: ours and the owner's. A list is a text file with an entry a line, or stands under
its keys in a file of YAML or JSON."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from prompts.wildcards.comments import BEHIND
from prompts.wildcards.structured import SUFFIXES, structured

FOLDER = Path(__file__).parents[1] / "data" / "wildcards"
FILE_SIZE = 1 << 20  # bytes of a list; a larger file is no list somebody wrote
FILES = 1000  # files read from a folder
SHARE = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})::")  # "2::", how often an entry comes beside the others

_log = logging.getLogger(__name__)


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
    read: list[WildcardList] = []
    for path in _files(folder):
        try:
            state = path.stat()
            if state.st_size <= FILE_SIZE:
                name = path.relative_to(folder).with_suffix("").as_posix()
                read += _read(path, name, state.st_mtime_ns, state.st_size)
        except OSError:  # gone or unreadable by now: then it is an unknown name
            continue
    for one in read:
        found.setdefault(one.name.casefold(), one)
    for one in read:
        for alias in (*one.aliases, one.name.rpartition("/")[2]):
            found.setdefault(alias.casefold(), one)


def _files(folder: Path) -> list[Path]:
    """The files that may hold lists, those with an entry a line first."""
    kinds = (".txt", *SUFFIXES)
    there = [path for path in folder.rglob("*") if path.suffix.lower() in kinds] if folder.is_dir() else []
    return sorted(there, key=lambda path: (kinds.index(path.suffix.lower()), path))[:FILES]


@lru_cache(FILES)
def _read(path: Path, name: str, changed: int, size: int) -> tuple[WildcardList, ...]:
    """The lists in a file: one of an entry a line (`2::entry` counts twice; a first line `# 动物 动物们` gives other
    names), or those in YAML or JSON, by their keys alone. One that cannot be read has none, and the log says so."""
    text, suffix = path.read_text("utf-8", errors="replace").lstrip("\ufeff"), path.suffix.lower()
    if suffix == ".txt":
        lines = text.splitlines()
        aliases = tuple(lines[0][1:].split()) if lines and lines[0].startswith("#") else ()
        entries = (BEHIND.sub("", line) for line in map(str.strip, lines) if line and not line.startswith("#"))
        return (WildcardList(name, aliases, _shared((entry, None) for entry in entries)),)
    try:
        return tuple(WildcardList(keys or name, (), _shared(entries)) for keys, entries in structured(text, suffix))
    except ValueError as problem:
        _log.warning("%s holds no lists: %s", path, problem)
        return ()


def _shared(entries: Iterable[tuple[str, float | None]]) -> tuple[tuple[str, float], ...]:
    """The entries with their shares: the one given, else that written before the words."""
    found: list[tuple[str, float]] = []
    for entry, weight in entries:
        share = SHARE.match(entry) if weight is None else None
        words = entry[share.end() :].strip() if share else entry
        found.append((words, float(share.group(1)) if share else 1.0 if weight is None else weight))
    return tuple(found)


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
