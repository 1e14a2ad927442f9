"""Files that are one person's alone: a LoRA that somebody has learnt is found by nobody else until it is shared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

LEARNT = ("lora", "embedding", "unknown", "")  # kinds that a file which somebody has learnt may be taken for


@dataclass(frozen=True, slots=True)
class PrivateFile:
    """A file that somebody has learnt: whose it is, what it may be called besides its own name ("": nothing), whether
    everybody may draw with it, whether it shows somebody who agreed to that, whether it is one from along the way,
    which no list has, and whether it is an embedding, which its name calls wherever it stands."""

    path: Path
    owner: str
    alias: str = ""
    shared: bool = False
    consent: bool = False
    half: bool = False
    word: bool = False

    @property
    def names(self) -> frozenset[str]:
        """What a text may call it, in small letters."""
        return frozenset(filter(None, (self.path.stem.casefold(), self.alias.casefold())))


# A program in which nobody is told apart (a worker, a command at the terminal) knows of none, and sees all there are.
_files: dict[Path, PrivateFile] = {}
# Those that have a place in lists, by their names in small letters: wherever such a file lies, on another machine or in
# a folder that the settings put behind another by now, its name is the one person's.
_named: dict[str, PrivateFile] = {}
_halves: list[Path] = []  # the folder where files from along the way lie
_looking: ContextVar[str] = ContextVar("looking", default="")


def keep(files: Iterable[PrivateFile], halves: Path) -> None:
    """Have these be all there are; what else lies in `halves` is nobody's."""
    known = {one.path.absolute(): one for one in files}
    named = {path.stem.casefold(): one for path, one in known.items() if not one.half}
    _halves[:] = [halves.absolute()]
    _files.clear()
    _files.update(known)
    _named.clear()
    _named.update(named)


def forget() -> None:
    """Know of none, as a program that has just begun."""
    _files.clear()
    _named.clear()
    _halves.clear()


@contextmanager
def seen_by(person: str) -> Iterator[None]:
    """While it lasts, files are looked for on behalf of somebody, who sees their own; nobody's ("") are seen by all."""
    before = _looking.set(person)
    try:
        yield
    finally:
        _looking.reset(before)


def hidden(path: Path, kind: str = "") -> bool:
    """Whether whoever looks may not know of a file; `kind` is a word of engine/files/identity.py ("": not known)."""
    if not _halves:
        return False
    path = path.absolute()
    if one := _files.get(path) or (_named.get(path.stem.casefold()) if kind in LEARNT else None):
        return _withheld(one)
    return _halves[0] in path.parents


def half(path: Path) -> bool:
    """Whether it is a file from along the way, which is drawn with where it is named, and listed nowhere."""
    return bool(_halves) and _halves[0] in path.absolute().parents


def of_others(names: Iterable[str], words: str = "") -> str:
    """The first of these names, and of the embeddings in these words, that is a file's which only somebody else may
    draw with; "" where none is."""
    return next((name for name, one in _meant(names, words) if _withheld(one)), "")


def agreed(names: Iterable[str], words: str = "") -> str:
    """The first of these names, and of the embeddings in these words, that is a file's which shows somebody who agreed
    to that; "" where none is."""
    return next((name for name, one in _meant(names, words) if one.consent), "")


def _withheld(one: PrivateFile) -> bool:
    return not (one.shared and not one.half) and one.owner != _looking.get()


def _meant(names: Iterable[str], words: str) -> Iterator[tuple[str, PrivateFile]]:
    for name in names:
        wanted = name.strip().casefold().removesuffix(".safetensors")
        own = [one for path, one in _files.items() if path.stem.casefold() == wanted]
        yield from ((name, one) for one in own or _files.values() if wanted in one.names)
    for path, one in _files.items():
        if one.word and re.search(rf"(?<!\w){re.escape(path.stem)}(?!\w)", words, re.IGNORECASE):
            yield path.stem, one
