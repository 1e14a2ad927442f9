"""Poses put in place: mirrored, made larger, moved, joined, fitted into a canvas of another shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.poses.skeleton import Point, Pose, Skeleton

# Where each of the 18 points stands in the mirror: what was the right hand is the left one.
_OTHER_SIDE = (0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16)
# The same of a face's 68 points, from ear to ear: jaw, brows, bridge and tip of the nose, eyes, lips.
_OTHER_FACE = (
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1), 45, 44, 43, 42, 47, 46, 39, 38, 37, 36,
    41, 40, *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1),
)  # fmt: skip
_PUPILS = (69, 68)


def mirrored(pose: Pose) -> Pose:
    """The pose in a mirror: left becomes right, for the person's own sides, too."""
    return replace(pose, people=tuple(_mirrored(one) for one in pose.people))


def _mirrored(one: Skeleton) -> Skeleton:
    face = tuple(one.face[at] for at in (*_OTHER_FACE, *_PUPILS)[: len(one.face)])
    other = Skeleton(tuple(one.body[at] for at in _OTHER_SIDE), one.right_hand, one.left_hand, face)
    return moved(other, lambda x, y: (1 - x, y))


def moved(one: Skeleton, to: Callable[[float, float], tuple[float, float]]) -> Skeleton:
    """The skeleton with every point where `to` puts it."""

    def each(points: Sequence[Point]) -> tuple[Point, ...]:
        return tuple(None if at is None else to(*at) for at in points)

    return Skeleton(each(one.body), each(one.left_hand), each(one.right_hand), each(one.face))


def scaled(pose: Pose, factor: float, at: tuple[float, float] = (0.5, 0.5)) -> Pose:
    """The pose that many times as large, `at` (shares of the canvas) staying where it is."""

    def larger(x: float, y: float) -> tuple[float, float]:
        return at[0] + (x - at[0]) * factor, at[1] + (y - at[1]) * factor

    return replace(pose, people=tuple(moved(one, larger) for one in pose.people))


def shifted(pose: Pose, across: float, down: float) -> Pose:
    """The pose moved by these shares of the canvas."""
    return replace(pose, people=tuple(moved(one, lambda x, y: (x + across, y + down)) for one in pose.people))


def fitted(pose: Pose, width: int, height: int) -> Pose:
    """The pose on a canvas of that size in pixels: as large as goes in whole, nobody stretched, in the middle."""
    scale = min(width / pose.width, height / pose.height)
    wide, high = pose.width * scale / width, pose.height * scale / height
    left, top = (1 - wide) / 2, (1 - high) / 2

    def placed(x: float, y: float) -> tuple[float, float]:
        return left + x * wide, top + y * high

    return Pose(tuple(moved(one, placed) for one in pose.people), width, height)
