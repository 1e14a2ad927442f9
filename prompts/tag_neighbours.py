"""What a tag may be replaced by: other words for it, its siblings, and what the glossary has beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from prompts import sorts
from prompts.presets import key
from prompts.search import searched
from prompts.tags import entry_of
from prompts.translate.glossary import Entry

MOST = 24  # neighbours of a tag: one select of Discord with room for the tag itself
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray")
BESIDE = 12  # of the same sort that are looked at on either side of a tag in the glossary
_LEAD = re.compile(r"^(?:(?:wearing|holding|in|on|at|with|under|beside) )?(?:(?:an?|the) )?(?=\S)")
_COUNT = re.compile(r"^\d+")


@dataclass(frozen=True, slots=True)
class TagNeighbour:
    """A tag that may stand for another; `chinese` is what it is called, "" where nobody has said."""

    text: str
    chinese: str


@lru_cache(maxsize=512)
def neighbours(tag: str, most: int = MOST) -> tuple[TagNeighbour, ...]:
    """The tags that one may be replaced by, the nearest first: synonyms, what shares its last word ("long hair" for
    "short hair"), kinds of the same thing, and its neighbours in the glossary. Of "wearing red scarf" the thing alone
    is replaced, and its colour. Empty for what nobody knows."""
    plain = key(tag)
    lead = _LEAD.match(plain)
    start = lead.group() if lead else ""
    core = plain[len(start) :]
    found: dict[str, str] = {}
    for words in _near(core):
        text = f"{start}{words}"
        if "," not in words and key(text) != plain and words != core:
            found.setdefault(text, called(words))
    return tuple(TagNeighbour(text, chinese) for text, chinese in list(found.items())[:most])


def chosen(tag: str, text: str) -> TagNeighbour | None:
    """The neighbour of that text."""
    return next((one for one in neighbours(tag) if one.text == text), None)


def called(tag: str) -> str:
    """The Chinese for a tag, in simplified signs: the glossary's first word for it, of a coloured thing colour and
    thing; "" for none."""
    known = _chinese()
    plain = key(tag)
    if plain in known:
        return known[plain]
    without = re.sub(r"^(?:wearing|holding|with|an?|the) ", "", plain)
    first, _, rest = without.partition(" ")
    if without in known:
        return known[without]
    colour = entry_of(first)
    if rest in known and colour is not None and colour.category in ("colour", "adjective") and first in known:
        return known[first].removesuffix("的") + known[rest]
    return ""


@cache
def _chinese() -> Mapping[str, str]:
    """The first Chinese word of every tag, by its key."""
    found: dict[str, str] = {}
    for word, entry in searched():
        found.setdefault(key(entry.tag), word)
    return found


@cache
def _sorted() -> Mapping[str, tuple[str, ...]]:
    """The tags of each category, in the order of the glossary, where what is alike stands together."""
    found: dict[str, dict[str, None]] = {}
    for _, entry in searched():
        if not entry.seldom:
            found.setdefault(entry.category, {}).setdefault(entry.tag)
    return {category: tuple(tags) for category, tags in found.items()}


@cache
def _by_last() -> Mapping[str, tuple[str, ...]]:
    """The tags of several words that end with each word."""
    found: dict[str, dict[str, None]] = {}
    for _, entry in searched():
        first, _, last = entry.tag.lower().rpartition(" ")
        if first and not entry.seldom:
            found.setdefault(last, {}).setdefault(entry.tag)
    return {last: tuple(tags) for last, tags in found.items()}


def _near(core: str) -> Iterator[str]:
    """What stands near some words, without what leads to them."""
    entry = entry_of(core)
    modifiers, _, last = core.rpartition(" ")
    head = _COUNT.sub("", last)
    yield from _synonyms(core, entry)
    if modifiers:
        yield from _otherwise_coloured(modifiers, last)
    yield from (one for one in _by_last().get(last, ()) if entry is None or _alike(one, entry))
    if entry is not None:
        yield from _siblings(core, entry)
        yield from _beside(core, entry)
    if modifiers:
        thing = entry_of(head)
        if thing is not None and entry is None:
            yield from (f"{modifiers} {one}" for one in _siblings(head, thing))
            yield from (f"{modifiers} {one}" for one in _beside(head, thing))


def _alike(tag: str, entry: Entry) -> bool:
    other = entry_of(tag)
    return other is not None and other.category == entry.category


def _synonyms(core: str, entry: Entry | None) -> Iterator[str]:
    """Other words for the same, where a picture can be asked for by them: the glossary's first, then WordNet's."""
    words = sorts.synonyms(core)
    yield from (one for one in words if entry_of(one))
    yield from (one for one in words if not entry_of(one) and entry is not None and len(one) > 3)


def _siblings(core: str, entry: Entry) -> Iterator[str]:
    """Kinds of the same thing that the glossary has, too."""
    for one in sorts.siblings(core):
        other = entry_of(one)
        if other is not None and other.category == entry.category:
            yield other.tag


def _beside(core: str, entry: Entry) -> Iterator[str]:
    """What stands around it in the glossary, the nearest first."""
    tags = _sorted().get(entry.category, ())
    at = next((at for at, tag in enumerate(tags) if key(tag) == core), None)
    if at is None:
        return
    for far in range(1, BESIDE + 1):
        yield from tags[at + far : at + far + 1]
        if at >= far:
            yield tags[at - far]


def _otherwise_coloured(modifiers: str, last: str) -> Iterator[str]:
    first, space, rest = modifiers.partition(" ")
    colour = entry_of(first)
    if colour is None or colour.category != "colour":
        return
    yield from (f"{other}{space}{rest} {last}" for other in COLOURS)
