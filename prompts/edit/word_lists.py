"""Words of English sentences by what they do there, as `data/sentence-words.tsv` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent.parent / "data" / "sentence-words.tsv"


@cache
def _lines() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        name, tab, words = line.partition("\t")
        if tab and not line.startswith("#"):
            found[name] = (*found.get(name, ()), words)
    return found


@cache
def grouped(name: str) -> tuple[frozenset[str], ...]:
    """The groups of words that lines of a name hold."""
    return tuple(frozenset(words.split(", ")) for words in _lines()[name])


@cache
def listed(name: str) -> frozenset[str]:
    """All words that lines of a name hold."""
    return frozenset().union(*grouped(name))


@cache
def paired(name: str) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """The words before and behind the bar of each line of a name."""
    sides = (words.split(" | ") for words in _lines()[name])
    return tuple((frozenset(one.split(", ")), frozenset(other.split(", "))) for one, other in sides)
