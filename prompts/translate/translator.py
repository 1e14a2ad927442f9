"""What a translator is, of words or of whole clauses, and the phrases that it gives."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from prompts.prompt import Json, Note, Origin, Part
from prompts.translate.chinese import CHINESE


@dataclass(frozen=True, slots=True)
class Phrase:
    """One tag made out of a clause. Chinese that is still in `text` is for the next translator; `origin` None and the
    clause itself as `text` says that nothing of it was understood. `part` None: nobody knows yet. `doubts` names the
    words that were only looked up ("烟斗 = pipe")."""

    text: str
    source: str
    origin: Origin | None = None
    part: Part | None = None
    negative: bool = False
    doubts: tuple[str, ...] = ()

    @property
    def left(self) -> int:
        """How many Chinese characters are still in the text."""
        return sum(len(run) for run in CHINESE.findall(self.text))


CHINESE_ONLY = frozenset({"zh"})
EVERY_LANGUAGE = frozenset({"zh", "ja", "ko"})


class WordTranslator(Protocol):
    """A way from Chinese to English tags that knows words, and answers at once."""

    sentences: Literal[False]

    def translate(self, clause: str) -> tuple[Phrase, ...]:
        """The tags of one clause, in order; empty when it says nothing that can be drawn. Never raises for any text."""
        ...


class SentenceTranslator(Protocol):
    """A way that reads whole clauses better than words, and takes its time: it is asked only for clauses in which the
    words left something dark. `name` has its version in it: what it said once holds as long as the name does;
    `languages` are those it reads ("zh", "ja", "ko")."""

    sentences: Literal[True]
    name: str
    origin: Origin
    languages: frozenset[str]

    async def english(self, clause: str) -> str:
        """A clause in English (Chinese comes simplified), plain or in the fixed form (fixed_form.py), "" when it makes
        nothing of it; nobody has judged it yet. Raises Unavailable."""
        ...

    async def close(self) -> None:
        """Let go of what it holds open; whoever asks again has it opened anew."""
        ...


Translator = WordTranslator | SentenceTranslator


@dataclass(frozen=True, slots=True)
class ModelQuestion:
    """What an instruct model is asked: `said` is what it is to read, `task` what to do with it where its answer can be
    held to a JSON schema, `plain` what where it cannot. `kind` names the task."""

    kind: str
    task: str
    plain: str
    schema: Mapping[str, Json]
    said: str

    @property
    def key(self) -> str:
        """Under which its answer is remembered: short, without what a person wrote, and another for another task."""
        return f"{self.kind} {hashlib.sha256(f'{self.task}{self.plain}{self.said}'.encode()).hexdigest()}"


@runtime_checkable
class InstructModel(Protocol):
    """A translator of sentences that may be a language model, which can be asked for more than English: it is where
    `instructed` says so. `shown` is its name for people."""

    name: str
    shown: str
    origin: Origin
    instructed: bool

    async def answer(self, question: ModelQuestion) -> str:
        """The model's own answer; nobody has judged it yet. Raises Unavailable."""
        ...


class Unavailable(Exception):
    """A translator that cannot be asked now; `note` tells the person, None where that has been told already."""

    def __init__(self, note: Note | None) -> None:
        super().__init__(note)
        self.note = note


class TranslationMemory(Protocol):
    """The answers that translators gave before, kept where they outlive the program (storage/translations.py)."""

    async def recall(self, translator: str, text: str) -> str | None:
        """The English of a text, None when it was never kept. Never raises."""
        ...

    async def keep(self, translator: str, text: str, english: str) -> None:
        """Remember a translation. Never raises."""
        ...
