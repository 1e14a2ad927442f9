"""What a clause has said so far, and where in the picture it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from prompts.prompt import Part
from prompts.translate.roles import NOUNS


@dataclass(slots=True)
class Said:
    """A tag in the making. `bare` is its form on a person ("red hat" for "wearing red hat"); `attribute` says that it
    describes what a following 的 leads to."""

    text: str
    part: Part | None
    start: int
    end: int
    category: str = ""
    bare: str = ""
    attribute: bool = False
    negative: bool = False


# Where a thing on a person is: one tag with the thing ("goggles on head"), where nothing else is said.
_UPON = re.compile(r"on (head|face|hat|hair|shoulders|back|clothes|hands|chest|cheeks|nose|headwear|legs|lap)")
_UPON_ONE = {"shoulders": "shoulder", "hands": "hand", "cheeks": "cheek", "legs": "leg", "hat": "headwear"}


# Where in the picture a thing is: one tag with the thing, too, or two things would change places.
_SIDED = NOUNS - {"place", "hair", "eyes", "body"} | {"verb"}
_SIDE = re.compile(r"on the (?:left|right)|in the (?:upper|lower) (?:left|right) corner")


def _sided(said: list[Said]) -> list[Said]:
    sides = [one for one in said if _SIDE.fullmatch(one.text)]
    things = [one for one in said if one.category in _SIDED and not one.negative and not one.text.endswith("ing")]
    if len(sides) != 1 or len(things) != 1:
        return said
    side, thing = sides[0], things[0]
    start, end = min(side.start, thing.start), max(side.end, thing.end)
    joined = replace(thing, text=f"{thing.text} {side.text}", start=start, end=end, part="subject")
    return [joined if one is thing else one for one in said if one is not side]


def placed(said: list[Said]) -> list[Said]:
    """The tags of a clause, each place joined to the thing that is there: "goggles on head", "dog on the left"."""
    said = _sided(said)
    if len(said) != 2 or said[0].negative or said[1].negative:
        return said
    for place, thing in (said, reversed(said)):
        where = _UPON.fullmatch(place.text)
        if where and thing.category in ("animal", "object", "food", "clothing", "plant", "body", "gap", "verb"):
            text = thing.bare or thing.text
            if text.startswith(("on ", "holding ", "hand")) or " on " in text:
                continue
            on = _UPON_ONE.get(where.group(1), where.group(1))
            start, end = min(place.start, thing.start), max(place.end, thing.end)
            return [replace(thing, text=f"{text} on {on}", bare="", start=start, end=end, part="subject")]
    return said
