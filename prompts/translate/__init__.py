"""From Chinese to the words a model was trained on: the Translator protocol and the chain of those there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from prompts.prompt import Note, Origin, Part

if TYPE_CHECKING:
    from prompts.translate.remote import Service

# Ideographs of every block, their radicals and signs, and bopomofo: what counts as "Chinese left over".
CHINESE = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3100-\u312f\u31a0-\u31bf\u31c0-\u31ef\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]+"
)


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


class Words(Protocol):
    """A way from Chinese to English tags that knows words, and answers at once."""

    sentences: Literal[False]

    def translate(self, clause: str) -> tuple[Phrase, ...]:
        """The tags of one clause, in order; empty when it says nothing that can be drawn. Never raises for any text."""
        ...


class Sentences(Protocol):
    """A way that reads whole clauses better than words, and takes its time: it is asked only for clauses that the words
    left mostly dark. `name` has its version in it: what it said once holds as long as the name does."""

    sentences: Literal[True]
    name: str
    origin: Origin

    async def english(self, clause: str) -> str:
        """A clause of simplified Chinese in English, "" when it makes nothing of it; nobody has judged it yet.
        Raises Unavailable."""
        ...


Translator = Words | Sentences


class Unavailable(Exception):
    """A translator that cannot be asked now; `note` tells the person, None where that has been told already."""

    def __init__(self, note: Note | None) -> None:
        super().__init__(note)
        self.note = note


class Memory(Protocol):
    """What a translator said before, kept where it outlives the program (storage/translations.py)."""

    async def recall(self, translator: str, text: str) -> str | None:
        """The English of a text, None when it was never kept. Never raises."""
        ...

    async def keep(self, translator: str, text: str, english: str) -> None:
        """Remember a translation. Never raises."""
        ...


# Above this share of a clause's Chinese characters left dark, a translator of sentences reads the whole clause anew;
# below it the words already understood are better than what it would make of them.
DARK = 0.4


def quick(clause: str, translators: Sequence[Translator]) -> tuple[tuple[Phrase, ...], bool]:
    """The tags that the word translators give, and whether one of sentences should read the clause first."""
    phrases: tuple[Phrase, ...] = (Phrase(clause, clause),)
    sentences = False
    for translator in translators:
        if translator.sentences:
            dark = sum(phrase.left for phrase in phrases)
            sentences = sentences or dark > DARK * sum(map(len, CHINESE.findall(clause)))
        else:
            phrases = fill(phrases, translator)
    return phrases, sentences


def fill(phrases: Sequence[Phrase], translator: Words) -> tuple[Phrase, ...]:
    """The phrases with what is still Chinese in them handed to one more translator."""
    filled: list[Phrase] = []
    for phrase in phrases:
        if not CHINESE.search(phrase.text):
            filled.append(phrase)
        elif phrase.origin is None:
            filled += [
                replace(made, negative=made.negative or phrase.negative) for made in translator.translate(phrase.text)
            ]
        else:
            filled.append(_inside(phrase, translator))
    return tuple(filled)


def _inside(phrase: Phrase, translator: Words) -> Phrase:
    made: list[Phrase] = []

    def put(run: re.Match[str]) -> str:
        words = translator.translate(run.group())
        made.extend(words)
        return " ".join(word.text for word in words)

    text = CHINESE.sub(put, phrase.text)
    origin = next((word.origin for word in made if word.origin), phrase.origin)
    return replace(
        phrase, text=text, origin=origin, doubts=phrase.doubts + tuple(d for word in made for d in word.doubts)
    )


def chain(
    cache_folder: Path,
    packages_folder: Path | None = None,
    *,
    service: Service | None = None,
    memory: Memory | None = None,
) -> tuple[Translator, ...]:
    """Every translator there is, in the order in which they are asked; each loads what it needs when first asked.

    `cache_folder` keeps what the dictionary is made into (3 MB); `packages_folder` holds unpacked Argos packages;
    `service` is a translator on the network, asked before Argos; `memory` outlives the program.
    """
    from prompts.translate.argos import Argos, installed
    from prompts.translate.dictionary import Dictionary
    from prompts.translate.glossary import Glossary
    from prompts.translate.sentences import Remembered

    readers: list[Sentences] = []
    if service is not None:
        from prompts.translate.remote import Remote

        readers.append(Remote(service))
    if package := installed(packages_folder) if packages_folder else None:
        readers.append(Argos(package))
    dictionary = Dictionary(cache_folder)
    return (Glossary(known=dictionary.knows), *(Remembered(reader, memory) for reader in readers), dictionary)
