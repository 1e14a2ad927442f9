"""Finding tags while somebody types: by Chinese, by pinyin or its initials, by the beginning of English."""

from __future__ import annotations

import bisect
import gzip
import os
import re
import tempfile
import threading
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prompts.prompt import Part
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.dictionary import source
from prompts.translate.glossary import Entry, entries
from prompts.translate.roles import JOINING

_FORM = 1  # of the pinyin file; a new form has a new file name
_MOST = 2000  # hits looked at: "s" begins a thousand words, and the best of so many are good enough
_LONGEST = 8  # signs of Chinese at the end of a clause that are tried as the beginning of a word
_WORDS = 3  # English words likewise

# How a hit ranks before its length counts. A pinyin that is whole is a word; initials alone are only a guess.
_EXACT, _PINYIN, _INITIALS, _BEGINS, _PINYIN_BEGINS, _WORD_BEGINS, _INITIALS_BEGIN, _INSIDE = range(0, 800, 100)
# Nobody has counted how often which tag is used: what most pictures have comes before what few have.
_USUAL = {"hair": 7, "person": 6, "animal": 5, "eyes": 5, "style": 4, "clothing": 3, "expression": 3, "place": 3}
_FOREIGN = 250  # pinyin for a person who reads English

_Hit = Callable[[int, int, int, bool], None]  # key, rank, characters more than asked for, whether Chinese was meant


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tag that may be meant. `chinese` is the word found, or the tag's first one; `insert` is what to write."""

    tag: str
    chinese: str
    category: str
    part: Part
    insert: str


class _Column:
    """Many short texts in one long one: found by prefix or anywhere at the speed of `str.find`."""

    def __init__(self, texts: Iterable[tuple[str, int]]) -> None:
        rows = [(text, owner) for text, owner in texts if text]
        self._text = "\n" + "\n".join(text for text, _ in rows) + "\n"
        self._starts = array("L")
        self._owners = array("L", (owner for _, owner in rows))
        at = 1
        for text, _ in rows:
            self._starts.append(at)
            at += len(text) + 1

    def hits(self, part: str, *, before: str = "\n") -> Iterator[tuple[int, int]]:
        """Whose text has `before` and `part` in it, and how many characters that text has more than `part`."""
        wanted, at, found = before + part, -1, 0
        while (at := self._text.find(wanted, at + 1)) >= 0 and found < _MOST:
            index = bisect.bisect_right(self._starts, at + len(before)) - 1
            end = self._starts[index + 1] - 1 if index + 1 < len(self._starts) else len(self._text) - 1
            yield self._owners[index], end - self._starts[index] - len(part)
            found += 1


@dataclass(frozen=True, slots=True)
class _Columns:
    """The glossary for searching: keys by number, the tag that each stands for, and what is searched."""

    keys: tuple[str, ...]
    owners: tuple[Entry, ...]
    first: Mapping[str, int]  # of a tag: its first key
    names: Mapping[str, int]  # of a tag: how many keys it has, which tells how usual it is
    chinese: _Column
    english: _Column
    pinyin: _Column
    initials: _Column


