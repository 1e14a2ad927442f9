"""Tags in the making: what a clause has said so far, and each place joined to the thing that is there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from prompts.prompt import Part
from prompts.translate.roles import NOUNS, Token


# Named tuples here, as in roles.py, noun_phrase.py and rules.py: a clause makes dozens of each, and a frozen dataclass
# takes three times as long to make.
class DraftTag(NamedTuple):
    """A tag in the making, said by the characters start…end. `bare` is its form on a person ("red hat" for "wearing red
    hat"); an `attribute` describes the noun that a following 的 leads to."""

    text: str
    part: Part | None
    start: int
    end: int
    category: str = ""
    bare: str = ""
    attribute: bool = False
    negative: bool = False


class ClauseState(NamedTuple):
    """The tags that are finished (`done`), those said since the last noun or conjunction (`said`), and those that a 的
    leads to a noun still to come (`pending`); adjectives and a number that wait for a noun; `place` once a 在 has said
    that the next noun is a place."""

    done: tuple[DraftTag, ...] = ()
    said: tuple[DraftTag, ...] = ()
    pending: tuple[DraftTag, ...] = ()
    adjectives: tuple[Token, ...] = ()
    number: Token | None = None
    place: bool = False


# Where a thing on a person is: one tag with the thing ("goggles on head"), where nothing else is said.
_UPON = re.compile(r"on (head|face|hat|hair|shoulders|back|clothes|hands|chest|cheeks|nose|headwear|legs|lap)")
_ON = re.compile("on (.+)")  # something worn
_UPON_ONE = {"shoulders": "shoulder", "hands": "hand", "cheeks": "cheek", "legs": "leg", "hat": "headwear"}
_HEADWEAR = re.compile(
    r"(?:hat|cap|crown|wreath|helmet|beret|beanie|tiara|headdress|coronet|wig|veil|hood|hair\w*|head\w*|kanzashi)$"
)
_WEARABLE = frozenset(("animal", "object", "food", "clothing", "plant", "body", "gap", "verb"))


# Where in the picture a thing is, or at which side of another: one tag with the thing, too, or two things would change
# places.
_SIDED = NOUNS - {"place", "hair", "eyes", "body"} | {"verb"}
_SIDE = re.compile(
    r"(?:on the (?:left|right)|in the (?:upper|lower) (?:left|right) corner"
    r"|in the (?:middle|foreground|background|corner)"
    r"|to the (?:left|right) of .+|in .+'s arms|at .+'s feet|between .+ and .+)"
)
_PERSON = re.compile(r"(?:\d\+?|multiple )(girls?|boys?)")


def person_plainly(tag: str) -> str:
    """A tag as it is called in a phrase: "1girl" is "girl", "2boys" "two boys"."""
    person = _PERSON.fullmatch(tag)
    if person is None:
        return tag
    number = {"1": "", "2": "two ", "3": "three ", "4": "four ", "5": "five "}.get(tag[0], "several ")
    return f"{number}{person.group(1)}"


_OWN = frozenset({"hair", "eyes", "clothing"})


def told_apart(tags: Sequence[DraftTag]) -> Sequence[DraftTag]:
    """The tags of a clause with two people of whom each has something of its own, that said with each: "2girls, girl
    wearing red dress, girl wearing blue dress"."""
    at = [
        index
        for index, one in enumerate(tags)
        if one.category == "person" and not one.negative and not _same(one, tags[index - 1] if index else None)
    ]
    if len(at) != 2 or at[0]:
        return tags
    people, own = [tags[index] for index in at], [tags[1 : at[1]], tags[at[1] + 1 :]]
    if not all(own) or not all(
        _is_own(one) or _same(one, who) for who, some in zip(people, own, strict=True) for one in some
    ):
        return tags
    said = [
        who._replace(text=_owning(who, some), end=max(one.end for one in some))
        for who, some in zip(people, own, strict=True)
    ]
    counts = [who for who in people if _PERSON.fullmatch(who.text)]
    if len(counts) == 2 and people[0].text == people[1].text and people[0].text.startswith("1"):
        counts = [people[0]._replace(text=f"2{people[0].text[1:]}s")]
    return [*counts, *said]


def _same(tag: DraftTag, who: DraftTag | None) -> bool:
    """Whether a tag is how somebody is, from the same words: "1girl, tall"."""
    return who is not None and tag.category == who.category and (tag.start, tag.end) == (who.start, who.end)


def _is_own(tag: DraftTag) -> bool:
    return not tag.negative and (tag.category in _OWN or bool(tag.bare))


def _owning(who: DraftTag, tags: Sequence[DraftTag]) -> str:
    """Somebody with what is said of them: "tall girl with red hair wearing blue dress"."""
    is_so = [one.text for one in tags if _same(one, who)]
    has = [one.text for one in tags if one.category in ("hair", "eyes")]
    wears = [one.bare or one.text for one in tags if one.category not in ("hair", "eyes") and not _same(one, who)]
    leads = ((has, "with "), (wears, "wearing "))
    more = [lead + " and ".join(some) for some, lead in leads if some]
    return " ".join([*is_so, person_plainly(who.text), *more])


def _sided(tags: Sequence[DraftTag]) -> Sequence[DraftTag]:
    sides = [one for one in tags if one.category == "beside" or _SIDE.fullmatch(one.text)]
    if len(sides) != 1:
        return tags
    things = [one for one in tags if one.category in _SIDED and not one.negative and not one.text.endswith("ing")]
    people = [one for one in things if _PERSON.fullmatch(one.text)]
    living = [one for one in things if one.category in ("person", "animal", "myth") and not one.attribute]
    if len(people) == 1:
        things = people
    elif len(living) == 1:  # the man with the red hat, and not the hat, is on the left
        things = living
    elif not things:
        things = [one for one in tags if one.category == "place" and not one.attribute]
    if len(things) != 1:
        return tags
    side, thing = sides[0], things[0]
    joined = thing._replace(
        text=f"{person_plainly(thing.text)} {side.text}",
        start=min(side.start, thing.start),
        end=max(side.end, thing.end),
        part="subject",
    )
    if people:  # "1girl" stays a tag of its own, which says how many there are
        return [joined if one is side else one for one in tags]
    return [joined if one is thing else one for one in tags if one is not side]


def _upon(tags: Sequence[DraftTag]) -> Sequence[DraftTag]:
    """头上长着鹿角的少年: where something grows or is worn, before the verb that says so, is said with the thing."""
    things = {one.start: at for at, one in enumerate(tags) if one.category == "verb" and not one.negative}
    made: list[DraftTag | None] = list(tags)
    for index, place in enumerate(tags):
        where = _UPON.fullmatch(place.text) or (_ON.fullmatch(place.text) if place.category == "upon" else None)
        at = things.get(place.end, things.get(place.end + 1))
        if where is None or where.group(1) == "hair" or at is None or place.negative:
            continue
        thing = tags[at]
        text = thing.bare or thing.text
        if thing.text == text and (text.startswith("holding ") or " on " in text or text.split()[0].endswith("ing")):
            continue
        made[index] = None
        if not _HEADWEAR.search(text):  # where else
            on = _UPON_ONE.get(where.group(1), where.group(1))
            made[at] = thing._replace(text=f"{text} on {on}", bare="", start=place.start)
    return [one for one in made if one is not None]


def placed(tags: Sequence[DraftTag]) -> Sequence[DraftTag]:
    """The tags of a clause, each place joined to the thing that is there: "goggles on head", "dog on the left"."""
    tags = _upon(told_apart(_sided(tags)))
    if len(tags) != 2 or tags[0].negative or tags[1].negative:
        return tags
    for place, thing in (tags, reversed(tags)):
        where = _UPON.fullmatch(place.text)
        if where and thing.category in _WEARABLE:
            text = thing.bare or thing.text
            if text.startswith(("on ", "holding ", "hand")) or " on " in text:
                continue
            on = _UPON_ONE.get(where.group(1), where.group(1))
            start, end = min(place.start, thing.start), max(place.end, thing.end)
            return [thing._replace(text=f"{text} on {on}", bare="", start=start, end=end, part="subject")]
    return tags
