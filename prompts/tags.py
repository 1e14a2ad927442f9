"""Which of the three parts an English tag belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from prompts.grammar import bare
from prompts.lettering import WITH
from prompts.prompt import PARTS, Part
from prompts.translate.glossary import Entry, entries
from prompts.translate.verb_objects import DONE_TO

_PARTS = Path(__file__).parent / "data" / "parts.tsv"
_QUALITY_STYLE = re.compile(
    r"\b(style|quality|masterpiece|resolution|highres|absurdres|detailed|paintings?|illustration|drawing|sketch|render|"
    r"rendering|rendered|artwork|art|artstation|photo|photograph|photography|photorealistic|realistic|anime|manga|"
    r"comic|watercolou?r|engine|wallpaper|lens|film|bokeh|depth of field|[248]k|uhd|hdr|\d+mm|f/?\d|3d|2d|cg|"
    r"trending|^by [a-z]+|(?:painted|drawn|designed|illustrated|created|art) by|on (?:canvas|paper|silk|panel)|"
    r"aesthetic|cinematic|digital|print|poster|monochrome|grayscale|"
    r"vector|pixel)\b",
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
    """The glossary's entry of an English tag, in British or American spelling; None for an unknown one."""
    tag = bare(text).lower()
    return _known().get(tag) or (_known().get(tag.replace("gray", "grey")) if "gray" in tag else None)


def can_be_subject(text: str) -> bool:
    """Whether a fragment of the scene names a thing or a place that a picture can be of."""
    tag = bare(text).lower()
    entry = _known().get(tag) or _known().get(tag.rpartition(" ")[2])
    return (around(tag) or (entry is not None and entry.category in _SUBJECTS)) and not _WHERE.match(tag)


def only_describes(text: str) -> bool:
    """Whether a fragment says how and not who or what: "standing", "close-up", "smile"."""
    entry = entry_of(text)
    return DONE_TO.match(text) is not None or (entry is not None and entry.category in _DESCRIPTIONS)


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
    head = _head(tag)
    for part, heads in _heads().items():
        if part in PARTS and head in heads:
            return part
    last = known.get(head)
    return last.part if last else "subject"


def _head(tag: str) -> str:
    """The word that a phrase is about: of "shelves of bottles" the shelves."""
    return _BEHIND_HEAD.split(tag, maxsplit=1)[0].rstrip(" ,").rpartition(" ")[2]


_BEHIND_HEAD = re.compile(
    r" (?:of|in|on|with|from|at|under|over|above|behind|beside|by|against|through|around|outside) "
)


@cache
def _heads() -> Mapping[str, frozenset[str]]:
    """The heads of each part, and of what stands around somebody."""
    lines = (line.partition("\t") for line in _PARTS.read_text(encoding="utf-8").splitlines())
    return {part: frozenset(heads.split()) for part, tab, heads in lines if tab and not part.startswith("#")}


def around(text: str) -> bool:
    """Whether a fragment names a thing that stands around somebody, and that nobody holds, wears or does anything to:
    "persian carpet", not "holding lantern"."""
    tag = " ".join(bare(text).replace("_", " ").lower().split())
    if (tag.count(" ") >= 4 and WITH not in tag) or _head(tag) not in _heads()["around"]:
        return False
    known = _known().get(tag)
    return known.category not in _DESCRIPTIONS if known else tag.partition(" ")[0] not in _doing()


def looked_at(text: str) -> bool:
    """Whether a fragment names somebody or something that a picture is of, and everything else stands around: anybody,
    a vehicle, what the glossary does not have."""
    tag = " ".join(bare(text).replace("_", " ").lower().split())
    entry = _known().get(tag) or _known().get(_head(tag))
    return re.search("[a-z]{3}", tag) is not None and (entry is None or entry.category in _LOOKED_AT)


_LOOKED_AT = frozenset({"person", "animal", "myth", "vehicle", "clothing", "food", "hair"})


@cache
def _doing() -> frozenset[str]:
    """The words that verbs with an object begin with: "holding", "riding"."""
    verbs = (entry.tag.partition(" ") for entry in entries().values() if entry.category == "verb")
    return frozenset(first for first, _, rest in verbs if rest and "{}" not in first) - {"hanging", "floating", "full"}


def category_of(tag: str) -> str | None:
    """The glossary's category of a tag ("animal", "pose"), with or without an article; None for an unknown one."""
    known = _known()
    tag = bare(tag).lower()
    entry = known.get(tag) or known.get(re.sub(r"^(a|an|the) ", "", tag))
    return entry.category if entry else None
