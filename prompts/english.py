"""What an English sentence names, where that is and what it denies: "a red apple on a table, no knife"."""

from __future__ import annotations

import re

from prompts.plain_denials import NO_FIGURES, NOT_FIGURES, plainly
from prompts.prompt import Part
from prompts.tags import category_of, entry_of, part_of

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


_NO = rf"no(?! (?:{NO_FIGURES})\b)"
_NOT = rf"(?:not|never)(?! (?:{NOT_FIGURES})\b)"
_WITHOUT = r"without(?! (?:a )?doubt\b)"
_CONTRACTED = re.compile(r"\b(is|are|was|were|does|do|did|has|have|ca|can|wo|must|should)(?:n't|not\b)", re.IGNORECASE)
_NOBODY = re.compile(
    r"\b(?:nobody|no[ -]one|no person)\b(?! (?:else )?but\b)(?: (?:around|else|there))?", re.IGNORECASE
)
_NEITHER = re.compile(r"\b(?:with |has |wearing |and )*neither (?P<one>.+?) nor (?P<other>.+)", re.IGNORECASE)
_DENIES = re.compile(
    rf"(?:(?:but|and|with|there (?:is|are|should be)|please|i want|just) )*"
    rf"(?:{_NO}|{_NOT}|{_WITHOUT}|avoid|exclude|"
    r"(?:do not|dont|never) (?:draw|paint|show|include|want|add|put|have|use))"
    r"(?: with(?= (?:an?|the|her|his|any)\b)| in(?= (?:an?|the)\b))?(?: any| me| an?| the)* (?P<denied>.+)",
    re.IGNORECASE,
)
_DENIED_BEHIND = re.compile(
    rf"(?P<said>.+?)(?<!\ba)(?<!\ban)(?<!\bthe),? "
    rf"(?:{_WITHOUT}(?: any)?|(?:but |and |with |has |have |having )?{_NO}|instead of|rather than|lacking|minus|free of"
    rf"|(?:but |(?:that |which |who )?(?:is |are |was |were |does |do |did |has |have |can |must |should )?){_NOT})"
    r"(?: be)?(?: wearing| wear| holding| hold| carrying| having| have)?(?: an?| the| any)? (?P<denied>.+)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r" (?:while|who|that|which|but|and with|and (?:an?|the)"
    r"|(?!(?:build|paint|light|cloth|ceil|rail|str|spr|morn|even)ing)\w{3,}ing(?= \w))\b.*",
    re.IGNORECASE,
)
_LISTED = re.compile(r"(?:,|\band\b|\bor\b|\bnor\b|\bno\b|\bwithout\b|&)(?: (?:any|no|an?|the)\b)*", re.IGNORECASE)
_LEADING = frozenset({"", "in", "on", "at", "with", "of", "a", "an", "the"})
_DANGLING = re.compile(
    r"(?:(?:^|,? )(?:and|but|or|who|that|which|with|has|have|is|are|must|should|there|it|i|we|do|does|would|will"
    r"|can|please))+$",
    re.IGNORECASE,
)  # "a girl who" has no hat
_WORN_ON = re.compile(r" on$")  # "no shoes on"
_NOT_DOING = re.compile(
    r"(?P<article>(?:an?|the) )?(?:not|never) (?P<denied>\w{3,}ing) (?P<noun>[\w-]+(?: [\w-]+)?)", re.IGNORECASE
)  # "a never smiling girl"
_SOMEBODY = re.compile(r"\b(?:girl|boy|man|woman|lady|guy|kid)$", re.IGNORECASE)  # the glossary has them as "1girl"
_HEAD = re.compile(r"(?P<article>(?:an?|the) )?(?P<noun>[\w-]+(?: [\w-]+){0,3})", re.IGNORECASE)
_OPPOSITES = {
    "lit": "unlit", "on": "unlit", "glowing": "unlit", "burning": "unlit", "bright": "dim", "too bright": "dim",
    "happy": "unhappy", "open": "closed", "opened": "closed", "closed": "open", "shut": "open", "fly": "flightless",
    "finished": "unfinished", "painted": "unpainted", "colored": "uncolored", "clean": "dirty", "dirty": "clean",
    "transparent": "opaque", "cooked": "raw", "ripe": "unripe", "tied": "untied", "awake": "sleeping",
    "asleep": "awake", "sleeping": "awake", "big": "small", "tall": "short", "long": "short",
    "symmetrical": "asymmetrical",
}  # fmt: skip


def denied(text: str) -> tuple[str, tuple[str, ...]]:
    """A phrase without what it denies, and that: "a girl without a hat in the rain" is "a girl in the rain" and "hat".
    What has an opposite is said by it ("a lantern that is not lit" is "an unlit lantern"). A tag that denies by itself
    ("no humans") stays."""
    length = len(text.split())
    if length <= _LONGEST and text.count(": ") == 1 and not _SYNTAX.search(text.replace(": ", "")):  # "hat: no"
        text = plainly(text)
    if length > _LONGEST or _SYNTAX.search(text) or entry_of(text):
        return text, ()
    text = plainly(text)
    plain = _NEITHER.sub(r"without \g<one> or \g<other>", _NOBODY.sub("no people", _CONTRACTED.sub(_whole, text)))
    doing = _NOT_DOING.fullmatch(plain)
    if doing and (_SOMEBODY.search(doing["noun"]) or category_of(doing["noun"].split()[-1]) == "person"):
        return (doing["article"] or "") + doing["noun"], (doing["denied"],)
    found = _DENIES.fullmatch(plain) or _DENIED_BEHIND.fullmatch(plain)
    if found is None:
        return text, ()
    rest, words = found.groupdict().get("said") or "", found["denied"]
    ends = [
        match.start()
        for match in (_GOES_ON.search(words), _PLACE.search(words))
        if match
        and words[: match.start()].strip().lower() not in _LEADING  # "not in fighting pose"
        and not entry_of(words[match.start() :].strip())  # "or watering can"
    ]
    if ends:
        words, rest = words[: min(ends)], f"{rest} {words[min(ends) :].strip()}".strip()
    elif (opposite := _OPPOSITES.get(words.lower())) and (head := _HEAD.fullmatch(rest)):
        article = (head["article"] or "").lower()
        article = ("an " if opposite[0] in "aeiou" else "a ") if article in ("a ", "an ") else article
        return f"{article}{opposite} {head['noun']}", ()
    things = [_WORN_ON.sub("", thing.strip()) for thing in _LISTED.split(words)]
    return _DANGLING.sub("", re.sub(r"^(?:just|only|but|and) ", "", rest)), tuple(filter(None, things))


def _whole(contracted: re.Match[str]) -> str:
    verb = contracted[1]
    return {"ca": "can", "wo": "will"}.get(verb.lower(), verb) + " not"


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
