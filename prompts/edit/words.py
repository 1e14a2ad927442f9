"""The words of a fragment: its noun, in the singular, what that is a kind of, and whether it names a medium."""

from __future__ import annotations

import re

from prompts import opposites, sorts
from prompts.edit.word_lists import listed
from prompts.tags import entry_of

TAIL = re.compile(
    r" (?:on|in|at|with|under|by|near|of|over|behind|against|beside|next to|in front of|wearing|holding|and)\b.*"
)
PEOPLE = {"1girl": "girl", "1boy": "boy", "2girls": "girls", "2boys": "boys", "woman": "girl", "man": "boy"}


def words_of(text: str) -> list[str]:
    words = re.findall(r"[\w'-]+", opposites.plain(text))
    return [WEATHER.get(word, PEOPLE.get(word, word)) for word in words]


WEATHER = {
    "rainy": "rain", "snowy": "snow", "foggy": "fog", "misty": "mist", "windy": "wind", "cloudy": "clouds",
    "stormy": "storm", "sunny": "sun", "smoky": "smoke", "dusty": "dust",
}  # fmt: skip


def head(text: str) -> str:
    """The noun that a fragment is about: the last word before any "on", "with" …"""
    words = words_of(TAIL.sub("", opposites.plain(text)))
    return words[-1] if words else ""


_SINGULAR = {
    "children": "child", "men": "man", "women": "woman", "people": "person", "wolves": "wolf", "mice": "mouse",
    "geese": "goose", "leaves": "leaf", "knives": "knife", "feet": "foot", "elves": "elf",
}  # fmt: skip


_IN_IE = frozenset(("movies", "cookies", "selfies", "zombies", "brownies", "hoodies", "hippies", "series", "species"))


def singular(word: str) -> str:
    if word in _SINGULAR:
        return _SINGULAR[word]
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    if len(word) > 4 and word.endswith("ies") and word not in _IN_IE:
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def category_of(text: str) -> str:
    words = opposites.plain(text).split()
    named = (entry_of(" ".join(words[at:])) for at in range(min(len(words), 4)))  # "small shiba inu"
    entry = next(filter(None, named), None) or entry_of(head(text))
    if entry or is_medium(text):
        return entry.category if entry else "style"
    return sorts.kind_of(singular(head(text)))


def is_medium(text: str) -> bool:
    """Whether words name what a picture is made with: a photo, an anime drawing, an old Japanese woodblock print."""
    words = opposites.plain(_LIKE.sub("", text))
    if re.fullmatch(r"(?:[a-z0-9'’-]+ ){1,4}style", words):
        return True
    made = re.sub(r" (?:style|drawing|painting|art|illustration|sketch|picture|style \w+)$", "", words)
    parts = words.split()
    last = (" ".join(parts[at:]) for at in range(len(parts)))
    return made in listed("medium") or (
        len(parts) <= _TOLD_OF_A_MEDIUM and any(each in listed("medium") for each in last)
    )


_TOLD_OF_A_MEDIUM = 5  # words, with the medium itself
_LIKE = re.compile(
    r"^(?:as|like|in|into|(?:look|looking|feel) like)(?: if (?:it|this) (?:was|were) (?:from )?)? (?=[a-z])"
)


def as_medium(words: str) -> str:
    """The medium that words ask for, "a mosaic" of "as a mosaic"; empty for words that ask for none."""
    return _LIKE.sub("", words) if is_medium(words) else ""
