"""Skeletons from the directions of their limbs: what the library's poses are written in, so that both arms of somebody
are of one length whatever they do.

Lengths are in heights of a person (from the crown to the soles), seen from straight ahead. A direction is in degrees in
the picture: 0 is down, 90 to the right of the picture, 180 up, -90 to its left; a second number says how much of its
length is seen (1: all; less for a limb that points at who looks, or away).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, cast

from engine.poses.skeleton import Skeleton
from prompts.prompt import Json

UPPER_ARM, FOREARM, THIGH, SHIN, SPINE = 0.165, 0.15, 0.245, 0.24, 0.29
SHOULDER, HIP = 0.112, 0.062  # from the middle to each side
NECK = 0.115  # from the middle of the shoulders to that of the head
# Points of the head: to the person's left, up, forward; then how far it may turn away and still be seen, as the cosine
# to the line of sight of the direction in which it points.
_HEAD = {
    0: ((0.0, -0.012, 0.055), (0.0, 0.0, 1.0), -0.2),
    14: ((-0.02, 0.018, 0.047), (-0.5, 0.0, 0.87), -0.05),
    15: ((0.02, 0.018, 0.047), (0.5, 0.0, 0.87), -0.05),
    16: ((-0.045, 0.004, -0.004), (-1.0, 0.0, 0.0), -0.5),
    17: ((0.045, 0.004, -0.004), (1.0, 0.0, 0.0), -0.5),
}
HAND = 0.1  # from the wrist to the tip of a stretched middle finger
# Of each finger, thumb first: where its root lies (degrees from the hand's direction, towards the thumb; share of the
# hand's length), then its own direction and length.
_FINGERS = (
    (48, 0.22, 38, 0.38),
    (16, 0.5, 12, 0.42),
    (2, 0.52, 2, 0.48),
    (-11, 0.49, -7, 0.44),
    (-24, 0.45, -17, 0.34),
)
Shape = Literal["open", "fist", "peace", "point", "thumb"]
# How far each finger is stretched.
_STRETCHED: dict[Shape, tuple[float, ...]] = {
    "open": (1, 1, 1, 1, 1),
    "fist": (0.45, 0.3, 0.3, 0.3, 0.3),
    "peace": (0.4, 1, 1, 0.25, 0.25),
    "point": (0.5, 1, 0.28, 0.28, 0.28),
    "thumb": (1, 0.28, 0.28, 0.28, 0.28),
}
_SPREAD = {"peace": 1.9, "open": 1.25}  # how much further fingers are spread in these

Spot = tuple[float, float]
Limb = tuple[float, float]  # its direction, and how much of it is seen


def skeleton(said: Mapping[str, Json]) -> Skeleton:
    """One person from what the library says of them, in heights from the middle of their hips; `hidden` names points
    that are left out. Raises ValueError for what no person has."""
    turn, lean, bend = (_number(said, name) for name in ("turn", "lean", "spine"))
    seen = _number(said, "upright", 1.0)
    places: dict[int, Spot] = {}
    chest = _step((0.0, 0.0), 180 - lean - bend, SPINE * seen)
    places[1] = chest
    shoulders, hips = lean + bend + _number(said, "shoulders"), lean + _number(said, "hips")
    facing = math.cos(math.radians(turn))
    wide = _number(said, "wide", 1.0)  # of both: more than 0 where a whole profile would lay both sides on each other
    for first, middle, half, tilt, side in ((2, chest, SHOULDER, shoulders, -1), (5, chest, SHOULDER, shoulders, 1)):
        places[first] = _step(middle, 90 - tilt, side * half * facing * wide)
    for first, half, side in ((8, HIP, -1), (11, HIP, 1)):
        places[first] = _step((0.0, 0.0), 90 - hips, side * half * facing * wide)
    for name, first, lengths in _LIMBS:
        for at, (limb, length) in enumerate(zip(_limbs(said, name), lengths, strict=True)):
            places[first + at + 1] = _step(places[first + at], limb[0], length * limb[1])
    places |= _head(said, chest, turn, lean + bend)
    body = tuple(places.get(at) for at in range(18))
    hands = {side: _hand(said, side, body) for side in ("left", "right")}
    hidden = cast(Sequence[int], said.get("hidden") or ())
    return Skeleton(
        tuple(None if at in hidden else place for at, place in enumerate(body)), hands["left"], hands["right"]
    )


_LIMBS = (
    ("right_arm", 2, (UPPER_ARM, FOREARM)),
    ("left_arm", 5, (UPPER_ARM, FOREARM)),
    ("right_leg", 8, (THIGH, SHIN)),
    ("left_leg", 11, (THIGH, SHIN)),
)


def _number(said: Mapping[str, Json], name: str, usual: float = 0.0) -> float:
    return float(cast(float, said.get(name, usual)))


def _limbs(said: Mapping[str, Json], name: str) -> list[Limb]:
    """Directions of both halves of a limb."""
    both = cast(Sequence[float | Sequence[float]], said[name])
    if len(both) != 2:
        raise ValueError(name)
    return [(float(one), 1.0) if isinstance(one, int | float) else (float(one[0]), float(one[1])) for one in both]


def _step(at: Spot, direction: float, length: float) -> Spot:
    angle = math.radians(direction)
    return at[0] + math.sin(angle) * length, at[1] + math.cos(angle) * length


def _head(said: Mapping[str, Json], chest: Spot, turn: float, lean: float) -> dict[int, Spot]:
    """The face's points that are seen: `look` is where it is turned to (as the body, if nothing is said), `nod` how far
    down, `tilt` how far to the right of the picture."""
    look, nod = math.radians(_number(said, "look", turn)), math.radians(_number(said, "nod"))
    tilt = _number(said, "tilt")
    middle = _step(chest, 180 - lean - tilt / 2, NECK * _number(said, "neck", 1.0))
    roll = math.radians(lean + tilt)
    found: dict[int, Spot] = {}
    for at, (place, points, least) in _HEAD.items():
        x, y, _ = _turned(place, look, nod)
        if _turned(points, look, nod)[2] > least:
            found[at] = (
                middle[0] + x * math.cos(roll) + y * math.sin(roll),
                middle[1] + x * math.sin(roll) - y * math.cos(roll),
            )
    return found


def _turned(place: tuple[float, float, float], look: float, nod: float) -> tuple[float, float, float]:
    x, y, z = place
    y, z = y * math.cos(nod) - z * math.sin(nod), y * math.sin(nod) + z * math.cos(nod)
    return x * math.cos(look) + z * math.sin(look), y, z * math.cos(look) - x * math.sin(look)


def _hand(said: Mapping[str, Json], side: str, body: Sequence[Spot | None]) -> tuple[Spot, ...]:
    """The 21 points of a hand: `[shape, direction, thumb]`, where thumb is 1 or -1: with the clock from the fingers, or
    against it."""
    given = cast(Sequence[Json], said.get(f"{side}_hand") or ())
    if not given:
        return ()
    shape, direction, thumb = cast(Shape, given[0]), float(cast(float, given[1])), float(cast(float, given[2]))
    wrist = body[4 if side == "right" else 7]
    assert wrist is not None
    spread = _SPREAD.get(shape, 1.0)
    points: list[Spot] = [wrist]
    for (off, root, own, length), stretched in zip(_FINGERS, _STRETCHED[shape], strict=True):
        begin = _step(wrist, direction - thumb * off * spread, HAND * root)
        towards, joint = direction - thumb * own * spread, HAND * length * stretched / 3
        points += [_step(begin, towards, joint * at) for at in range(4)]
    return tuple(points)
