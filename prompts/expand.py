"""What makes a full picture of a word or two: "猫" gets a composition, details, a place and light that suit a cat."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import yaml

from prompts.presets import Look, excluded, key, phrases
from prompts.prompt import Fragment, Note, Part
from prompts.tags import category_of, only_describes

_FOLDER = Path(__file__).parent / "data"
_ASPECTS: tuple[tuple[str, Part], ...] = (
    ("style", "quality_style"),
    ("detail", "subject"),
    ("composition", "subject"),
    ("scene", "scene_detail"),
)
FILLED = "note.expanded"  # the key of the note that says what was added
SHORT = 4  # words about the subject; who writes more has said what to draw
_FEW = 2  # fragments of subject and scene
_MOST = 3  # fragments in all: a style or a lens may be said, too
_NEAR = frozenset({"close-up", "portrait composition", "upper body"})  # these would hide a place that was asked for
_SYNTAX = re.compile(r"[\[\](){}|:\\]|__")

_MEASURE = re.compile(
    r"^(?:an? |the |two |three |\d+ )?(?:cup|bowl|plate|glass|pot|bottle|box|basket|piece|slice|school|flock|herd|"
    r"group|pair|bunch|row|pile)s? of "
)
_JOINT = re.compile(r" (?:of|with|in|on|at|and|wearing|holding) ")
_ACTION = re.compile(r"\b\w{2,}ing\b|\basleep\b")
_Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of subject, and for each aspect the rows of words to choose from."""

    name: str
    words: frozenset[str]
    of: frozenset[str]
    categories: frozenset[str]
    aspects: Mapping[str, _Rows]


def expanded(
    fragments: Sequence[Fragment],
    *,
    seed: int,
    family: str,
    look: Look | None,
    styled: bool,
    unwanted: Collection[str],
    beside: Collection[str] = (),
) -> list[Fragment]:
    """What to add to a short prompt, in order; nothing when it is not short. The same for the same seed everywhere.

    `fragments` are what the person asked for, `styled` says that a style was named too, `unwanted` are the keys of
    the negative, and `beside` those of what else the program adds. Nothing is added to an aspect that the person spoke
    of, nor against what they said, nor what is there already.
    """
    subjects = [one for one in fragments if one.part == "subject"]
    scenes = [one for one in fragments if one.part == "scene_detail"]
    if not _short(fragments, subjects, scenes, family):
        return []
    asked = [key(one.text) for one in fragments]
    spoken = {said for tag in asked for said in phrases(tag)}  # single words too: of "blue eyes" nothing is left open
    styled = styled or any(one.part == "quality_style" for one in fragments)
    aspects = dict(_demo() if family == "demo" else _kind(subjects).aspects)
    if family != "demo":
        aspects |= _looks()[look or "none"]
        if styled:
            aspects.pop("style", None)
    categories = {category_of(tag) for tag in asked}
    if scenes or any("background" in tag.split() for tag in unwanted):
        aspects.pop("scene", None)
    if categories & {"view", "camera"}:
        aspects.pop("composition", None)
    if categories & {"pose", "expression", "participle", "verb"} or any(_ACTION.search(tag) for tag in asked):
        aspects.pop("detail", None)

    rng = random.Random(seed)
    added: list[Fragment] = []
    for aspect, part in _ASPECTS:
        chance = rng.random()  # drawn for every aspect, so that one spoken of changes nothing about the others
        rows = [
            row
            for row in aspects.get(aspect, ())
            if not any(word.rpartition(" ")[2] in spoken or word in unwanted or excluded(word, asked) for word in row)
            and not any(said in unwanted for word in row for said in phrases(word))
            and not (scenes and aspect == "composition" and _NEAR.intersection(row))
        ]
        if rows:
            added += [Fragment(word, 1.0, part, "preset") for word in rows[int(chance * len(rows))]]
            asked += rows[int(chance * len(rows))]
    return [one for one in added if key(one.text) not in beside and not excluded(one.text, beside)]


def seed_of(fragments: Sequence[Fragment]) -> int:
    """What a text is filled up by: its own words, so that the same text is always filled up with the same."""
    return zlib.crc32(", ".join(key(one.text) for one in fragments).encode())


@cache
def _chinese() -> Mapping[str, str]:
    lines = (_FOLDER / "expand-zh.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))


def in_chinese(words: Sequence[str]) -> list[str]:
    """What was added, in Chinese; a word that is not in our table as it is."""
    return [_chinese().get(word, word) for word in words]


def filled(added: Sequence[Fragment], filling: int = 0) -> Note:
    """The note on what a short text was filled up with; `filling` counts how often another filling was asked for."""
    words = [fragment.text for fragment in added]
    values = {"words": ", ".join(words), "words_zh": "、".join(in_chinese(words))}
    return Note(FILLED, values | ({"filling": str(filling)} if filling else {}))


def _short(
    fragments: Sequence[Fragment], subjects: Sequence[Fragment], scenes: Sequence[Fragment], family: str
) -> bool:
    """Whether a word or two name something to draw, and leave the rest open."""
    if not any(not only_describes(one.text) for one in subjects):
        return False
    if any(one.weight != 1.0 or _SYNTAX.search(one.text) for one in fragments):
        return False  # who writes syntax knows what they want
    if sum(category_of(key(one.text)) == "quality" for one in fragments) > 1:
        return False
    if family == "demo" and (scenes or len(subjects) > 1):
        return False
    words = sum(len(re.sub(r"^(?:a|an|the) ", "", one.text).split()) for one in subjects)
    return len(fragments) <= _MOST and len(subjects) + len(scenes) <= _FEW and words <= SHORT


def _kind(subjects: Sequence[Fragment]) -> _Kind:
    """The kind of the first subject that has one, by its last word ("orange cat"), else by the glossary."""
    kinds = _kinds()
    for tag in (one.text.lower() for one in subjects if not only_describes(one.text)):
        head = _JOINT.split(_MEASURE.sub("", tag))[0]
        last = head.rpartition(" ")[2]
        category = category_of(tag) or category_of(head)
        for kind in kinds:
            if (last in kind.words or head in kind.words) and (category is None or category in kind.of):
                return kind
        category = category or category_of(last)
        for kind in kinds:
            if category in kind.categories:
                return kind
    return kinds[-1]


@cache
def _content() -> Mapping[str, object]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast(Mapping[str, object], yaml.load((_FOLDER / "expand.yaml").read_text("utf-8"), loader))


def _rows(content: Mapping[str, object]) -> Mapping[str, _Rows]:
    return {
        aspect: tuple(tuple(row) for row in cast(Sequence[Sequence[str]], content[aspect]))
        for aspect, _ in _ASPECTS
        if aspect in content
    }


@cache
def _kinds() -> tuple[_Kind, ...]:
    rows = cast(Mapping[str, Mapping[str, object]], _content()["kinds"])
    return tuple(
        _Kind(
            name,
            frozenset(cast(Sequence[str], row.get("words", ()))),
            frozenset(cast(Sequence[str], (*row.get("of", ()), *row.get("categories", ())))),  # type: ignore[misc]
            frozenset(cast(Sequence[str], row.get("categories", ()))),
            _rows(row),
        )
        for name, row in rows.items()
    )


@cache
def _looks() -> Mapping[str, Mapping[str, _Rows]]:
    looks = cast(Mapping[str, Mapping[str, object]], _content()["looks"])
    return {name: _rows(row) for name, row in looks.items()}


@cache
def _demo() -> Mapping[str, _Rows]:
    return _rows(cast(Mapping[str, object], _content()["demo"]))
