"""Byte pair encoding as subword-nmt writes it (`bpe.model`), which some packages have instead of sentencepiece.

The codes are pairs of pieces in the order in which they were learnt (https://github.com/rsennrich/subword-nmt); the
last piece of a word ends in `</w>` while pairs are joined, and every other piece in `@@` in what the model reads.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

_WORD = re.compile(r"\w+(?:[.'’-]\w+)*|[^\w\s]")
_BEFORE = re.compile(r"\s+([.,;:!?%)\]}]|'\w\b|n't\b)")
_BEHIND = re.compile(r"([(\[{$])\s+")


class Bpe:
    """Encodes and decodes as a sentencepiece processor does. Raises ValueError for a file that holds no codes."""

    def __init__(self, file: Path) -> None:
        lines = file.read_text(encoding="utf-8").splitlines()
        self._new = bool(lines) and lines[0].startswith("#version: 0.2")  # 0.1 had the end as a piece of its own
        pairs = [tuple(line.split()) for line in lines if not line.startswith("#version:") and line.strip()]
        if not pairs or any(len(pair) != 2 for pair in pairs):
            raise ValueError(f"{file.name} holds no codes")
        self._ranks: dict[tuple[str, ...], int] = {}
        for rank, pair in enumerate(pairs):
            self._ranks.setdefault(pair, rank)
        self._pieces = lru_cache(4096)(self._cut)

    def encode(self, text: str, out_type: type[str] = str) -> list[str]:
        """The pieces of a text."""
        words = _WORD.findall(unicodedata.normalize("NFKC", text))
        return [piece for word in words for piece in self._pieces(word)]

    def decode(self, pieces: list[str]) -> str:
        """The text of pieces, its punctuation where English has it."""
        text = re.sub(r"@@(?: |$)", "", " ".join(pieces))
        return _BEHIND.sub(r"\1", _BEFORE.sub(r"\1", text))

    def _cut(self, word: str) -> tuple[str, ...]:
        signs = [*word[:-1], word[-1] + "</w>"] if self._new else [*word, "</w>"]
        while len(signs) > 1:
            known = [(self._ranks[pair], at) for at, pair in enumerate(pairwise(signs)) if pair in self._ranks]
            if not known:
                break
            rank, _ = min(known)
            joined: list[str] = []
            for sign in signs:
                if joined and self._ranks.get((joined[-1], sign)) == rank:
                    joined[-1] += sign
                else:
                    joined.append(sign)
            signs = joined
        if signs[-1] == "</w>":
            signs.pop()
        else:
            signs[-1] = signs[-1].removesuffix("</w>")
        return (*(f"{sign}@@" for sign in signs[:-1]), signs[-1])
