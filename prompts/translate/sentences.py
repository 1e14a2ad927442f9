"""Whole clauses: asking the translators of sentences in turn, judging what they say, and remembering it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from prompts import english
from prompts.prompt import Note, Origin, weighed
from prompts.translate import chinese
from prompts.translate.agreement import agrees
from prompts.translate.chinese import CHINESE
from prompts.translate.fixed_form import FormedPhrase, formed
from prompts.translate.glossary_translator import Glossary
from prompts.translate.personal_dictionary import PersonalDictionary
from prompts.translate.scripts import language_of
from prompts.translate.translator import (
    InstructModel,
    ModelQuestion,
    Phrase,
    SentenceTranslator,
    TranslationMemory,
    Translator,
    Unavailable,
)

_SIGNS = re.compile(r"[()\[\]{}<>\\|:_\"“”*#`]+|--+")
_SYNTAX = re.compile(r"\b(?:AND|BREAK|NOT)\b")  # in capitals the grammar reads them as signs
_REMEMBERED = 4096  # clauses of a translator held in memory, about 1 MB


@dataclass(frozen=True, slots=True)
class ClauseTranslation:
    """The translation of a clause: no phrases when nobody understood it; `notes` name a translator that failed."""

    phrases: tuple[Phrase, ...] = ()
    notes: tuple[Note, ...] = ()


async def whole_clause(
    clause: str, translators: Sequence[Translator], words: Sequence[Phrase] = (), language: str = "zh"
) -> ClauseTranslation:
    """The translation of a clause by the first translator of sentences whose answer can be trusted.

    `words` is what the translators of words made of it: an answer that says less than they are sure of, or turns a
    denial round, is not taken. Neither is one that has lost one of a person's own words, which stand in what is asked
    in their English.
    """
    asked: str = clause
    own: dict[str, str] = {}
    sure: tuple[str, ...] = ()
    for translator in translators:
        if isinstance(translator, PersonalDictionary):
            asked, own = translator.written(asked)
        elif isinstance(translator, Glossary) and words:
            sure = translator.sure(clause)
    if language == "zh":
        asked = chinese.simplified(asked)
    notes: list[Note] = []
    for translator in translators:
        if not translator.sentences or language not in translator.languages:
            continue
        try:
            answer = await translator.english(asked)
        except Unavailable as failure:
            if failure.note is not None:
                notes.append(failure.note)
            continue
        said = answered(answer, clause, translator.origin)
        every = ", ".join(phrase.text for phrase in said).lower()
        kept = language != "zh" or agrees(said, words, sure, clause)  # the words know no other language
        if said and kept and all(mine.lower() in every for mine in own):
            put = tuple(replace(phrase, text=_put(phrase.text, own)) for phrase in said)
            return ClauseTranslation(put, tuple(notes))
    return ClauseTranslation((), tuple(notes))


def answered(answer: str, clause: str, origin: Origin) -> tuple[Phrase, ...]:
    """The phrases of an answer, in the fixed form or as plain text; none of one that cannot be trusted."""
    rows = formed(answer)
    if rows is None:
        rows = tuple(FormedPhrase(tag, None, 1.0, False) for tag in trusted(answer, clause))
    elif not sound(_SIGNS.sub(" ", ", ".join(row.text for row in rows)), clause):
        return ()
    said: list[Phrase] = []
    for row in rows:
        for tag in plain_tags(row.text):
            kept, unwanted = (tag, ()) if row.negative else english.denied(tag)
            for text, negative in ((kept, row.negative), *((one, True) for one in unwanted)):
                if re.search(r"[^\W_]", text):
                    weight = text if row.weight == 1.0 else weighed(text, row.weight)
                    said.append(Phrase(weight, clause, origin, row.part, negative))
    return tuple(said)


def trusted(translation: str, clause: str) -> tuple[str, ...]:
    """The tags of a translation, cut at its commas; none of one that cannot be trusted."""
    if "\n" in translation.strip():
        return ()
    translation = _SIGNS.sub(" ", translation)
    return _tags(translation) if sound(translation, clause) else ()


def plain_tags(text: str) -> tuple[str, ...]:
    """The tags of what a translator says, cut at its commas: words alone, without any sign of the grammar."""
    return _tags(_SIGNS.sub(" ", text))


def _tags(text: str) -> tuple[str, ...]:
    text = _SYNTAX.sub(lambda sign: sign.group().lower(), text)
    tags = (" ".join(tag.split()).strip(" .!?'‘’-") for tag in re.split(r"[,;，；。]|\.\s", text))
    return tuple(tag[:1].lower() + tag[1:] for tag in tags if re.search(r"[^\W_]", tag))


def sound(translation: str, clause: str) -> bool:
    """Whether a translation can be trusted: no foreign script left, not over-long, no word said over and over."""
    words = translation.lower().split()
    foreign = CHINESE.search(translation) or language_of(translation)
    if not words or foreign or len(words) > 4 + 2 * len(clause):
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
    where it can be trusted, in `memory`. `model` is the translator where it can be asked for more than English."""

    sentences: Literal[True] = True

    def __init__(self, translator: SentenceTranslator, memory: TranslationMemory | None = None) -> None:
        self.name: str = translator.name
        self.origin: Origin = translator.origin
        self.languages: frozenset[str] = translator.languages
        asked = translator if isinstance(translator, InstructModel) else None
        self.model: InstructModel | None = asked if asked and asked.instructed else None
        self._translator = translator
        self._memory = memory
        self._said: dict[str, str] = {}

    async def english(self, clause: str) -> str:
        def trusted(answer: str) -> bool:
            return bool(answered(answer, clause, self.origin))

        return await self._remembered(clause, lambda: self._translator.english(clause), trusted, always=True)

    async def recalled(self, clause: str) -> str | None:
        """What it said of a clause before, without asking it; None where it never did."""
        if (known := self._said.get(clause)) is not None:
            return known
        return await self._memory.recall(self.name, clause) if self._memory else None

    async def answer(self, question: ModelQuestion, trusted: Callable[[str], bool]) -> str:
        """The model's answer to a question, remembered where it can be trusted. Raises Unavailable."""
        model = self.model
        assert model is not None
        return await self._remembered(question.key, lambda: model.answer(question), trusted)

    async def _remembered(
        self, key: str, ask: Callable[[], Awaitable[str]], trusted: Callable[[str], bool], *, always: bool = False
    ) -> str:
        """What was said under a key before, else what is said now; `always`, this process remembers it either way."""
        if (known := self._said.pop(key, None)) is not None:
            self._said[key] = known  # the latest asked stands last
            return known
        answer = await self._memory.recall(self.name, key) if self._memory else None
        if answer is None:
            answer = await ask()
            good = trusted(answer)
            if self._memory and good:
                await self._memory.keep(self.name, key, answer)
            if not (good or always):
                return answer
        self._said[key] = answer
        while len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]
        return answer

    async def close(self) -> None:
        await self._translator.close()


class RecalledTranslator:
    """A translator of sentences that says what it said before, and is asked for nothing new."""

    sentences: Literal[True] = True

    def __init__(self, translator: CachedTranslator) -> None:
        self.name = translator.name
        self.origin: Origin = translator.origin
        self.languages = translator.languages
        self._translator = translator

    async def english(self, clause: str) -> str:
        if (known := await self._translator.recalled(clause)) is None:
            raise Unavailable(None)
        return known

    async def close(self) -> None:
        """What it said before needs nothing open."""
