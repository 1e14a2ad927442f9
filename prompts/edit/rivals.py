"""What a new tag takes the place of: another number of the same thing, other hair, another place."""

from __future__ import annotations

import re

from prompts import grammar, opposites, sorts
from prompts.edit.exclusions import excludes
from prompts.edit.word_lists import listed, paired
from prompts.edit.words import WEATHER, head, is_medium, singular, words_of
from prompts.nouns import with_articles
from prompts.tags import entry_of


def kind_of(word: str) -> str:
    entry = entry_of(word)
    return entry.category if entry else ""


_NUMBERS = r"(?:an?|one|two|three|four|five|six|seven|eight|nine|ten)\b|\d+"
_NUMBER = re.compile(rf"(?P<number>{_NUMBERS})\s?(?P<what>(?:[a-z]+ )*?[a-z]{{3,}})")


def counts(text: str) -> str:
    """What a fragment counts ("two cats", "1girl": cat, girl); empty for one that counts nothing."""
    if grammar.bare(text) in ("duo", "trio", "couple"):
        return "person"
    counted = _NUMBER.fullmatch(grammar.bare(text).lower())
    return singular(counted["what"]) if counted else ""


def recounted(text: str, tag: str) -> str:
    """A sentence with a number of things in it, with another number of them; empty where it has none."""
    new = _NUMBER.fullmatch(tag.lower())
    if not new:
        return ""
    things = (
        rf"(?P<told>(?:[a-z-]+ ){{0,2}}?){re.escape(singular(new['what']))}(?:ren|e?s)?\b"  # "a cat" and "two cats"
    )
    old = re.search(rf"\b(?P<number>{_NUMBERS})(?P<gap>\s?){things}", text)
    if not old and singular(head(text)) == singular(new["what"]) and text.endswith(head(text)):
        return f"{new['number']} {text.removesuffix(head(text))}{new['what']}"  # "steampunk airship", three of it
    if not old or old["number"] == new["number"]:
        return ""
    return f"{text[: old.start()]}{new['number']}{old['gap']}{old['told']}{new['what']}{text[old.end() :]}"


def regrown(text: str, tag: str) -> str:
    """A sentence with other hair or eyes: "a girl with long hair" with short hair; empty where it has none."""
    adjective, _, noun = opposites.plain(tag).rpartition(" ")
    if noun in ("hair", "eyes") and " " in adjective:  # "short black hair": each of it
        found = text
        for each in adjective.split(" "):
            found = regrown(found, f"{each} {noun}") or found
        return found if found != text else ""
    slot, words = opposites.slot(tag), text.split(" ")
    if noun not in ("hair", "eyes") or noun not in words or not slot or text == tag:
        return ""
    at = words.index(noun)
    for back in range(at - 1, max(at - 4, -1), -1):
        if opposites.slot(f"{words[back]} {noun}") == slot:
            return with_articles(" ".join([*words[:back], adjective, *words[back + 1 :]]))
    return ""


_MATTERS = dict.fromkeys(
    [
        "evening",
        "twilight",
        "late night",
        "deep night",
        "early morning",
        "night view",
        "night scene",
        "golden hour",
        "blue hour",
        "daybreak",
        "before dawn",
        "late afternoon",
        "nightfall",
        "sundown",
        "nighttime",
        "night time",
        "day time",
        "tonight",
    ],
    "time",
) | dict.fromkeys(
    [
        "rainy",
        "snowy",
        "foggy",
        "misty",
        "windy",
        "stormy",
        "cloudy",
        "mist",
        "wind",
        "drizzle",
        "heavy snow",
        "snowfall",
        "snowstorm",
        "rainstorm",
        "light rain",
    ],
    "weather",
)


def matter(text: str) -> str | None:
    """What a tag decides that can be decided only once: the time of day, the weather, the style."""
    words = opposites.plain(text)
    skies = re.fullmatch(r"(?P<weather>[a-z]+) (?:sky|skies|weather)", words)
    return (
        opposites.slot(words)
        or _MATTERS.get(words)
        or ("weather" if skies and opposites.slot(skies["weather"]) == "weather" else None)
        or ("style" if is_medium(words) or words in listed("photographic") else None)
    )


def slot_of(text: str) -> str | None:
    """What a fragment decides, of a place also by its last word: "in a snowy forest"."""
    if (found := matter(text)) or opposites.without_lead(text) == text:
        return found
    where = opposites.slot(head(text)) == "place" or (_IN.match(text) and head(text) in _INSIDE | _OUTSIDE)
    return "place" if where else None


