"""The chain of all translators, and a clause handed from one to the next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.translate.argos import Argos, installed
from prompts.translate.chinese import CHINESE
from prompts.translate.dictionary import Dictionary
from prompts.translate.glossary_translator import Glossary
from prompts.translate.numbers import pluralised
from prompts.translate.sentences import CachedTranslator
from prompts.translate.translator import Phrase, SentenceTranslator, TranslationMemory, Translator, WordTranslator

if TYPE_CHECKING:  # aiohttp takes 0.3 s to import, and most have no service
    from prompts.translate.remote import Service

# Above this share of a clause's Chinese characters left dark, a translator of sentences reads the whole clause anew.
# With translations made by hand, prompts with everything right rose from 76 to 88 in a hundred when it fell from 0.4;
# what a worse translator says is taken only where it keeps what the words are sure of (agreement.py).
DARK = 0.05


def word_by_word(clause: str, translators: Sequence[Translator]) -> tuple[tuple[Phrase, ...], bool]:
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


def fill(phrases: Sequence[Phrase], translator: WordTranslator) -> tuple[Phrase, ...]:
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


def _inside(phrase: Phrase, translator: WordTranslator) -> Phrase:
    made: list[Phrase] = []

    def put(run: re.Match[str]) -> str:
        words = translator.translate(run.group())
        made.extend(words)
        return " ".join(word.text for word in words)

    text = (
        pluralised(CHINESE.sub(put, phrase.text)) if CHINESE.search(phrase.text[-1:]) else CHINESE.sub(put, phrase.text)
    )
    origin = next((word.origin for word in made if word.origin), phrase.origin)
    return replace(
        phrase, text=text, origin=origin, doubts=phrase.doubts + tuple(d for word in made for d in word.doubts)
    )


async def close(translators: Sequence[Translator]) -> None:
    """Have the translators of sentences let go of what they hold open."""
    for translator in translators:
        if translator.sentences:
            await translator.close()


def chain(
    cache_folder: Path,
    packages_folder: Path | None = None,
    *,
    service: Service | None = None,
    own: Sequence[SentenceTranslator] = (),
    memory: TranslationMemory | None = None,
) -> tuple[Translator, ...]:
    """Every translator there is, in the order in which they are asked; each loads what it needs when first asked.

    `cache_folder` keeps what the dictionary is made into (3 MB); `packages_folder` holds unpacked Argos packages;
    `service` is a translator on the network, `own` are those in processes of their own: both are asked before Argos'
    package. `memory` outlives the program.
    """
    readers: list[SentenceTranslator] = []
    if service is not None:
        from prompts.translate.remote import Remote  # aiohttp takes 0.3 s to import

        readers.append(Remote(service))
    readers += own
    if package := installed(packages_folder) if packages_folder else None:
        readers.append(Argos(package))
    dictionary = Dictionary(cache_folder)
    return (Glossary(known=dictionary.knows), *(CachedTranslator(reader, memory) for reader in readers), dictionary)
