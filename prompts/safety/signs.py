"""What a text says that matters here, and what may become of a picture of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Literal

from prompts.safety.ages import GROWN_UP, ages
from prompts.safety.denial import denied, intimate, undressed, worn
from prompts.safety.lexicon import SAID, apart, bare_by_name, harmless, of, says, together
from prompts.safety.writing import folded, readings
from prompts.tags import entry_of

Verdict = Literal["", "adult", "never"]
Signs = frozenset[str]

# Which of the glossary's categories are no bodies: bare trees, a threesome of cats.
_THINGS = frozenset(
    {"plant", "nature", "food", "weather", "building", "light", "material", "animal", "vehicle", "place", "object"}
)  # fmt: skip
_BARE_THING = re.compile(r"\b(?:naked|bare|nude|(?:threesome|foursome|orgy) of)((?: [a-z']+){1,4})")
_ENDS = re.compile(r" (?:in|on|at|with|of|and|under|against|by|near|behind|beside|over|from|for)\b")
_UNMEANT = (
    r"(?:\b(?:no|not|without|never|don t|do not|free of|avoid|avoiding|zero)"
    r"(?: (?:any|be|being|a|the|is|explicit|draw|make|show|showing|full|partial|to|her|him|them|it)){0,3} "
    r"|(?:(?<!要)不要有?|(?<!有)没有|(?<!是)不是|并非|(?<!能)不能|禁止|拒绝|避免|(?<![么何])不画|不含|无|非)(?:任何|出现|画|是|有|包含)?)"
)
_DENIES = re.compile(r"(?:no|without|not|missing|lack of|lacking|无|没有|没穿|不穿|缺少) ?")
_WEIGHT = re.compile(r"\d+(?:\.\d+)?$")
_PIECES = re.compile(r"[,，、;；。\n]| and | break ")
_ALSO = ("clinical", "grown", "people")  # what is looked for besides what is shown

CHILDREN = frozenset({"infant", "child", "teen"})
SOMEBODY = CHILDREN | {"infant?", "child?", "teen?", "youth", "people"}
# Who is never drawn with what. A "?" marks what Chinese may be read as that can be cut into words in two ways.
NEVER: tuple[tuple[frozenset[str], frozenset[str]], ...] = (
    (
        CHILDREN,
        frozenset(
            {"naked", "adult?", "anatomy?", "garment", "doubt", "suggestive", "suggestive?", "mentioned", "mature"}
        ),
    ),
    (frozenset({"infant", "child"}), frozenset({"swimwear", "swimwear?"})),
    (frozenset({"child"}), frozenset({"bathing", "bathing?"})),
    (
        frozenset({"infant?", "child?", "teen?"}),
        frozenset({"naked", "garment", "doubt", "suggestive", "swimwear", "mentioned", "mature"}),
    ),
)


def verdict(signs: Signs) -> Verdict:
    """What becomes of a picture of which all this is said: "never" drawn, for "adult" eyes, or "" for everybody's."""
    lesson = "clinical" in signs and not signs & CHILDREN
    naked = "adult" in signs or ("anatomy" in signs and not lesson)
    if signs & SOMEBODY:  # an empty wardrobe without clothes is nobody's nakedness
        naked = naked or "bare" in signs or ("garment" in signs and "worn" not in signs)
    seen = signs | {"naked"} if naked else signs
    if "never" in seen or any(seen & who and seen & what for who, what in NEVER):
        return "never"
    if naked and seen & {"youth", "mature"} and "grown" not in seen:
        return "never"
    return "adult" if naked else ""


@lru_cache(1024)
def read_signs(text: str) -> Signs:
    """What a text asks to be seen, in whatever way it is written."""
    found: set[str] = set()
    for reading in readings(text):
        found |= _read(reading)
    return frozenset(found)


def _read(text: str) -> set[str]:
    text = harmless().sub(" ", apart(harmless().sub(" ", text)))
    if not any(says(name, text, doubtful=True) for name in (*CHILDREN, "youth")):
        text = _things(text)
    found = {name for name in (*SAID, *_ALSO) if says(name, text)}
    found |= {f"{name}?" for name in set(SAID) - found - {"youth"} if says(name, text, doubtful=True)}
    if "adult" in found and not (says("adult", _unmeant().sub(" ", text)) or bare_by_name(text)):  # "no nudity"
        found = found - {"adult"} | {"mentioned"}
    if "people" not in found and _somebody(text):
        found.add("people")
    found |= {"child" if age < GROWN_UP else "grown" for age in ages(text)}
    found |= undressed(text)
    return found | {"worn"} if worn(text) else found


@cache
def _unmeant() -> re.Pattern[str]:
    """A denial right before words of nakedness, and more of them behind an "or"."""
    words = "|".join(map(re.escape, sorted({one.strip("~*") for one in of("adult")}, key=len, reverse=True)))
    return re.compile(rf"{_UNMEANT}(?:{words})(?:(?: (?:or|and|nor) |、|和|或|或者)(?:{words}))*")


def _somebody(text: str) -> bool:
    """Whether the glossary knows somebody among the words of a text."""
    words = re.findall(r"[a-z0-9]+", text)
    forms = (form for word in words for form in (word, word.removesuffix("s")))
    return any(entry.category in ("person", "myth") for entry in filter(None, map(entry_of, forms)))


def _things(text: str) -> str:
    """The text without nakedness of things: bare trees are no bodies."""

    def of_thing(match: re.Match[str]) -> str:
        head = (_ENDS.split(match[1])[0].split() or [""])[-1]
        entry = next(filter(None, map(entry_of, (head, head.removesuffix("s"), head.removesuffix("es")))), None)
        return match[1] if entry and entry.category in _THINGS and head not in of("figures") else match[0]

    return _BARE_THING.sub(of_thing, text)


@lru_cache(1024)
def read_unwanted(text: str) -> Signs:
    """What a negative prompt takes out of a picture: clothes, and that somebody is grown up."""
    found: set[str] = set()
    for reading in readings(text):
        pieces = [_WEIGHT.sub("", piece.strip()).strip() for piece in _PIECES.split(harmless().sub(" ", reading))]
        decent = any(piece in of("decent") for piece in pieces)
        for piece in pieces:
            # Among what is unwanted, "no clothes" wants them.
            if piece and not _DENIES.match(piece) and not (decent and intimate(piece)):
                found |= denied(piece)
                found |= {"mature"} if piece in of("mature") else set()
    return frozenset(found)


@lru_cache(512)
def read_name(name: str) -> Signs:
    """What the name of a LoRA, an embedding or a file says, words run together in it included."""
    plain = folded(name)
    inside = ("infant", "child", "adult", "suggestive", "swimwear", "never")
    return read_signs(name) | {kind for kind in inside if together(kind).search(plain)}


def union(signs: Iterable[Signs]) -> Signs:
    """All that is said in any of several texts."""
    return frozenset[str]().union(*signs)
