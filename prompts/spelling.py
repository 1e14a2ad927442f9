"""Slips of the pen among the names of things: the name that was most likely meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Measured on tests/prompts/near-names.tsv, where one slip in four letters takes all that is near and nothing that is
# far; one in three would take "weapon" for "season".
_LETTERS_A_SLIP = 4
_PART = 0.4  # of a name that says which is meant: "ghibli" of "ghibli_style_v2"
_SURE_SLIPS, _LETTERS_A_SURE_SLIP = 2, 5  # two slips in ten letters: no "taiwan_doll" for "korean_doll"
_SURE_PART = 0.5  # "ghibli" for "ghibli_style_v2", and no "anime" for "anime-lineart"
_LONGEST = 80  # letters of a name that are compared


def near(written: str, names: Iterable[str], *, parts: bool = True) -> str:
    """The name that somebody most likely meant by a word that is none; empty where none is near. With `parts` also one
    that holds the word, or is held by it, for the most part."""
    wanted = _plain(written)
    found = [(closeness, name) for name in names if (closeness := _closeness(wanted, _plain(name), parts))]
    return max(found, key=lambda pair: pair[0])[1] if found else ""


def sure(written: str, names: Iterable[str]) -> str:
    """The only name that somebody can have meant, so surely that it may take the place of what they wrote: but for one
    letter the same, for two where it is long, or most of it in whole words; empty where there is none, or another as
    near."""
    wanted = _plain(written)
    made: dict[str, int] = {}
    for name in names:
        plain = _plain(name)
        slips = _slips(wanted, plain) if abs(len(wanted) - len(plain)) <= _SURE_SLIPS else len(plain)
        if plain and slips <= min(_SURE_SLIPS, len(plain) // _LETTERS_A_SURE_SLIP):
            made[name] = slips
        elif (words := _words(written)) and (theirs := _words(name)) and (words <= theirs or theirs <= words):
            short, long = sorted((sum(map(len, words)), sum(map(len, theirs))))
            if short >= _SURE_PART * long:
                made[name] = _SURE_SLIPS + 1 + (long != short)
    nearest = [name for name, slips in made.items() if slips == min(made.values())]
    return nearest[0] if len(nearest) == 1 else ""


def _words(name: str) -> frozenset[str]:
    """The words of a file's name, without numbers and versions; a run of Chinese is cut up into its pairs."""
    plain = unicodedata.normalize("NFKC", name[:_LONGEST])
    apart = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+", plain)
    words = {one.casefold() for one in apart} - {"v", "lora", "safetensors"}
    chinese = [one for one in words if not one.isascii()]
    pairs = {one[at : at + 2] for one in chinese for at in range(max(1, len(one) - 1))}
    return frozenset(words.difference(chinese) | pairs)


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
