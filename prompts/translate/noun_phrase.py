"""A noun phrase: a noun with its number and adjectives, as one English tag or several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from prompts.prompt import Part
from prompts.translate.roles import ADJECTIVES, HAIR, ONE_BY_ONE, Token


class NounPhrase(NamedTuple):
    """A noun with its number and adjectives in `tags`: one, or several where every property is its own ("1girl, cute").
    It stands at the characters start…end, `behind` is the index of the token that follows; `words` is the noun alone,
    with the nouns before it."""

    tags: tuple[str, ...]
    category: str
    part: Part | None
    start: int
    end: int
    behind: int
    words: str = ""
    adjectives: tuple[Token, ...] = ()
    number: Token | None = None

    @property
    def text(self) -> str:
        """All of it as one tag."""
        return self.tags[0] if len(self.tags) == 1 else " ".join([*self.tags[1:], self.tags[0]])


# What stands among hair and eyes but is no hair and no eyes: "white beard", "red eyeshadow".
_OTHERS = (
    "beard", "mustache", "goatee", "stubble", "sideburns", "facial hair", "leg hair", "chest hair", "body hair",
    "hair flower", "eyelashes", "eyebrows", "eyeshadow", "eyeliner", "eyelids", "sclera", "contact lenses",
)  # fmt: skip
_PERSON = re.compile(r"(\d\+?|multiple )(girl|boy)s?")
_NUMBER = re.compile(r"((?:two|three|four|five|six|seven|eight|nine|ten|several|many|countless|\d+|(?:[a-z]+ of)) )")


# A place that says where: what describes it stands inside, "by the carved window", "in front of the temple door".
_WHERE = frozenset({"place", "building", "object", "nature"})
_AT = re.compile(r"(?:in front of|next to|on|in|by|under|beside|behind|outside|near|above)(?: the)? (?=[a-z])")


def inside(noun: str, category: str, words: str) -> str:
    """The noun with words that describe it."""
    if words.rpartition(" ")[2] == noun.partition(" ")[0] != "":  # "metro train" before "train interior"
        words = words.rpartition(" ")[0]
    place = _AT.match(noun) if category in _WHERE and words else None
    return f"{place.group()}{words} {noun[place.end() :]}" if place else f"{words} {noun}".strip()


def described(noun: str, category: str, adjectives: Sequence[Token], count: Token | None = None) -> list[str]:
    """The noun with its adjectives in English order, or as tags of their own where that is the custom."""
    if not adjectives:
        return [noun]
    if written := [token for token in adjectives if token.category == "lettering"]:
        plain, *more = described(noun, category, [one for one in adjectives if one not in written], count)
        return [" ".join([plain, *(token.tag for token in written)]), *more]
    ordered = list(adjectives)
    if not any(token.role == "conjunction" for token in adjectives):
        ordered.sort(key=lambda token: ADJECTIVES.get(token.category, 0))
    words = ["and" if token.role == "conjunction" else token.tag for token in ordered]
    if _PERSON.match(noun):
        return [noun, *(word for word in words if word != "and")]
    if category in ONE_BY_ONE and not noun.endswith(_OTHERS):
        kind = "hair" if category == "hair" else "eyes"
        words = [HAIR.get(word, word) for word in words] if kind == "hair" else words
        if words == ["big"] and noun == "eyes":
            return ["big eyes"]
        own = [] if noun == kind else [noun]
        return [*(f"{word} {kind}" for word in words if word != "and"), *own]
    said = " ".join(word for at, word in enumerate(words) if word not in words[:at] or word == "and")
    if noun.startswith(f"{said} "):
        return [noun]
    number = _NUMBER.match(noun)
    if number and count is not None:
        return [number.group(1) + said + " " + noun[number.end() :]]
    return [inside(noun, category, said)]
