"""The translator that reads clauses by the glossary: what is left dark is for the next one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from prompts.translate.chinese import readings
from prompts.translate.clause_reader import READER
from prompts.translate.glossary import entries, lengths
from prompts.translate.segmentation import words_of
from prompts.translate.translator import Phrase

_NAMING = frozenset({"noun", "adjective", "tag"})
_DENIED = re.compile(r"(?:[不没无未别勿非]|没有|不要|并非)\Z")
_OTHERS = frozenset({"gap", "latin", "emoji", "alone"})


class Glossary:
    """The translator that knows the vocabulary of painting. `known` tells a dictionary's words, so that a word that the
    glossary lacks is not read as two that it has."""

    sentences: Literal[False] = False

    def __init__(self, known: Callable[[str], bool] | None = None) -> None:
        self._known = known
        self._remembered = lru_cache(4096)(self._translate)

    def translate(self, clause: str) -> tuple[Phrase, ...]:
        return self._remembered(clause)

    def sure(self, clause: str) -> tuple[str, ...]:
        """The English of the words of a clause that are whole words of the glossary: not of single signs, which may
        belong to a word that it lacks, nor of grammar."""
        plain = readings(clause)[0]
        tokens = words_of(plain, entries(), lengths(), self._known)
        return tuple(
            token.tag
            for token in tokens
            if token.end - token.start > 1
            and token.role in _NAMING
            and token.category not in _OTHERS
            and token.tag.isascii()
            and not _DENIED.search(plain, 0, token.start)  # "不高兴" is unhappy
        )

    def _translate(self, clause: str) -> tuple[Phrase, ...]:
        read_as = [(plain, READER.read(plain, entries(), lengths(), self._known)) for plain in readings(clause)]
        plain, phrases = min(read_as, key=lambda reading: sum(phrase.left for phrase in reading[1]))
        if plain == clause:
            return phrases
        same = len(plain) == len(clause)
        return tuple(_as_written(phrase, plain, clause if same else "", clause) for phrase in phrases)


def _as_written(phrase: Phrase, plain: str, aligned: str, clause: str) -> Phrase:
    """The phrase with its source as the person wrote it, in traditional characters."""
    start = plain.find(phrase.source)
    source = aligned[start : start + len(phrase.source)] if aligned and start >= 0 else clause
    return replace(phrase, source=source)
