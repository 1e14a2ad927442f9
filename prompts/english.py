"""What an English sentence names, where that is and what it denies: "a red apple on a table, no knife"."""

from __future__ import annotations

import re

from prompts.prompt import Part
from prompts.tags import entry_of, part_of

_PLACE = re.compile(
    r",? \b(on|in|at|under|underneath|beneath|against|near|beside|behind|by|above|over|below|during|inside|outside|"
    r"among|between|along|across|through|around|before|in front of|next to|with)\b (?=\S)",
    re.IGNORECASE,
)
_STYLE_OF = re.compile(
    r"^(?:an? |the )?((?:[\w-]+ ){0,3}?[\w-]+) of (?=(?:an?|the|some|two|three|four|five|my|\d+|[\w-]+)\b)",
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


_NO = r"no(?! (?:longer|more|man's)\b)"
_DENIES = re.compile(
    rf"(?:(?:but|and|with|there (?:is|are|should be)|please|i want|just) )*"
    rf"(?:{_NO}|not(?! only\b)|without|avoid|exclude|"
    r"(?:do not|don't|dont|never) (?:draw|paint|show|include|want|add|put|have|use))"
    r"(?: any| me| an?| the)* (?P<denied>.+)",
    re.IGNORECASE,
)
_DENIED_BEHIND = re.compile(
    rf"(?P<said>.+?)(?<!\ba)(?<!\ban)(?<!\bthe),? (?:without(?: any)?|(?:but |and |with |has |have |having )?{_NO}"
    r"|(?:but |that is |that are |which is |which are )?not(?! only\b))(?: wearing| holding| having)?(?: an?| the)? "
    r"(?P<denied>.+)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r" (?:while|who|that|which|but|and with|and (?:an?|the)"
    r"|(?!(?:build|paint|light|cloth|ceil|rail|str|spr|morn|even)ing)\w{3,}ing(?= \w))\b.*",
    re.IGNORECASE,
)
_LISTED = re.compile(r"(?:,|\band\b|\bor\b|\bnor\b|&)(?: (?:any|no|an?|the)\b)*", re.IGNORECASE)


def denied(text: str) -> tuple[str, tuple[str, ...]]:
    """A phrase without what it denies, and that: "a girl without a hat in the rain" is "a girl in the rain" and "hat".
    A tag that denies by itself ("no humans") stays."""
    if len(text.split()) > _LONGEST or _SYNTAX.search(text) or entry_of(text):
        return text, ()
    found = _DENIES.fullmatch(text) or _DENIED_BEHIND.fullmatch(text)
    if found is None:
        return text, ()
    rest, words = found.groupdict().get("said") or "", found["denied"]
    ends = [match.start() for match in (_GOES_ON.search(words), _PLACE.search(words)) if match and match.start()]
    if ends:
        words, rest = words[: min(ends)], f"{rest} {words[min(ends) :].strip()}".strip()
    things = [thing.strip() for thing in _LISTED.split(words)]
    return re.sub(r"^(?:just|only|but|and) ", "", rest), tuple(filter(None, things))


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
    return (*found, (text, "subject"), *places, *tail)


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
