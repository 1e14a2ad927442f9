"""What an English sentence names and where that is: "a red apple on a blue background" is an apple and a background."""

from __future__ import annotations

import re

from prompts.prompt import Part
from prompts.tags import part_of

_PLACE = re.compile(
    r",? \b(on|in|at|under|underneath|beneath|against|near|beside|behind|by|above|over|below|during|inside|outside|"
    r"among|between|along|across|through|around|before|in front of|next to|with)\b (?=\S)",
    re.IGNORECASE,
)
_STYLE_OF = re.compile(
    r"^(?:an? |the )?((?:[\w-]+ ){0,3}[\w-]+) of (?=(?:an?|the|some|two|three|four|five|my|\d+|[\w-]+)\b)",
    re.IGNORECASE,
)
_IN_STYLE = re.compile(
    r",? (?:(?:drawn|painted|rendered|done) )?in (?:the )?(?:style of|manner of) (.+)$"
    r"|,? in (?:an? )?([\w -]{2,30} style)$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:an?|the) ", re.IGNORECASE)
_SYNTAX = re.compile(r"[\[\](){}|:\\_<>\"]")
_BACKGROUND = re.compile(r"^(?:an? |the )?((?:[\w-]+ ){1,3}background)$", re.IGNORECASE)
_STYLES_ALONE = frozenset(
    {"painting", "photo", "photograph", "drawing", "sketch", "illustration", "render", "picture", "image"}
)
_NO_STYLE = frozenset({"picture", "image", "pic"})  # "a picture of a cat" says nothing about how it looks
_LONGEST = 60  # words; what is longer is a text and no phrase


def split(text: str) -> tuple[tuple[str, Part | None], ...]:
    """A phrase's subject, then the places, light and style said of it, each with its part; the phrase itself, with part
    None, when nothing can be told apart. No word is lost but articles and the "on a" of a background."""
    words = text.split()
    if len(words) < 3 or len(words) > _LONGEST or _SYNTAX.search(text):
        return ((text, None),)
    found: list[tuple[str, Part | None]] = []
    tail: list[tuple[str, Part | None]] = []
    if style := _STYLE_OF.match(text):
        last = style.group(1).split()[-1].lower()
        if last in _STYLES_ALONE or part_of(style.group(1)) == "quality_style":
            text = text[style.end() :]
            kept = style.group(1)
            if kept.lower() not in _NO_STYLE:
                found.append((kept, "quality_style"))
    if style := _IN_STYLE.search(text):
        named = style.group(2) or f"{style.group(1)} style"
        if style.start() > 0 and len(named.split()) <= 5:
            tail.append((named, "quality_style"))
            text = text[: style.start()]
    places: list[tuple[str, Part | None]] = []
    while cut := _last_place(text):
        start, place = cut
        places.insert(0, (place, "scene_detail"))
        text = text[:start].rstrip(" ,")
    if not found and not tail and not places:
        return ((text, None),)
    return (*found, (text, None if found else "subject"), *places, *tail)


def _last_place(text: str) -> tuple[int, str] | None:
    """Where the last place, time or light begins that is said of what stands before it, and its words."""
    for cut in reversed(list(_PLACE.finditer(text))):
        if cut.start() == 0 or len(_ARTICLE.sub("", text[: cut.start()]).split()) < 1:
            return None
        rest = text[cut.end() :]
        if background := _BACKGROUND.match(rest):
            return cut.start(), background.group(1)
        if cut.group(1).lower() == "with":  # "with a hat", but "with a forest behind": what she has is she
            return None
        plain = _ARTICLE.sub("", rest)
        if len(plain.split()) <= 4 and part_of(plain) == "scene_detail":
            return cut.start(), f"{cut.group(1)} {rest}"
        return None
    return None
