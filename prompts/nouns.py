"""English noun phrases with another property, another article, or without one of the things in them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts.edit.words import PEOPLE, WEATHER, singular
from prompts.prompt import Fragment
from prompts.sorts import is_adjective
from prompts.tags import entry_of
from prompts.translate.numbers import plural


def describes(value: Sequence[Fragment]) -> bool:
    """Whether a value is only a property: a colour, a material, a size."""
    entry = entry_of(value[0].text) if len(value) == 1 else None
    if len(value) == 1 and (value[0].text in COMPARED.values() or value[0].text in OF_AN_AGE):
        return True
    if len(value) == 1 and is_build(value[0].text):
        return True
    if entry is None and len(value) == 1 and len(said := _told(value[0].text)) > 1:
        return all(_tells(each) for each in said)  # "purple and glittery", "green velvet"
    return entry is not None and entry.category in ("colour", "material", "adjective", "participle", "nation")


def only_tells(words: str) -> bool:
    """Whether words name nothing, but tell only how something is: what is left of "red shoes" without the shoes."""
    return all(map(_tells, _told(words.lower())))


def _told(words: str) -> list[str]:
    return [each for each in words.split() if each not in ("and", "very", "really")]


def _tells(word: str) -> bool:
    entry = entry_of(word)
    if entry is None:
        return is_adjective(word)
    return entry.category in _PROPERTIES


def is_build(word: str) -> bool:
    """Whether a word tells only how stout somebody is."""
    return word in ("plump", "chubby", "fat", "thin", "slim", "skinny", "muscular")


COMPARED = {
    "bigger": "big",
    "larger": "big",
    "smaller": "small",
    "longer": "long",
    "shorter": "short",
    "darker": "dark",
    "brighter": "bright",
    "older": "old",
    "younger": "young",
    "taller": "tall",
}
OF_AN_AGE = frozenset(("colorful", "multicolored", "vintage", "retro", "antique", "modern", "old-fashioned"))
_OPPOSED = tuple(
    tuple(frozenset(side.split()) for side in sides.split(" | "))
    for sides in (
        "big large huge giant enormous | small little tiny mini", "long | short", "old elderly aged | young",
        "old ancient vintage worn | new modern", "tall | short", "dark dim | bright light", "wide | narrow",
        "fat chubby plump | thin slim skinny", "thick | thin", "clean neat tidy | dirty messy cluttered unmade chaotic",
        "rusty | shiny", "broken | intact", "lit | unlit", "wilted | fresh", "frozen | flowing", "rough | smooth",
        "open | closed", "warm hot | cold cool",
        "calm | stormy rough", "empty deserted quiet | crowded full bustling busy lively noisy", "wet | "
        "dry", "curly wavy | straight",
        "happy cheerful joyful | sad gloomy spooky eerie creepy scary sinister", "strong muscular | weak "
        "thin", "beautiful | ugly", "sharp | blunt", "heavy | light",
        "fluffy | smooth", "soft | hard", "high | low", "full | half", "round | square",
    )
)  # fmt: skip
_COLOUR_WORDS = {"bright", "dark", "light", "pale", "deep", "soft", "blonde", "blond", "brunette", "ginger"}


def described(text: str, noun: str, adjective: str) -> str:
    """The fragment with a property of its noun changed, or put before it: "wearing red hat" with a green one."""
    said = _described(text.replace("ice cream", "ice-cream"), noun, adjective)  # cream is a colour, too
    return said.replace("ice-cream", "ice cream")


def _described(text: str, noun: str, adjective: str) -> str:
    entry = entry_of(adjective)
    if entry is None and len(said := _told(adjective)) > 1 and all(map(_tells, said)):
        kinds = [found.category if (found := entry_of(each)) else "" for each in said]
        if len(set(kinds)) == len(kinds):  # "green velvet", each in the place of another; "light blue" is one colour
            for each in reversed(said):
                text = _described(text, noun, each)
            return text
    category = entry.category if entry else "colour"
    if category == "adjective" and " " in adjective and _is(adjective.split()[-1], "colour"):
        category = "colour"  # "bright red"
    words = text.split(" ")
    if adjective in words[:-1] and category == "adjective":
        return text
    at = max(
        (i for i, word in enumerate(words) if singular(PEOPLE.get(word.lower(), word.lower())) == noun),
        default=len(words) - 1,
    )
    start = at = _first_of_its_name(words, at)
    while start and _is(words[start - 1], category):
        start -= 1
    if adjective in _SEEN_THROUGH:  # and no red one that is to be transparent
        while start and _is(words[start - 1], "colour"):
            start -= 1
        return with_articles(" ".join([*words[:start], adjective, *words[at:]]))
    if category == "colour" and at and words[at - 1] in _SEEN_THROUGH:  # a transparent umbrella that is to be yellow
        return with_articles(" ".join([*words[: at - 1], adjective, *words[at:]]))
    for back in range(at - 1, max(at - 4, -1), -1):
        if opposed(words[back].lower(), adjective):
            return with_articles(" ".join([*words[:back], adjective, *words[back + 1 :]]))
    if category == "adjective" or adjective in COMPARED.values():  # "big red hat": a size stands before a colour
        while start and any(_is(words[start - 1], kind) for kind in ("colour", "material", "nation")):
            start -= 1
        return with_articles(" ".join([*words[:start], adjective, *words[start:]]))
    if start == at:  # other properties may stand between: "red woollen hat"
        for back in range(at - 1, max(at - 4, -1), -1):
            if _is(words[back], category):
                return with_articles(" ".join([*words[:back], adjective, *words[back + 1 :]]))
    return with_articles(" ".join([*words[:start], adjective, *words[at:]]))


_SEEN_THROUGH = ("transparent", "see-through", "clear", "colorless")


def _first_of_its_name(words: Sequence[str], at: int) -> int:
    """Where the name of the thing begins that the word at a place ends: of a "desk lamp" at the desk."""
    for first in range(max(at - 2, 0), at):
        told = words[first] in _SEEN_THROUGH or any(_is(words[first], kind) for kind in _PROPERTIES)
        entry = entry_of(" ".join(words[first : at + 1]).replace("ice-cream", "ice cream"))
        if not told and entry and entry.category in NAMED:
            return first
    return at


NAMED = ("plant", "object", "food", "clothing", "building", "vehicle", "animal", "nature", "place", "person")
_PROPERTIES = ("colour", "material", "adjective", "nation")


def opposed(one: str, other: str) -> bool:
    """Whether nothing can be both: old and young, chubby and thin."""
    return any((one in left and other in right) or (one in right and other in left) for left, right in _OPPOSED)


def is_coloured(text: str, noun: str) -> bool:
    """Whether a sentence gives a thing a colour: "a girl with black hair"."""
    said = re.search(rf"((?:[\w-]+ ){{0,3}}){noun}\b", text)
    return said is not None and any(_is(word, "colour") for word in said[1].split())


def _is(word: str, category: str) -> bool:
    entry = entry_of(word)
    return (entry is not None and entry.category == category) or (category == "colour" and word in _COLOUR_WORDS)


_LIKE_YOU = r"(?:uni[cfqtv]|use|euro|one\b|one-|ukulele|ufo)"  # begin with a vowel that nobody hears


def with_articles(text: str) -> str:
    text = re.sub(rf"\ba (?=[aeiou])(?!{_LIKE_YOU})", "an ", text)
    return re.sub(rf"\ban (?=[^aeiou\W]|{_LIKE_YOU})(?!hour|honest)", "a ", text)


def without_property(text: str, tag: str) -> str:
    """A noun without a colour, material or weather of its: "red hat" without red; empty where it has no such."""
    entry = entry_of(tag)
    if weather := next((word for word in text.split() if WEATHER.get(word.lower()) == tag), ""):
        tag = weather  # "rainy street" without the rain
    elif entry is None or entry.category not in ("colour", "material", "adjective", "participle"):
        return ""
    rest = re.sub(rf"(?i)\b{re.escape(tag)} (?=\w)", "", text, count=1)
    return with_articles(rest) if rest != text else ""


def without_thing(text: str, word: str) -> str:
    """A sentence without the words about one thing in it: "a girl with a red hat" without the hat."""
    noun = word.split()[-1]
    last = rf"(?:{re.escape(noun)}(?:e?s)?|{re.escape(plural(noun))})\b"
    place = "in|on|under|near|at|beside|behind|next to|in front of"
    leads = rf"and|with|wearing|holding|carrying|{place}"
    told = rf"(?: (?:an?|the|her|his|its))?(?: (?!(?:{leads})\b)[\w-]+){{0,2}}? {last}"
    first = rf"^ (?:(?:an?|the) )?(?:(?!(?:{leads})\b)[\w-]+ ){{0,2}}?{last} and (?=\w)"  # "a horse and carriage"
    with_more = rf" (with|wearing|holding|carrying){told} and (?=\w)"
    for phrase, instead in (
        (first, " "),
        (with_more, r" \1 "),
        (rf",? (?:{leads}){told}", ""),
        *((one, "") for one in _alone(last)),
    ):
        rest = re.sub(phrase, instead, f" {text}", count=1).strip(" ,")
        if rest and rest != text:
            return rest
    return ""


def _alone(noun: str) -> list[str]:
    """Patterns of a noun that nothing leads in, with as many words before it as leave something over; a cup of coffee
    without the coffee is none."""
    return [rf"(?: (?:an?|the|her|his|its))?(?: (?!of\b)[\w-]+){{{words}}}(?<! of) {noun}" for words in (2, 1, 0)]
