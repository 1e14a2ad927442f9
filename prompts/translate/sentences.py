"""Whole clauses: asking the translators of sentences in turn, judging what they say, and remembering it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from prompts.prompt import Note, Origin
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.personal_dictionary import PersonalDictionary
from prompts.translate.translator import Phrase, SentenceTranslator, TranslationMemory, Translator, Unavailable

_SIGNS = re.compile(r"[()\[\]{}<>\\|:_\"“”*#`]+")
_REMEMBERED = 4096  # clauses of a translator held in memory, about 1 MB


@dataclass(frozen=True, slots=True)
class ClauseTranslation:
    """The translation of a clause: no phrases when nobody understood it; `notes` name a translator that failed."""

    phrases: tuple[Phrase, ...] = ()
    notes: tuple[Note, ...] = ()


async def whole_clause(clause: str, translators: Sequence[Translator]) -> ClauseTranslation:
    """The translation of a clause by the first translator of sentences whose answer can be trusted.

    A person's own words stand in it in their English, and a translation that has lost one of them is not taken.
    """
    asked: str = clause
    own: dict[str, str] = {}
    for translator in translators:
        if isinstance(translator, PersonalDictionary):
            asked, own = translator.written(asked)
    asked = chinese.simplified(asked)
    notes: list[Note] = []
    for translator in translators:
        if not translator.sentences:
            continue
        try:
            english = await translator.english(asked)
        except Unavailable as failure:
            if failure.note is not None:
                notes.append(failure.note)
            continue
        tags = trusted(english, clause)
        if tags and all(mine.lower() in ", ".join(tags).lower() for mine in own):
            said = tuple(Phrase(_put(tag, own), clause, translator.origin) for tag in tags)
            return ClauseTranslation(said, tuple(notes))
    return ClauseTranslation((), tuple(notes))


def trusted(english: str, clause: str) -> tuple[str, ...]:
    """The tags of a translation, cut at its commas; none of one that cannot be trusted."""
    if "\n" in english.strip():
        return ()
    english = _SIGNS.sub(" ", english)
    if not sound(english, clause):
        return ()
    tags = (" ".join(tag.split()).strip(" .!?'‘’-") for tag in re.split(r"[,;，；。]|\.\s", english))
    return tuple(tag[:1].lower() + tag[1:] for tag in tags if re.search(r"[^\W_]", tag))


def sound(english: str, clause: str) -> bool:
    """Whether a translation can be trusted: no Chinese left, not over-long, no word said over and over."""
    words = english.lower().split()
    if not words or CHINESE.search(english) or len(words) > 4 + 2 * len(clause):
        return False
    if any(len(word) > 40 for word in words):
        return False
    runs = any(words[at] == words[at + 1] == words[at + 2] for at in range(len(words) - 2))
    pairs = list(pairwise(words))
    return not runs and len(set(pairs)) * 3 >= len(pairs) * 2


def _put(tag: str, own: dict[str, str]) -> str:
    """The tag with a person's own words as they stand in prompts: a name's brackets are no emphasis."""
    for plain, written in own.items():
        tag = written.join(re.split(re.escape(plain), tag, flags=re.IGNORECASE))
    return tag


class CachedTranslator:
    """A translator of sentences that is asked for a clause once: what it said stays in this process's memory and,
    where it can be trusted, in `memory`."""

    sentences: Literal[True] = True

    def __init__(self, translator: SentenceTranslator, memory: TranslationMemory | None = None) -> None:
        self.name: str = translator.name
        self.origin: Origin = translator.origin
        self._translator = translator
        self._memory = memory
        self._said: dict[str, str] = {}

    async def english(self, clause: str) -> str:
        if (known := self._said.pop(clause, None)) is not None:
            self._said[clause] = known  # the latest asked stands last
            return known
        english = await self._memory.recall(self.name, clause) if self._memory else None
        if english is None:
            english = await self._translator.english(clause)
            if self._memory and trusted(english, clause):
                await self._memory.keep(self.name, clause, english)
        self._said[clause] = english
        while len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]
        return english
