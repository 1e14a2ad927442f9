"""Choices drawn with a seed: `__animal__` out of a list, `{a|b|2::c}`, `{2$$a|b|c}`."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from prompts.prompt import Note
from prompts.spelling import near

FOLDER = Path(__file__).parent / "data" / "wildcards"
DEPTH = 8  # lists may name lists, and choices hold choices, so deep
DRAWS = 200  # in one text; a list that names itself twice would never end
LENGTH = 8000  # characters that a text may grow to: twice what a person may write
FILE_SIZE = 1 << 20  # bytes of a list; a larger file is no list somebody wrote
FILES = 1000  # lists read from a folder
WIDEST = 100_000  # characters of a list that are read where every outcome counts

# As the grammar has it, but for Chinese, where no space stands before the word: "一只__动物__".
_NAME = r"(?<![A-Za-z0-9])__([^\W_](?:[^\s,_()\[\]{}<>]|_(?!_))*)__"
_ANY_LIST = re.compile(_NAME)
_CHOICE_SIGNS = re.compile(r"\d+(?:-\d+)?\$\$(?:[^{}|$]{0,20}\$\$)?|[{}|]|\d+(?:\.\d+)?::")
_START = re.compile(rf"\\.|<[^<>{{}}]*>|\{{|{_NAME}", re.DOTALL)  # a LoRA's name may look like a wildcard
_LISTED = re.compile(rf"\s*{_NAME}\s*")
_BRACKET = re.compile(r"\\.|[()\[\]{}]", re.DOTALL)
_OPENING = {")": "(", "]": "[", "}": "{"}
_MANY = re.compile(r"\s*(?:(\d{1,3})(?:\s*-\s*(\d{1,3}))?)\$\$(?:([^{}\[\]()|$]{0,20})\$\$)?")
_SHARE = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)::")


@dataclass(frozen=True, slots=True)
class WildcardList:
    """A wildcard: its name, other names for it, and what may be drawn, each with its share."""

    name: str
    aliases: tuple[str, ...]
    entries: tuple[tuple[str, float], ...]


def has_choices(text: str) -> bool:
    """Whether there may be something to draw in a text."""
    return "{" in text or "__" in text


def drawn(text: str, seed: int, folders: Sequence[Path] = ()) -> tuple[str, tuple[Note, ...]]:
    """The text with every choice made, and notes on what was chosen; the same for the same seed on every machine.

    `folders` hold the owner's own lists and are asked before ours. An unknown list's name stands for itself, in words.
    Reads files when a list is named.
    """
    drawing = _Drawing(random.Random(seed), folders)
    return drawing.read(text, 0)[: max(LENGTH, len(text))], tuple(drawing.notes)


def outcomes(text: str, folders: Sequence[Path] = ()) -> str:
    """The text with all that may be drawn in it instead of what is drawn: options and entries of lists side by side,
    parted by commas, those of lists that lists name too. Of very long lists the first `WIDEST` characters."""
    named: set[str] = set()

    def of_list(match: re.Match[str]) -> str:
        if match[1].casefold() in named or len(named) >= DRAWS:
            return " "
        named.add(match[1].casefold())
        found = [entry for one in _matching(lists(folders), match[1]) for entry, _ in one.entries]
        return spread(", ".join(found)[:WIDEST]) if found else match[1].replace("_", " ")

    def spread(part: str) -> str:
        return _ANY_LIST.sub(of_list, part) if "__" in part else part

    if not has_choices(text):
        return text
    return _CHOICE_SIGNS.sub(lambda sign: ", " if sign.group() != "{" else " ", spread(text))


class _Drawing:
    def __init__(self, rng: random.Random, folders: Sequence[Path]) -> None:
        self.notes: list[Note] = []
        self._rng = rng
        self._folders = folders
        self._draws = 0
        self._length = 0

    def read(self, text: str, depth: int) -> str:
        if not has_choices(text):
            return text
        closes = _pairs(text)
        parts: list[str] = []
        position = 0
        while found := _START.search(text, position):
            parts.append(text[position : found.start()])
            position = found.end()
            close = closes.get(found.start()) if found.group() == "{" else None
            if found.group()[0] in "\\<" or (close is None and found.group() == "{"):
                parts.append(found.group())
                continue
            written = text[found.start() : close + 1] if close is not None else found.group()
            position = found.start() + len(written)
            if depth >= DEPTH or self._draws >= DRAWS or self._length > LENGTH:
                self._note("note.choices_too_many", text=_short(written))
                continue
            self._draws += 1
            chosen = (
                self._of_list(found.group(1), depth)
                if close is None
                else self._choice(text, found.start(), close, closes, depth)
            )
            if depth == 0 and chosen is not None:
                self._length += len(chosen)
                self._note("note.chosen", choice=_short(written), text=_short(chosen) or "–")
            parts.append(chosen if chosen is not None else " ".join(re.split(r"[_/*-]+", found.group(1))))
        return "".join([*parts, text[position:]])

    def _of_list(self, name: str, depth: int) -> str | None:
        known = lists(self._folders)
        matching = _matching(known, name)
        if not matching:
            self._note("note.wildcard_unknown", name=name[:40], near=near(name, known))
            return None
        entries = [entry for one in matching for entry in one.entries]
        return self.read(entries[self._index([share for _, share in entries])][0], depth + 1) if entries else ""

    def _choice(self, text: str, start: int, close: int, closes: Mapping[int, int], depth: int) -> str:
        head = _MANY.match(text, start + 1, close)
        options = _options(text, head.end() if head else start + 1, close, closes)
        few, many, joint = 1, 1, ", "
        if head:
            few = int(head.group(1))
            many = int(head.group(2) or few)
            joint = head.group(3) if head.group(3) is not None else joint
        if head and len(options) == 1 and (listed := _LISTED.fullmatch(options[0][0])):  # "{2$$__animal__}"
            options = [
                entry for one in _matching(lists(self._folders), listed.group(1)) for entry in one.entries
            ] or options
        count = min(len(options), few + int(self._rng.random() * (max(few, many) - few + 1)))
        picked: list[str] = []
        for _ in range(count):
            index = self._index([share for _, share in options])
            picked.append(self.read(options.pop(index)[0].strip(), depth + 1))
        return joint.join(picked)

    def _index(self, shares: Sequence[float]) -> int:
        """One of the entries; `random()` alone is promised to give the same numbers in every Python."""
        rest = self._rng.random() * sum(shares)
        for index, share in enumerate(shares):
            rest -= share
            if rest < 0:
                return index
        return len(shares) - 1

    def _note(self, key: str, /, **values: str) -> None:
        if len(self.notes) < DRAWS:
            self.notes.append(Note(key, values))


def _options(text: str, start: int, close: int, closes: Mapping[int, int]) -> list[tuple[str, float]]:
    """The options between the bars that belong to this choice itself, each with its share."""
    found: list[tuple[str, float]] = []
    position = begin = start
    while position <= close:
        if position == close or text[position] == "|":
            share = _SHARE.match(text, begin, position)
            found.append((text[share.end() if share else begin : position], float(share.group(1)) if share else 1.0))
            begin = position + 1
        elif text[position] == "\\":
            position += 1
        position = closes.get(position, position) + 1
    return found


def _pairs(text: str) -> dict[int, int]:
    """Where each bracket that has a partner closes."""
    closes: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    waiting = {"(": 0, "[": 0, "{": 0}
    for sign in _BRACKET.finditer(text):
        token = sign.group()
        if token in waiting:
            stack.append((token, sign.start()))
            waiting[token] += 1
        elif token in _OPENING and waiting[_OPENING[token]]:
            while True:
                kind, start = stack.pop()
                waiting[kind] -= 1
                if kind == _OPENING[token]:
                    break
            closes[start] = sign.start()
    return closes


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


# ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


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
            share = _SHARE.match(line)
            entries.append((line[share.end() :].strip(), float(share.group(1))) if share else (line, 1.0))
    return WildcardList(name, aliases, tuple(entries))


def _matching(known: Mapping[str, WildcardList], name: str) -> list[WildcardList]:
    """The list of that name; with a star in it, every list that fits."""
    name = name.casefold().strip("/")
    if "*" not in name:
        return [known[name]] if name in known else []
    if name.count("*") > 3:  # each star multiplies the ways to try
        return []
    form = re.compile(".*".join(map(re.escape, re.split(r"\*+", name))))
    fitting = {one.name: one for called, one in known.items() if form.fullmatch(called)}
    return [fitting[called] for called in sorted(fitting)]
