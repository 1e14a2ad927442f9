"""Tags that cannot both be true of one picture, and the place in a picture that only one tag can take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prompts import grammar
from prompts.tags import entry_of

_FILE = Path(__file__).parent / "data" / "opposites.tsv"
_LEAD = re.compile(r"^(?:an?|the|wearing(?: an?)?|with(?: an?)?|(?:in|at|on|during)(?: the| an?)?|very|extremely) ")
_COLOURS = (
    "blonde", "blond", "brunette", "ginger", "red", "blue", "green", "black", "white", "brown", "pink", "purple",
    "silver", "grey", "gray", "golden", "orange", "yellow", "aqua", "teal", "crimson", "lavender", "violet", "amber",
    "turquoise", "platinum",
)  # fmt: skip
_SAME = {"blond": "blonde", "golden": "blonde", "gray": "grey"}
_OWN = re.compile(rf"(?:.*\b)?(?P<colour>{'|'.join(_COLOURS)})(?: \w+)? (?P<thing>hair|eyes)")
_MIXED = re.compile(r"\b(?:multicolou?red|two-tone|gradient|streaked|inner|rainbow|and|heterochromia|tips)\b")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a group of opposites. `personal`: with several people both sides may be true."""

    group: str
    number: int
    personal: bool


def without_lead(text: str) -> str:
    """A fragment without what leads its noun in, weights and brackets as they are."""
    return _LEAD.sub("", text)


def plain(text: str) -> str:
    """A fragment's words without weights, brackets, underscores and what leads a noun in."""
    words = " ".join(re.sub(r"[_\s]+", " ", re.sub(r"[\\()\[\]{}]", "", grammar.bare(text))).lower().split())
    return _LEAD.sub("", words)


@cache
def _sides() -> Mapping[str, tuple[Side, ...]]:
    found: dict[str, tuple[Side, ...]] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        name, tab, sides = line.partition("\t")
        if not tab or line.startswith("#"):
            continue
        for number, tags in enumerate(sides.split("|")):
            side = Side(name.rstrip("*"), number, name.endswith("*"))
            for tag in tags.split(","):
                found[tag.strip()] = (*found.get(tag.strip(), ()), side)
    return found


def sides(text: str) -> tuple[Side, ...]:
    """The sides that a fragment stands on; a hair's or eyes' colour is a side of its own."""
    words = plain(text)
    found = _sides().get(words, ())
    if (own := _OWN.fullmatch(words)) and not _MIXED.search(words):
        colour = _SAME.get(own["colour"], own["colour"])
        found = (*found, Side(f"{own['thing']} colour", _COLOURS.index(colour), True))
    return found


_SLOTS = {
    "time": "time", "season": "season", "weather": "weather", "style": "style", "background": "background",
    "place": "place", "building": "place",
}  # fmt: skip


def slot(text: str) -> str | None:
    """The matter that a tag decides and that can be decided only once: of "night" and "sunset" the time of day."""
    words = plain(text)
    if own := _OWN.fullmatch(words):
        return f"{own['thing']} colour"
    if known := sides(words):
        return known[0].group
    entry = entry_of(words) or entry_of(re.sub(r" (?:style|background|scenery)$", "", words))
    return _SLOTS.get(entry.category) if entry else None
