"""Which of the three parts an English tag belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from prompts.grammar import bare
from prompts.prompt import Part
from prompts.translate.glossary import Entry, entries

_QUALITY_STYLE = re.compile(
    r"\b(style|quality|masterpiece|resolution|highres|absurdres|detailed|paintings?|illustration|drawing|sketch|render|"
    r"rendering|rendered|artwork|art|artstation|photo|photograph|photography|photorealistic|realistic|anime|manga|"
    r"comic|watercolou?r|engine|wallpaper|lens|film|bokeh|depth of field|[248]k|uhd|hdr|\d+mm|f/?\d|3d|2d|cg|"
    r"trending|by [a-z]+|aesthetic|cinematic|digital|print|poster|monochrome|grayscale|vector|pixel)\b",
    re.IGNORECASE,
)
_SCENE = re.compile(
    r"^(in|on|at|under|beside|behind|near|inside|outside|above|below|over|by|against|between|among|during|"
    r"with)\s+(?!arms|hands|a smile)"
    r"|\b(background|lighting|light|lights|sky|weather|night|morning|evening|sunset|sunrise|day|scenery|landscape|indoors|"
    r"outdoors|street|forest|room|city|mountains?|sea|ocean|beach|rain|snow|spring|summer|autumn|winter)$",
    re.IGNORECASE,
)
_WHERE = re.compile(r"(?:in|on|at|under|beside|behind|near|inside|outside|above|below|over|by|against|between|among) ")


# What is done to something: "surrounded by fire", "covered with snow".
_DONE_TO = re.compile(
    r"(?:surrounded|covered|shrouded|lit|soaked|entwined|engulfed|submerged|buried|blown) (?:by|with|in) "
)
_SUBJECTS = frozenset({"plant", "place", "nature", "building", "vehicle"})

_DESCRIPTIONS = frozenset(
    {"pose", "alone", "expression", "view", "preposition", "adjective", "participle", "colour", "light"}
)


@cache
def _known() -> Mapping[str, Entry]:
    """Every tag in the glossary; the first file that has it wins."""
    known: dict[str, Entry] = {}
    for entry in entries().values():
        known.setdefault(entry.tag.lower(), entry)
    return known


def entry_of(text: str) -> Entry | None:
    """The glossary's entry of an English tag; None for an unknown one."""
    return _known().get(bare(text).lower())


def can_be_subject(text: str) -> bool:
    """Whether a fragment of the scene names a thing or a place that a picture can be of."""
    tag = bare(text).lower()
    entry = _known().get(tag) or _known().get(tag.rpartition(" ")[2])
    return entry is not None and entry.category in _SUBJECTS and not _WHERE.match(tag)


def only_describes(text: str) -> bool:
    """Whether a fragment says how and not who or what: "standing", "close-up", "smile"."""
    entry = entry_of(text)
    return _DONE_TO.match(text) is not None or (entry is not None and entry.category in _DESCRIPTIONS)


def part_of(text: str) -> Part:
    """The part an English fragment belongs to: as the glossary has it, else by its words, else by its last word."""
    plain = re.sub(r"\\|^[\[{(]+|[:|].*|[\])}]", "", bare(text).replace("_", " ").lower())
    tag = " ".join(plain.split())
    known = _known()
    for candidate in (tag, re.sub(r"^(a|an|the|some|very|highly|extremely) ", "", tag)):
        if found := known.get(candidate):
            return found.part
    sentence = tag.count(" ") >= 4  # "a photo of a cat on a beach": a sentence is about its subject
    if sentence:
        return "subject"
    if _QUALITY_STYLE.search(tag):
        return "quality_style"
    if _SCENE.search(tag):
        return "scene_detail"
    last = known.get(tag.rpartition(" ")[2])
    return last.part if last else "subject"


def category_of(tag: str) -> str | None:
    """The glossary's category of a tag ("animal", "pose"), with or without an article; None for an unknown one."""
    known = _known()
    tag = bare(tag).lower()
    entry = known.get(tag) or known.get(re.sub(r"^(a|an|the) ", "", tag))
    return entry.category if entry else None
