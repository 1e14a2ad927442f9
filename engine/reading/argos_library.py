"""Argos Translate itself, with all packages that its owner has installed for it, and the ways that lead over another
language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from argostranslate import translate

from prompts.translate.argos import clauses
from prompts.translate.chinese import CHINESE
from prompts.translate.scripts import HANGUL, KANA


class _Cut:
    """Cuts a text as the packages want it, in the place of the library's own splitters, which fetch a model first."""

    def split_sentences(self, text: str) -> list[str]:
        eastern = CHINESE.search(text) or KANA.search(text) or HANGUL.search(text)
        return clauses(text) if eastern else [text]  # on the way over another language it has been cut already


class ArgosLibrary:
    """The ways to English that the installed packages make. Raises ValueError where there is none."""

    def __init__(self) -> None:
        english = next((one for one in translate.get_installed_languages() if one.code == "en"), None)
        self._ways: dict[str, Any] = {}
        for way in english.translations_to if english else ():
            if way.from_lang.code != "en":
                self._ways.setdefault(way.from_lang.code, way)  # the direct ones come first
        if not self._ways:
            raise ValueError("no package for Argos Translate leads to English")
        for way in self._ways.values():
            for step in _steps(way):
                step.sentencizer = _Cut()

    def english(self, clause: str, language: str, seconds: float) -> str:
        """The clause in English; "" where no way leads there."""
        way = self._ways.get(language)
        said = [way.translate(piece) for piece in clauses(clause)] if way else []
        return ", ".join(filter(None, (re.sub(r"\s+", " ", piece).strip(" .,;!?") for piece in said)))


def _steps(way: Any) -> Iterator[Any]:
    """The packages' own translations that a way is made of."""
    if hasattr(way, "sentencizer"):
        yield way
    for name in ("underlying", "t1", "t2"):
        if inner := getattr(way, name, None):
            yield from _steps(inner)
