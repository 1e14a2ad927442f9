"""From Chinese to the words a model was trained on: the Translator protocol and the chain of those there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from prompts.prompt import Origin, Part

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


class Translator(Protocol):
    """One way from Chinese to English tags.

    `sentences` says that it reads a whole clause better than single words, and takes its time: such a translator is
    asked only for clauses that the ones before it left mostly dark, and outside the event loop.
    """

    sentences: bool

    def translate(self, clause: str) -> tuple[Phrase, ...]:
        """The tags of one clause, in order; empty when it says nothing that can be drawn. Never raises for any text."""
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


def slow(clause: str, translators: Sequence[Translator]) -> tuple[Phrase, ...]:
    """What the first translator of sentences that understands the whole clause makes of it; empty when none does."""
    for translator in translators:
        if translator.sentences:
            phrases = translator.translate(clause)
            if phrases and not any(phrase.left for phrase in phrases):
                return phrases
    return ()


def fill(phrases: Sequence[Phrase], translator: Translator) -> tuple[Phrase, ...]:
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


def _inside(phrase: Phrase, translator: Translator) -> Phrase:
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


def chain(cache_folder: Path, packages_folder: Path | None = None) -> tuple[Translator, ...]:
    """Every translator there is, in the order in which they are asked; each loads what it needs when first asked.

    `cache_folder` keeps what the dictionary is made into (3 MB); `packages_folder` holds unpacked Argos packages.
    """
    from prompts.translate.argos import Argos, installed
    from prompts.translate.dictionary import Dictionary
    from prompts.translate.glossary import Glossary

    dictionary = Dictionary(cache_folder)
    package = installed(packages_folder) if packages_folder else None
    return (Glossary(known=dictionary.knows), *((Argos(package),) if package else ()), dictionary)
