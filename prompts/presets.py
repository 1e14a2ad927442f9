"""What is added to a prompt for a model family and a look, and what speaks against a negative."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast, get_args

import yaml

from prompts import grammar
from prompts.opposites import sides

Look = Literal["photo", "anime", "ink", "flat"]
LOOKS: tuple[Look, ...] = get_args(Look)

_FILE = Path(__file__).parent / "data" / "presets.yaml"
_TABLES = frozenset({"looks", "contradictions"})  # what in the file is no family
_JOINT = re.compile(r"(?<=[^\W_])_(?=[^\W_])")


@dataclass(frozen=True, slots=True)
class Preset:
    """Quality words and negatives in A1111 syntax."""

    quality: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()


def key(text: str) -> str:
    """A tag without the weights in it and what no model sees of it: case, spaces, the joint of "long_hair"."""
    return " ".join(_JOINT.sub(" ", grammar.bare(text).lower()).split())


@cache
def _content() -> Mapping[str, Mapping[str, object]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast(Mapping[str, Mapping[str, object]], yaml.load(_FILE.read_text(encoding="utf-8"), loader))


@cache
def preset(family: str, look: Look | None = None) -> Preset:
    """The preset of a model family and a look; that of the family alone where the look has none of its own, and an
    empty one for a family that has none."""
    content = {name: rows for name, rows in _content().items() if name not in _TABLES}
    rows = content.get(f"{family}-{look}") or content.get(family)
    if rows is None:
        return Preset()
    return Preset(
        tuple(cast(list[str], rows.get("quality", []))),
        tuple(cast(list[str], rows.get("negative", []))),
    )


@cache
def _looks() -> Mapping[str, Look]:
    rows = cast(Mapping[Look, list[str]], _content()["looks"])
    return {word: look for look, words in rows.items() for word in words}


def look_of(asked: Iterable[str]) -> Look | None:
    """The look that the words of these tags tell, the first one's first; None when they tell none."""
    looks = _looks()
    return next((looks[said] for tag in asked for said in phrases(tag) if said in looks), None)


def phrases(tag: str) -> Iterable[str]:
    """Every run of up to four words in a tag, the longest first."""
    words = re.findall(r"[^\s,:()\[\]{}|]+", tag)
    for size in range(min(4, len(words)), 0, -1):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])


@cache
def contradictions() -> Mapping[str, frozenset[str]]:
    """For a negative, the tags that speak against it."""
    rows = cast(Mapping[str, list[str]], _content()["contradictions"])
    return {negative: frozenset(asked) for negative, asked in rows.items()}


def speaking_against(negative: str, asked: Mapping[str, str]) -> str | None:
    """The asked tag that a negative contradicts; `asked` holds every phrase of the asked tags with its tag."""
    if negative in asked:
        return asked[negative]
    against = contradictions().get(negative, frozenset())
    return next((asked[said] for said in sorted(against & asked.keys())), None)


# Of the matters that `opposites` knows, those of which a picture shows one side, whoever is in it. The others (posture,
# mood) may be two people's, or meant: the doctor asks about them.
_STRICT = frozenset({"time", "inside", "colour", "distance"})


def clashes(tags: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs of tags that cannot both be, the earlier first. Three sides of one matter are an enumeration: none."""
    found: dict[str, dict[int, list[str]]] = {}
    for tag in tags:
        for side in sides(tag):
            if side.group in _STRICT:
                found.setdefault(side.group, {}).setdefault(side.number, []).append(tag)
    pairs: list[tuple[str, str]] = []
    for rows in found.values():
        if len(rows) == 2:
            one, other = rows.values()
            pairs += [(first, second) for first in one for second in other]
    return pairs


def excluded(tag: str, by: Iterable[str]) -> bool:
    """Whether a tag cannot be true of a picture that these tags are true of."""
    own = sides(tag)
    return bool(own) and any(
        one.group == other.group and one.number != other.number for said in by for one in sides(said) for other in own
    )
