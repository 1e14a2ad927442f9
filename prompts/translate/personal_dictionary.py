"""A person's own dictionary ("天青色 = celadon"): its words win over every other translator."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Literal

from prompts.errors import Refusal
from prompts.tags import part_of
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.clause_reader import READER
from prompts.translate.dictionary import Dictionary
from prompts.translate.glossary import Entry, entries, lengths
from prompts.translate.roles import JOINING
from prompts.translate.segmentation import KnowsWord
from prompts.translate.translator import Phrase, Translator

WORD, ENGLISH = 30, 200  # characters; a longer word is a sentence, a longer tag fills half of what a model reads

_WORD = re.compile(r"[\w·.+-]+")
_ENGLISH = re.compile(r"[\w ,.'’!?&+/()-]+")
_BRACKET = re.compile(r"[()]")
# A word of one's own stands in a clause as three private-use signs while the patterns read it: three, because they let
# single signs that they do not know go by.
_MARKS = re.compile("[\ue000-\uf8ff]")
_MARK = re.compile("([\ue000-\uf8ff])\\1\\1")


@lru_cache(4096)
def key(word: str) -> str:
    """The form in which words are compared: simplified sign by sign, no capitals, no spaces."""
    plain = "".join(unicodedata.normalize("NFKC", word).split())
    return chinese.readings(plain)[-1].lower()


def checked(word: str, english: str) -> tuple[str, str]:
    """An entry as it may be kept. Raises Refusal `dictionary.word` or `dictionary.english` where it is none."""
    word = "".join(unicodedata.normalize("NFKC", word).split())
    english = re.sub(r" ?,[ ,]*", ", ", " ".join(unicodedata.normalize("NFKC", english).split())).strip(" ,")
    if len(word) > WORD or not _WORD.fullmatch(word) or not CHINESE.search(word) or _MARKS.search(word):
        raise Refusal("dictionary.word", limit=WORD)
    wrong = CHINESE.search(english) or _MARKS.search(english) or not re.search(r"[^\W_]", english)
    if wrong or len(english) > ENGLISH or not _ENGLISH.fullmatch(english):
        raise Refusal("dictionary.english", limit=ENGLISH)
    return word, english


def with_personal(words: Mapping[str, str], translators: Sequence[Translator]) -> tuple[Translator, ...]:
    """The translators with somebody's own dictionary (Chinese to English) before them."""
    if not words:
        return tuple(translators)
    known = next((one for one in translators if isinstance(one, Dictionary)), None)
    return (_own(tuple(words.items()), known), *translators)


@lru_cache(64)
def _own(words: tuple[tuple[str, str], ...], known: Dictionary | None) -> PersonalDictionary:
    """The translator for these words; kept, since people draw more often than they write words down."""
    return PersonalDictionary(dict(words), known.knows if known else None)


class PersonalDictionary:
    """The translator of clauses that hold a word of one's own; any other clause it hands on untouched. The rest of
    such a clause is read as the glossary reads it, so that "天青色的瓷瓶" is one thing."""

    sentences: Literal[False] = False

    def __init__(self, words: Mapping[str, str], known: KnowsWord | None = None) -> None:
        self._words = {key(word): english for word, english in words.items()}
        self._known = known
        self._lengths: dict[str, list[int]] = {}
        for word in sorted(self._words, key=len, reverse=True):
            sizes = self._lengths.setdefault(word[0], [])
            if len(word) not in sizes:
                sizes.append(len(word))
        self._remembered = lru_cache(512)(self._translate)

    def translate(self, clause: str) -> tuple[Phrase, ...]:
        return self._remembered(clause)

    def _translate(self, clause: str) -> tuple[Phrase, ...]:
        table: dict[str, Entry] = {}
        sizes: dict[str, tuple[int, ...]] = {}
        written: dict[str, str] = {}
        parts: list[str] = []
        end = 0
        for start, stop, word in self._found(clause := _MARKS.sub(" ", clause)):
            sign = chr(0xE000 + len(table))
            table[sign * 3], sizes[sign], written[sign] = _entry(word, self._words[word]), (3,), clause[start:stop]
            parts += (clause[end:start], sign * 3)
            end = stop
        if not table:
            return (Phrase(clause, clause),)
        marked = "".join([*parts, clause[end:]])
        every, where = entries() | table, lengths() | sizes
        readings = [(plain, READER.read(plain, every, where, self._known)) for plain in chinese.readings(marked)]
        plain, phrases = min(readings, key=lambda reading: sum(phrase.left for phrase in reading[1]))
        return tuple(_as_written(phrase, plain, marked, written) for phrase in phrases)

    def written(self, clause: str) -> tuple[str, dict[str, str]]:
        """The clause with one's own words in English, and those words, each with the form it has in a prompt."""
        parts: list[str] = []
        said: dict[str, str] = {}
        end = 0
        for start, stop, word in self._found(clause):
            plain = " ".join(_BRACKET.sub(" ", self._words[word]).split())
            said[plain] = _escaped(self._words[word])
            parts += (clause[end:start], f" {plain} ")
            end = stop
        return " ".join("".join([*parts, clause[end:]]).split()) if said else clause, said

    def _found(self, clause: str) -> Iterator[tuple[int, int, str]]:
        """Where one's own words stand, from the left, the longest first."""
        plain = chinese.readings(clause)[-1].lower()
        if len(plain) != len(clause):
            plain = clause
        start = 0
        while start < len(plain):
            for size in self._lengths.get(plain[start], ()):
                word = plain[start : start + size]
                if word in self._words and (size > 1 or not _within(plain, start)):
                    yield start, start + size, word
                    start += size
                    break
            else:
                start += 1


def _within(clause: str, place: int) -> bool:
    """Whether a sign belongs to a longer word of the glossary: whoever says what 猫 is does not mean 橘猫."""
    return any(
        size > 1 and place < start + size <= len(clause) and clause[start : start + size] in entries()
        for start in range(max(0, place - 3), place + 1)
        for size in lengths().get(clause[start], ())
    )


@cache
def _by_tag() -> Mapping[str, Entry]:
    """The glossary by its English; the first key that has a tag wins."""
    return {entry.tag.lower(): entry for entry in reversed(list(entries().values()))}


@lru_cache(4096)
def _entry(word: str, english: str) -> Entry:
    """One's own word as the patterns want it: of the glossary's kind where that has the word, the tag, or its head."""
    tag = english.split(",")[0].strip().lower()
    likes = (entries().get(word), _by_tag().get(tag), _by_tag().get(tag.rpartition(" ")[2]))
    like = next((entry for entry in likes if entry is not None and entry.category not in JOINING), None)
    text = ", ".join(filter(None, (part.strip() for part in _escaped(english).split(","))))
    return Entry(text, like.category, like.part) if like else Entry(text, "object", part_of(tag))


def _escaped(english: str) -> str:
    """The English with its brackets escaped: those of a name ("ganyu (genshin impact)") are no emphasis."""
    return _BRACKET.sub(r"\\\g<0>", english)


def _as_written(phrase: Phrase, plain: str, marked: str, written: Mapping[str, str]) -> Phrase:
    """The phrase with its source as the person wrote it, marks and traditional characters undone."""
    start = plain.find(phrase.source)
    aligned = len(plain) == len(marked) and start >= 0
    source = marked[start : start + len(phrase.source)] if aligned else marked
    mine = _MARKS.search(phrase.source) is not None
    source = _MARK.sub(lambda mark: written[mark.group(1)], source)
    return replace(phrase, source=source, origin="person" if mine else phrase.origin)
