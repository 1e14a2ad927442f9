"""The poses that have a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import yaml

import prompts
from engine.poses import joints, placing
from engine.poses.skeleton import Pose, Skeleton
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.spelling import near
from prompts.traditional import called
from prompts.translate.chinese import readings

FOLDER = Path(prompts.__file__).parent / "data" / "poses"
FILES = ("alone", "moving", "resting", "close", "together")  # the order in which they show
LONGER = 768  # pixels: the longer side of a pose's own canvas
ROOM = 0.06  # of the canvas's shorter side, left free around the people


@dataclass(frozen=True, slots=True)
class NamedPose:
    """A pose of the library: its name, what it is called, and the tags that go well with it."""

    name: str
    zh: str
    en: str
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    pose: Pose

    def called(self, language: str) -> str:
        return called(self.zh, self.en, language)

    @property
    def people(self) -> int:
        """How many they are."""
        return len(self.pose.people)


@cache
def poses() -> tuple[NamedPose, ...]:
    """Every pose, in the order in which they show."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows = (
        cast(dict[str, Json], row)
        for name in FILES
        for row in yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), loader)
    )
    return tuple(_named(row) for row in rows)


def _named(row: Mapping[str, Json]) -> NamedPose:
    words = {name: tuple(cast(Sequence[str], row.get(name) or ())) for name in ("also", "tags")}
    wide, high = (int(side) for side in cast(str, row["shape"]).split(":"))
    people = [_placed(cast(Mapping[str, Json], one)) for one in cast(Sequence[Json], row["people"])]
    return NamedPose(
        name=cast(str, row["name"]),
        zh=cast(str, row["zh"]),
        en=cast(str, row["name"]).replace("-", " "),
        aliases=words["also"],
        tags=words["tags"],
        pose=_framed(people, wide, high, cast(float | None, row.get("cut"))),
    )


def _placed(said: Mapping[str, Json]) -> Skeleton:
    """Somebody where they stand: `at` is the middle of the hips in heights, `size` how tall, of others."""
    x, y = cast(Sequence[float], said.get("at", (0.0, 0.0)))
    size = float(cast(float, said.get("size", 1.0)))
    return placing.moved(joints.skeleton(said), lambda across, down: (x + across * size, y + down * size))


def _framed(people: Sequence[Skeleton], wide: int, high: int, cut: float | None) -> Pose:
    """People as large as the canvas allows. Of a close-up only what is above `cut` (in heights below the hips), which
    is its lower edge."""
    longer = LONGER / max(wide, high)
    width, height = round(wide * longer), round(high * longer)
    spots = [at for one in people for at in one.seen]
    if cut is not None:
        spots = [at for at in spots if at[1] <= cut]
    # A head is a hand's width higher than its eyes.
    left, right = min(x for x, _ in spots), max(x for x, _ in spots)
    top, bottom = min(y for _, y in spots) - 0.05, max(y for _, y in spots) if cut is None else cut
    room = ROOM * min(width, height)
    rooms = 2 if cut is None else 1  # a close-up goes down to the edge
    scale = min((width - 2 * room) / max(right - left, 0.1), (height - rooms * room) / (bottom - top))
    off_x = (width - (right - left) * scale) / 2 - left * scale
    off_y = height - bottom * scale if cut is not None else (height - (bottom - top) * scale) / 2 - top * scale

    def placed(x: float, y: float) -> tuple[float, float]:
        return round((x * scale + off_x) / width, 4), round((y * scale + off_y) / height, 4)

    framed = (placing.moved(one, placed) for one in people)
    return Pose(tuple(one if cut is None else _inside(one) for one in framed), width, height)


def _inside(one: Skeleton) -> Skeleton:
    """Without what lies outside of the canvas."""

    def kept(points: Sequence[tuple[float, float] | None]) -> tuple[tuple[float, float] | None, ...]:
        return tuple(at if at is not None and 0 <= at[0] <= 1 and 0 <= at[1] <= 1 else None for at in points)

    hands = (hand if all(kept(hand)) else () for hand in (one.left_hand, one.right_hand))
    return Skeleton(kept(one.body), *hands)


def find(name: str) -> NamedPose:
    """The pose of that name, in any of its languages, or by its number in the list. Raises Refusal "pose.unknown"."""
    number = name.strip()
    if number.isdecimal() and 1 <= int(number[:6]) <= len(poses()):
        return poses()[int(number) - 1]
    table = _by_name()
    for reading in (name, *readings(name)):
        if (found := table.get(_plain(reading))) is not None:
            return found
    raise Refusal("pose.unknown", name=name[:40], near=near(readings(name)[0], _spellings()))


def search(words: str) -> tuple[NamedPose, ...]:
    """The poses in whose names and tags all of these words stand; all without any."""
    each = words.replace("，", " ").replace(",", " ").split()
    wanted = [{_plain(word), *map(_plain, readings(word))} for word in each]
    return tuple(one for one in poses() if all(any(word in _text(one) for word in forms) for forms in wanted))


@cache
def _by_name() -> Mapping[str, NamedPose]:
    return {_plain(name): one for one in poses() for name in _names(one)}


@cache
def _spellings() -> tuple[str, ...]:
    return tuple(name for one in poses() for name in _names(one))


def _names(one: NamedPose) -> tuple[str, ...]:
    return (one.name, one.en, one.zh, *one.aliases)


@cache
def _text(one: NamedPose) -> str:
    many = ("单人 solo", "双人 两人 two people", "三人 three people")[min(one.people, 3) - 1]
    return " ".join(_plain(word) for word in (*_names(one), *one.tags, *many.split()))


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign not in " -_·'’")