_IN = re.compile(r"(?:in|on|at) ")


def is_place(noun: str) -> bool:
    """Whether a noun names a place that somebody is in."""
    return (
        opposites.slot(noun) == "place"
        or noun in _INSIDE | _OUTSIDE
        or noun == "stage"
        or any(sorts.is_a(noun, general) for general in ("room", "thoroughfare"))
    )


_INSTEAD = ("time", "season", "weather")
_AT_A_TIME = re.compile(
    r"\b(?:(?:in|at|on|during) (?:the |an? )?)(?=(?:night|midnight|noon|dawn|dusk|sunset|sunrise)\b)"
)


def retaken(text: str, tag: str) -> str:
    """A sentence with another time of day, pose or framing than it has: of "a girl running" with "sleeping" one that
    sleeps; empty where it has none, or is nothing else."""
    new, words = opposites.plain(tag), grammar.bare(text).split(" ")
    for size in (3, 2, 1):
        for at in range(len(words) - size + 1):
            old = " ".join(words[at : at + size]).lower()
            if size == len(words) or old == new or opposites.plain(old) != old:
                continue
            if excludes(old, new) or (matter(old) == matter(new) and matter(new) in _INSTEAD):
                if [new.split()[-1]] == words[at + size :][:1]:  # "sunny day" in "rainy day"
                    new = new.rpartition(" ")[0]
                elif matter(new) == "weather" and " " in new and at < len(words) - size and new not in WEATHER.values():
                    continue
                said = " ".join([*words[:at], _as_was(old, new, at == len(words) - size), *words[at + size :]])
                return with_articles(_AT_A_TIME.sub("at ", _NO_ARTICLE.sub("", said)))
    return ""


_NO_ARTICLE = re.compile(
    r"\ban? (?=hair (?:down|up)\b|(?:loose|long|short|medium|curly|straight) hair\b|braids\b|twintails\b)"
)


def _as_was(old: str, new: str, last: bool) -> str:
    """A weather as noun or adjective, as the one before it: "rainy" beside "snow" is "snowy"."""
    adjectives = {noun: adjective for adjective, noun in WEATHER.items()}
    if old in WEATHER and not last:
        return adjectives.get(new, new)
    return WEATHER.get(new, new) if old in WEATHER.values() else new


_INSIDE, _OUTSIDE = (
    frozenset(words.split())
    for words in (
        "indoors indoor inside room bedroom classroom kitchen bathroom cafe library office restaurant bar shop gym "
        "gymnasium study teahouse dormitory theater theatre "
        "hall studio attic basement corridor hallway museum hospital",
        "outdoors outdoor outside garden park forest beach seaside street meadow field grassland desert mountain lake "
        "river playground rooftop square alley bridge tree tent sky hill pier shore lawn yard pond cliff campfire",
    )
)


def _under_a_roof(text: str) -> bool | None:
    """Whether a place is indoors; None where it may be either."""
    words = {singular(word) if word[-2:] != "rs" else word for word in words_of(text)}
    if "window" in words:
        return None  # what is outside is seen from inside
    inside, outside = bool(words & _INSIDE), bool(words & _OUTSIDE)
    return None if inside == outside else inside


_SAID_SO = frozenset(("indoors", "outdoors", "inside", "outside"))


def moved(text: str, tag: str) -> bool:
    """Whether a fragment places the picture indoors where a new tag places it outdoors, or the other way round."""
    old, new = _under_a_roof(text), _under_a_roof(tag)
    if old is None or new is None or old == new:
        return False
    said = bool(_SAID_SO & set(words_of(tag)))  # "indoors", of "indoors stage" too
    if said and new and re.match(r"(?:in|on|at|under|by|near|among|between|beside) ", text):
        return True
    return opposites.slot(text) == "inside" or (said and slot_of(text) == "place")


def spoilt(text: str, tag: str) -> bool:
    """Whether a fragment is of another time, season or weather than a new tag: the snow of what is summer now."""
    bare = grammar.bare(text).lower()
    new, old = opposites.plain(tag), (opposites.plain(text), bare, re.sub(r" (?:on|over|in|from) [a-z ]+$", "", bare))
    return any(new in whens and not gone.isdisjoint(old) for whens, gone in paired("gone"))


def dressed(text: str) -> str:
    """The thing of a fragment that is only a thing with colours and materials: "armor" of "silver armor"."""
    *properties, thing = opposites.plain(text).split() or [""]
    return thing if properties and {kind_of(one) for one in properties} <= {"colour", "material"} else ""
