"""A pose from a file: OpenPose's JSON in every form that programs write, or a map of ours with the JSON inside."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from PIL import Image

from engine.poses import layouts
from engine.poses.layouts import Place
from engine.poses.skeleton import FACES, HAND, MOST, Point, Pose, Skeleton
from engine.poses.writing import CHUNK
from prompts.errors import Refusal
from prompts.prompt import Json

LONGEST = 2_000_000  # bytes: a hundred people with hands and faces take a tenth of it
SIDE = 16384  # pixels: the largest canvas
SHARES = 2.0  # coordinates up to here are shares of the canvas; a share may lie a little outside of it
EMPTY = 512  # pixels: a canvas of which nothing is said and on which shares stand

_BODY = ("pose_keypoints_2d", "pose_keypoints", "keypoints", "pose_landmarks", "landmarks", "body")
_LEFT = ("hand_left_keypoints_2d", "hand_left_keypoints", "left_hand_landmarks")
_RIGHT = ("hand_right_keypoints_2d", "hand_right_keypoints", "right_hand_landmarks")
_FACE = ("face_keypoints_2d", "face_keypoints")
_PEOPLE = ("people", "annotations", "persons", "predictions", "instances", "poses", "pose_landmarks")

Found = tuple[layouts.Places, layouts.Places, layouts.Places, layouts.Places]


def readable(content: bytes) -> bool:
    """Whether the bytes look like a pose: JSON, or a PNG that carries it. `read` says whether it is one."""
    return is_json(content) or _in_png(content) is not None


def is_json(content: bytes) -> bool:
    """Whether the bytes look like JSON, as no picture does."""
    return content[:40].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def read(content: bytes) -> Pose:
    """The people in a file: points in pixels or in shares, of 17 (COCO), 18, 25 (OpenPose) or 33 (MediaPipe).

    Raises Refusal "pose.unread" for what is no pose, "pose.nobody" where no point is seen, "pose.too_many" for more
    than 12 people."""
    text = _in_png(content)
    if text is None:
        if len(content) > LONGEST:
            raise Refusal("pose.unread")
        text = content.decode("utf-8-sig", "replace")
    try:
        root = json.loads(text, parse_constant=lambda word: 0)
    except (ValueError, RecursionError):
        raise Refusal("pose.unread") from None
    return read_json(root)


def read_json(root: Json) -> Pose:
    """The people in JSON that is read already. Raises as `read`."""
    try:
        found = [_found(one) for one in _people(root)]
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError):
        raise Refusal("pose.unread") from None
    found = [one for one in found if any(at is not None for at in one[0])]
    if not found:
        raise Refusal("pose.nobody")
    if len(found) > MOST:
        raise Refusal("pose.too_many", count=len(found), limit=MOST)
    every = [at for one in found for part in one for at in part if at is not None]
    shares = all(abs(value) <= SHARES for at in every for value in at)
    width, height = _canvas(root) or (_margined(every) if not shares else (EMPTY, EMPTY))
    across, down = (1.0, 1.0) if shares else (1 / width, 1 / height)

    def placed(part: Sequence[Place]) -> tuple[Point, ...]:
        return tuple(None if at is None else (at[0] * across, at[1] * down) for at in part)

    people = (Skeleton(*(placed(part) for part in one)) for one in found)
    return Pose(tuple(people), width, height)


def _in_png(content: bytes) -> str | None:
    """The JSON in a map of ours; None for other files."""
    if not content.startswith(b"\x89PNG"):
        return None
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            return cast(Mapping[str, str], getattr(image, "text", {})).get(CHUNK)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _people(root: Json) -> Iterator[Json]:
    """What is said of each person: of the first pictures, where a file is of several."""
    if isinstance(root, Mapping):
        for name in _PEOPLE:
            many = root.get(name)
            if isinstance(many, list) and many and not _numbers(many) and not _landmarks(many):
                yield from many
                return
        if any(root.get(name) for name in _BODY):
            yield root
    elif isinstance(root, list):
        if _numbers(root) or _landmarks(root):
            yield root
        elif root and isinstance(root[0], Mapping) and any(name in root[0] for name in _PEOPLE):
            yield from _people(root[0])
        else:
            yield from root


def _numbers(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, int | float) for one in value)


def _landmarks(value: Json) -> bool:
    """Whether a list is points of one person: objects with x and y, or lists of numbers."""
    if not isinstance(value, list) or len(value) not in layouts.BODIES:
        return False
    seen = [one for one in value if one is not None]
    return all(isinstance(one, Mapping) and "x" in one for one in seen) or all(_short(one) for one in seen)


def _short(value: Json) -> bool:
    return _numbers(value) and len(cast(list[Json], value)) in (2, 3, 4)


def _found(person: Json) -> Found:
    if isinstance(person, list):
        return layouts.body(_triples(person)), (), (), ()
    if not isinstance(person, Mapping):
        raise TypeError
    said = {key: next((person[name] for name in names if person.get(name)), None) for key, names in _PARTS.items()}
    return (
        layouts.body(_triples(said["body"])),
        _part(said["left"], (HAND,)),
        _part(said["right"], (HAND,)),
        _part(said["face"], FACES),
    )


_PARTS = {"body": _BODY, "left": _LEFT, "right": _RIGHT, "face": _FACE}


def _part(value: Json, lengths: tuple[int, ...]) -> layouts.Places:
    """A hand or a face; left out where nothing of it is seen."""
    triples = _triples(value) if value else []
    if triples and len(triples) not in lengths:
        raise ValueError
    places = layouts.seen(triples)
    return places if any(at is not None for at in places) else ()


def _triples(value: Json) -> list[layouts.Triple]:
    """Points as x, y and how sure they are: from a row of numbers, from lists, or from objects."""
    if not isinstance(value, list):
        raise TypeError
    if _numbers(value):
        each = layouts.numbers_each(len(value))
        value = [value[at : at + each] for at in range(0, len(value), each)]
    return [_triple(one) for one in value]


def _triple(one: Json) -> layouts.Triple:
    if one is None:
        return 0.0, 0.0, 0.0
    if isinstance(one, Mapping):
        sure = one.get("visibility", one.get("score", one.get("confidence", one.get("c", 1.0))))
        numbers = [one["x"], one["y"], 1.0 if sure is None else sure]
    elif isinstance(one, list):
        numbers = [one[0], one[1], one[-1] if len(one) > 2 else 1.0]
    else:
        raise TypeError
    x, y, sure = (float(cast(float, number)) for number in numbers)
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(sure) and max(abs(x), abs(y)) < 1e6):
        raise ValueError
    return x, y, sure


def _canvas(root: Json) -> tuple[int, int] | None:
    """The size in pixels that a file names."""
    if isinstance(root, list):
        return _canvas(root[0]) if root and isinstance(root[0], Mapping) else None
    if not isinstance(root, Mapping):
        return None
    images = root.get("images")
    first = images[0] if isinstance(images, list) and images and isinstance(images[0], Mapping) else {}
    for place, names in (
        (root, ("canvas_width", "canvas_height")),
        (root, ("width", "height")),
        (root, ("image_width", "image_height")),
        (first, ("width", "height")),
    ):
        width, height = (place.get(name) for name in names)
        if isinstance(width, int | float) and isinstance(height, int | float) and 1 <= width <= SIDE >= height >= 1:
            return round(width), round(height)
    return None


def _margined(places: Sequence[tuple[float, float]]) -> tuple[int, int]:
    """A canvas with as much room behind the last point as before the first."""
    rows = zip(*places, strict=True)
    width, height = (round(min(max(max(row) + max(min(row), 0.0), 8.0), SIDE)) for row in rows)
    return width, height