class Index:
    """The search over the glossary; made when first asked. `folder` keeps the pinyin of its words, made from CC-CEDICT
    where that is installed (without it, pinyin finds nothing)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._made: _Columns | None = None

    def find(self, query: str, limit: int = 8, *, pinyin: bool = True) -> tuple[Suggestion, ...]:
        """The tags that a word or its beginning may mean, the likeliest first. Without `pinyin` English comes first."""
        query = " ".join(query.lower().replace("_", " ").split())[:60]
        if not query or "\n" in query:
            return ()
        columns = self._columns()
        best: dict[str, tuple[int, int, bool]] = {}  # of a tag: score, key, whether the Chinese was meant

        def note(key: int, score: int, longer: int, chinese: bool) -> None:
            entry = columns.owners[key]
            tag = entry.tag
            score += 2 * longer - min(columns.names[tag], 8) - _USUAL.get(entry.category, 0)
            if tag not in best or (score, key) < best[tag][:2]:
                best[tag] = score, key, chinese

        if CHINESE.search(query):
            for plain in chinese.readings(query):
                for key, longer in columns.chinese.hits(plain):
                    note(key, _BEGINS if longer else _EXACT, longer, True)
                for key, longer in columns.chinese.hits(plain, before=""):
                    note(key, _INSIDE, longer, True)
        else:
            self._latin(query, columns, 0 if pinyin else _FOREIGN, note)
        ranked = sorted(best.values())[:limit]
        return tuple(self._shown(columns, key, chinese) for _, key, chinese in ranked)

    def complete(self, text: str, limit: int = 8, *, pinyin: bool = True) -> tuple[int, tuple[Suggestion, ...]]:
        """Suggestions for the end of what is being typed, and how many characters of it each would replace."""
        for start in _starts(text):
            if found := self.find(text[start:], limit, pinyin=pinyin):
                typed = " ".join(text[start:].lower().split())
                found = tuple(one for one in found if one.insert != typed)
                return len(text) - start, found
        return 0, ()

    @staticmethod
    def _latin(query: str, columns: _Columns, foreign: int, note: _Hit) -> None:
        for key, longer in columns.english.hits(query):
            note(key, _BEGINS if longer else _EXACT, longer, False)
        for key, longer in columns.english.hits(query, before=" "):
            note(key, _WORD_BEGINS, longer, False)
        if len(query) > 2:
            for key, longer in columns.english.hits(query, before=""):
                note(key, _INSIDE, longer, False)
        sound = re.sub(r"[ ']", "", query)
        for key, longer in columns.pinyin.hits(sound):
            note(key, foreign + (_PINYIN_BEGINS if longer else _PINYIN), longer, True)
        if len(sound) > 1 and len(query.split()) in (1, len(sound)):
            for key, longer in columns.initials.hits(sound):
                note(key, foreign + (_INITIALS_BEGIN if longer else _INITIALS), 2 * longer, True)

    @staticmethod
    def _shown(columns: _Columns, key: int, chinese: bool) -> Suggestion:
        entry = columns.owners[key]
        word = columns.keys[key if chinese else columns.first[entry.tag]]
        return Suggestion(entry.tag, word, entry.category, entry.part, word if chinese else entry.tag)

    def _columns(self) -> _Columns:
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = _columns(_sounds(self._folder))
        return self._made


def _starts(text: str) -> Iterator[int]:
    """Where the word may begin that is being typed at the end of a clause, the longest first."""
    lead = len(text) - len(text.lstrip())
    if CHINESE.search(text):
        tail = max(lead, len(text) - _LONGEST)
        yield from range(tail, len(text) - 1 if len(text) - lead > 1 else len(text))
        return
    begins = [match.start() for match in re.finditer(r"\S+", text)]
    yield from begins[-_WORDS:] if len(begins) > _WORDS else begins


def _columns(sounds: Mapping[str, tuple[str, str]]) -> _Columns:
    rows = [(key, entry) for key, entry in entries().items() if entry.category not in JOINING and "{" not in entry.tag]
    first: dict[str, int] = {}
    for number, (_, entry) in enumerate(rows):
        first.setdefault(entry.tag, number)
    heard = [sounds.get(key, ("", "")) for key, _ in rows]
    return _Columns(
        tuple(key for key, _ in rows),
        tuple(entry for _, entry in rows),
        first,
        Counter(entry.tag for _, entry in rows),
        _Column((key, number) for number, (key, _) in enumerate(rows)),
        _Column((tag.lower(), number) for tag, number in first.items()),
        _Column((whole, number) for number, (whole, _) in enumerate(heard)),
        _Column((letters, number) for number, (_, letters) in enumerate(heard)),
    )


# ── pinyin ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_ENTRY = re.compile(r"\S+ (\S+) \[([A-Za-z0-9: ]+)\] /")


def _sounds(folder: Path) -> Mapping[str, tuple[str, str]]:
    """Of every Chinese key of the glossary, its pinyin without tones and the initials; from the file in the folder,
    which is made first when it is missing."""
    path = source()
    if path is None:
        return {}
    keys = [key for key in entries() if CHINESE.search(key)]
    sign = zlib.crc32("\n".join(keys).encode())
    target = folder / f"pinyin-{_FORM}-{path.stat().st_size}-{sign:08x}.tsv"
    try:
        content = target.read_text(encoding="utf-8")
    except OSError:
        content = "\n".join(f"{key}\t{' '.join(said)}" for key, said in _read_aloud(keys, path))
        _keep(target, content)
    found: dict[str, tuple[str, str]] = {}
    for line in content.splitlines():
        key, _, said = line.partition("\t")
        syllables = said.split()
        found[key] = (
            "".join(syllables),
            "".join(syllable if syllable.isdecimal() else syllable[0] for syllable in syllables),
        )
    return found


def _keep(target: Path, content: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        Path(name).replace(target)
        for old in target.parent.glob("pinyin-*.tsv"):
            if old != target:
                old.unlink(missing_ok=True)
    except OSError:
        pass  # a folder that cannot be written: made anew at the next start


def _read_aloud(keys: Sequence[str], path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each key's syllables: of the longest words that CC-CEDICT knows, then of signs as they are mostly read."""
    wanted = {key[at:end] for key in keys for at in range(len(key)) for end in range(at + 2, min(at + 7, len(key) + 1))}
    words: dict[str, list[str]] = {}
    heard: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with gzip.open(path, mode="rt", encoding="utf-8") as lines:
        for line in lines:
            match = _ENTRY.match(line)
            if match is None:
                continue
            word, said = match.group(1), match.group(2).lower().replace("u:", "v").split()
            syllables = [syllable.rstrip("12345") for syllable in said]
            if len(syllables) != len(word) or match.group(2)[0].isupper():
                continue
            for character, syllable in zip(word, syllables, strict=True):
                heard[character][syllable] += 1
            if word in wanted:
                words.setdefault(word, syllables)
    usual = {character: readings.most_common(1)[0][0] for character, readings in heard.items()}
    for key in keys:
        found: list[str] = []
        at = 0
        while at < len(key):
            end = next((end for end in range(min(len(key), at + 6), at + 1, -1) if key[at:end] in words), at + 1)
            found += words.get(key[at:end]) or [usual.get(key[at], key[at] if key[at].isascii() else "")]
            at = end
        yield key, [syllable for syllable in found if syllable.strip()]
