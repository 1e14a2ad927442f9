"""The points that other programs have of a body, brought into the order of OpenPose's 18."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.poses.skeleton import POINTS

Place = tuple[float, float] | None
Places = tuple[Place, ...]
Triple = tuple[float, float, float]  # x, y and how sure the point is

# For each of the 18 points, where it stands among others; None for the neck, where it is to be made of the shoulders.
_COCO: tuple[int | None, ...] = (0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
_BODY_25: tuple[int | None, ...] = (*range(8), *range(9, 15), *range(15, 19))
_MEDIAPIPE: tuple[int | None, ...] = (0, None, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7)
_OPENPOSE: tuple[int | None, ...] = tuple(range(18))
BODIES = {17: _COCO, 18: _OPENPOSE, 25: _BODY_25, 33: _MEDIAPIPE}

# A point counts where a program is surer of it than this: OpenPose writes 0 for what it has not found, detectors of
# COCO's points write their score (0 is "not labelled" in the data set itself), MediaPipe how likely it is to be seen.
_SURE = {17: 0.3, 33: 0.5}


def body(triples: Sequence[Triple]) -> Places:
    """The 18 points. Raises ValueError for a number of points that none of the programs has."""
    order = BODIES.get(len(triples))
    if order is None:
        raise ValueError(len(triples))
    if len(triples) == 33 and any(not 0 <= sure <= 1 for _, _, sure in triples):  # as the net says it itself
        triples = [(x, y, 1 / (1 + math.exp(-min(max(sure, -50), 50)))) for x, y, sure in triples]
    there = seen(triples, _SURE.get(len(triples), 0.0))
    places = [None if at is None else there[at] for at in order]
    neck, right, left = (POINTS.index(name) for name in ("neck", "right shoulder", "left shoulder"))
    one, other = places[right], places[left]
    if order[neck] is None and one is not None and other is not None:
        places[neck] = ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
    return tuple(places)


def seen(triples: Sequence[Triple], sure: float = 0.0) -> Places:
    """The points that are seen: those at the corner itself are none."""
    return tuple(None if how <= sure or (x, y) == (0, 0) else (x, y) for x, y, how in triples)


def numbers_each(count: int) -> int:
    """How many numbers each point has in a row of that many. Raises ValueError where no body, hand or face fits."""
    points = (*BODIES, 21, 68, 70)
    for each in (3, 4, 2):
        if count % each == 0 and count // each in points:
            return each
    raise ValueError(count)
