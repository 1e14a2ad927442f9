"""Slips of the pen among the names of things: the name that was most likely meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Measured on tests/prompts/near-names.tsv, where one slip in four letters takes all that is near and nothing that is
# far; one in three would take "weapon" for "season".
_LETTERS_A_SLIP = 4
_PART = 0.4  # of a name that says which is meant: "ghibli" of "ghibli_style_v2"
_LONGEST = 80  # letters of a name that are compared


def near(written: str, names: Iterable[str], *, parts: bool = True) -> str:
    """The name that somebody most likely meant by a word that is none; empty where none is near. With `parts` also one
    that holds the word, or is held by it, for the most part."""
    wanted = _plain(written)
    found = [(closeness, name) for name in names if (closeness := _closeness(wanted, _plain(name), parts))]
    return max(found, key=lambda pair: pair[0])[1] if found else ""


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name[:_LONGEST]).casefold())


def _closeness(wanted: str, name: str, parts: bool) -> float:
    """How near two names are, from 0, which is far, to 1, the same."""
    short, long = sorted((wanted, name), key=len)
    if not short:
        return 0.0
    share = len(short) / len(long)
    if parts and short in long and share >= _PART and len(short) >= (4 if short.isascii() else 2):
        return share
    slips = len(long) // _LETTERS_A_SLIP
    if len(long) - len(short) > slips or (slips > 1 and wanted[0] != name[0]):
        return 0.0
    made = _slips(wanted, name)
    return 1 - made / len(long) if made <= slips else 0.0


def _slips(one: str, other: str) -> int:
    """How many letters left out, added, changed or swapped two words are apart (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, row = row, [i]
        for j, sign in enumerate(other, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != sign)))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == sign:
                row[j] = min(row[j], before[j - 2] + 1)
        before = above
    return row[-1]
