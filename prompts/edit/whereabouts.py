"""Where somebody or something of an English sentence is, and where it is to be instead."""

from __future__ import annotations

import re

from prompts import sorts
from prompts.edit.groups import NounGroup, groups
from prompts.edit.rivals import is_place, kind_of
from prompts.edit.wearing import is_worn
from prompts.edit.word_lists import listed
from prompts.edit.words import singular
from prompts.nouns import with_articles

_AT = r"(?P<at>in|on|at|under|beside|behind|near|by|next to|in front of|against|inside)"
_SEATED = re.compile(rf"\b(?P<how>[a-z]+ing|perched|seated|curled up|asleep|stretched out) {_AT} (?=\S)", re.IGNORECASE)


def moved(text: str, thing: NounGroup, where: str) -> str:
    """The text with one of its things somewhere else: "a puppy on the rug" that is to be on the bed."""
    same = where.startswith(f"{thing.led} ")
    if (same or is_place(thing.head)) and (led := re.search(rf"{_AT} $", text[: thing.start])):
        return text[: led.start()] + where + text[thing.end :]  # "on the beach" itself
    doing = re.match(r" (?:[a-z]+ing|perched|seated)(?= )", text[thing.end :])
    start = thing.end + (doing.end() if doing else 0)
    place = next((one for one in groups(text) if one.start >= start), None)
    if place and is_worn(place.name[-1]) and place.led in ("in", "with", "wearing"):
        start = place.end
        place = next((one for one in groups(text) if one.start >= start), None)
    old = re.fullmatch(rf" {_AT} ", text[start : place.start]) if place else None
    return f"{text[:start]} {where}{text[place.end if place and old else start :]}"


def taken(text: str, where: str) -> str:
    """The text with whom it is of taken somewhere else: from where they are, and from what they are at; empty where
    that is not said."""
    there = groups(where)
    if not there or not is_place(there[0].head) or there[0].end != len(where):
        return ""
    where = where if re.match(rf"{_AT} ", where) else f"{'on' if there[0].head in listed('on it') else 'in'} {where}"
    found = groups(text)
    first = text.find(",") if "," in text else len(text)
    places = [
        (led.start(), one.end)
        for one in found
        if one.start < first and (led := re.search(rf"(?:^|(?<= )){_AT} $", text[: one.start])) and _is_where(one)
    ]
    if not places:
        return ""
    start, end = places[-1]
    return text[:start] + where + text[end:]


def _is_where(thing: NounGroup) -> bool:
    inside = thing.led in ("in", "inside") and sorts.is_a(thing.head, "building")
    return inside or is_place(thing.head) or thing.head in listed("seat")


def reseated(text: str, where: str, *, instead: bool = False) -> str:
    """The text with another seat for whoever sits, stands or sleeps on something, and `instead` with another place for
    the only one that is told alike; empty where there is none."""
    there = groups(where)
    if not there or kind_of(there[0].head) in ("time", "season", "weather"):
        return ""
    for found in _SEATED.finditer(text):
        how = found["how"].lower()
        if how.endswith("ing") and how not in listed("posture") | listed("rest"):
            continue
        seat = next((one for one in groups(text) if one.start >= found.end()), None)
        if seat is None or seat.start != found.end():
            continue
        inside, into = (kind_of(one.head) == "place" for one in (seat, there[0]))
        if inside == into or found["at"] == where.split(" ", 1)[0]:
            return text[: found.start("at")] + where + text[seat.end :]
    at = where.split(" ", 1)[0]
    same = [one for one in groups(text) if one.led == at and one.head not in ("background", "foreground")]
    if instead and len(same) == 1 and not is_worn(same[0].name[-1]):
        led = text[: same[0].start].rindex(at)
        return text[:led] + where + text[same[0].end :]
    return ""


def with_article(where: str) -> str:
    """A place with its article: "a street" for a street that was read from Chinese; a city's name has none."""
    noun = where.split()[-1]
    if re.match(r"(?:an?|the|in|on|at) ", where) or singular(noun) != noun:
        return where
    if where in ("sea", "ocean", "moon"):
        return f"the {where}"
    return with_articles(f"a {where}") if sorts.kind_of(noun) or noun in ("forest", "seaside") else where
