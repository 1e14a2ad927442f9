"""A pose as a map, drawn as the annotator drew those that the nets were trained on: the same order, colours and widths,
no edge smoothed. Compared with OpenCV's own pixels (tests/engine/poses/test_drawing.py has them as numbers).

Sources: the published drawing of controlnet-aux and sd-webui-controlnet (openpose/util), and for the wide lines that of
the model card of xinsir's SDXL net.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.poses.skeleton import Point, Pose

# Pairs of points, counted from 0, in the order in which they are drawn: a later limb covers an earlier one.
LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
    (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
# RGB, of limbs and of points alike.
COLOURS = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0), (0, 255, 0), (0, 255, 85),
    (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255), (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255),
    (255, 0, 170), (255, 0, 85),
)  # fmt: skip
FINGERS = tuple(pair for root in range(1, 21, 4) for pair in pairwise((0, root, root + 1, root + 2, root + 3)))
HALF = 4  # pixels: half the width of a limb in its middle, and the radius of a point
FACE = 3  # pixels: the radius of a point of the face
LINE = 2  # pixels: the width of a line of a hand
DIM = 0.6  # of a limb's colour
_TINY = 1e-9  # what arithmetic may add to a half
HAND_POINT, FACE_POINT = (0, 0, 255), (255, 255, 255)

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]


def draw(pose: Pose, width: int, height: int, *, wide: bool = False) -> Image.Image:
    """The map of that size in pixels, RGB on black; people are stretched with the canvas (engine/poses/placing.py fits
    them into another). `wide`: with the lines that grow with the picture, for the nets that were trained on these."""
    canvas = np.zeros((height, width, 3), np.uint8)
    times = widened(width, height) if wide else 1
    for one in pose.people:
        _body(canvas, one.body, times)
        _hand(canvas, one.left_hand)
        _hand(canvas, one.right_hand)
        for at in _pixels(canvas, one.face):
            if at is not None:
                _disc(canvas, at, FACE, FACE_POINT)
    return Image.fromarray(canvas)


def widened(width: int, height: int) -> int:
    """How many times wider the lines of a large map are, where a net wants them so: 1 below 500 pixels, then 2 and one
    more for every thousand, at most 7."""
    longest = max(width, height)
    return 1 if longest < 500 else min(2 + longest // 1000, 7)


def _body(canvas: Pixels, points: Sequence[Point], times: int) -> None:
    height, width = canvas.shape[:2]
    for (one, other), colour in zip(LIMBS, COLOURS, strict=False):
        start, end = points[one], points[other]
        if start is not None and end is not None:
            ends = (start[0] * width, start[1] * height), (end[0] * width, end[1] * height)
            _limb(canvas, *ends, HALF * times, _dim(colour))
    for at, colour in zip(_pixels(canvas, points), COLOURS, strict=True):
        if at is not None:
            _disc(canvas, at, HALF * times, colour)


def _hand(canvas: Pixels, points: Sequence[Point]) -> None:
    if not points:
        return
    placed = _pixels(canvas, points)
    for index, (one, other) in enumerate(FINGERS):
        start, end = placed[one], placed[other]
        if start is not None and end is not None:
            red, green, blue = colorsys.hsv_to_rgb(index / len(FINGERS), 1.0, 1.0)
            # OpenCV rounds a colour's fractions.
            _line(canvas, start, end, (round(red * 255), round(green * 255), round(blue * 255)))
    for at in placed:
        if at is not None:
            _disc(canvas, at, HALF, HAND_POINT)


def _pixels(canvas: Pixels, points: Sequence[Point]) -> list[tuple[int, int] | None]:
    """The points in whole pixels, cut as the annotator cuts them."""
    height, width = canvas.shape[:2]
    return [None if at is None else (int(at[0] * width), int(at[1] * height)) for at in points]


def _dim(colour: Colour) -> Colour:
    red, green, blue = (int(value * DIM) for value in colour)
    return red, green, blue


def _limb(canvas: Pixels, start: tuple[float, float], end: tuple[float, float], half: int, colour: Colour) -> None:
    """An ellipse between two points, as OpenCV makes its polygon: whole pixels, whole degrees."""
    middle = int((start[0] + end[0]) / 2), int((start[1] + end[1]) / 2)
    across, down = start[0] - end[0], start[1] - end[1]
    axes = int(math.hypot(across, down) / 2), half
    _fill(canvas, _ellipse(middle, axes, int(math.degrees(math.atan2(down, across)))), colour)


def _ellipse(middle: tuple[int, int], axes: tuple[int, int], turned: int) -> NDArray[np.float64]:
    """The corners of an ellipse, one a degree, in whole pixels; none twice in a row."""
    sines = _sines()
    cosine, sine = sines[(turned + 90) % 360], sines[turned % 360]
    x, y = axes[0] * sines[np.arange(90, 451) % 360], axes[1] * sines[np.arange(361) % 360]
    corners = np.stack([x * cosine - y * sine, x * sine + y * cosine], 1)
    whole = np.rint(corners + middle)
    return whole[np.r_[True, (whole[1:] != whole[:-1]).any(1)]]


@cache
def _sines() -> NDArray[np.float64]:
    """Sines of whole degrees with the seven decimals that OpenCV has of them: they decide where a corner lies half-way
    between two pixels."""
    return np.round(np.sin(np.radians(np.arange(360))), 7).astype(np.float32).astype(np.float64)


def _line(canvas: Pixels, start: tuple[int, int], end: tuple[int, int], colour: Colour) -> None:
    """A line of two pixels with round ends, as OpenCV draws it."""
    along = np.subtract(end, start).astype(np.float64)
    if length := float(np.hypot(*along)):
        aside = np.array([along[1], -along[0]]) * (LINE / 2 / length)
        corners = np.array([start + aside, start - aside, end - aside, end + aside])
        _fill(canvas, corners, colour)
    for at in (start, end):
        _disc(canvas, at, LINE // 2, colour)


def _fill(canvas: Pixels, corners: NDArray[np.float64], colour: Colour) -> None:
    """A convex polygon with its outline: of every row, what lies between the outline's first and last pixel."""
    height, width = canvas.shape[:2]
    spans: dict[int, tuple[int, int]] = {}
    for start, end in zip(corners.tolist(), np.roll(corners, -1, 0).tolist(), strict=True):
        for x, y in _edge(start, end):
            left, right = spans.get(y, (x, x))
            spans[y] = min(left, x), max(right, x)
    for y, (left, right) in spans.items():
        if 0 <= y < height and left < width and right >= 0:
            canvas[y, max(0, left) : right + 1] = colour


def _edge(start: list[float], end: list[float]) -> Iterator[tuple[int, int]]:
    """The pixels of an edge, a step for each along its longer side; where it runs half-way between two, both that
    OpenCV's outline (which goes from left to right and turns late) and its filling take."""
    (left, top), (right, bottom) = sorted((start, end), key=lambda at: at[0])
    steps = int(max(abs(_near(right) - _near(left)), abs(_near(bottom) - _near(top))))
    for step in range(steps + 1):
        share = step / steps if steps else 0.0
        x, y = left + share * (right - left), top + share * (bottom - top)
        yield math.ceil(x - 0.5 - _TINY), math.ceil(y - 0.5 - _TINY) if bottom > top else _near(y)
        if abs(bottom - top) > right - left:
            yield _near(x), _near(y)


def _near(value: float) -> int:
    return math.floor(value + 0.5 + _TINY)


def _disc(canvas: Pixels, at: tuple[int, int], radius: int, colour: Colour) -> None:
    height = canvas.shape[0]
    for down, half in enumerate(_halves(radius), -radius):
        y = at[1] + down
        if 0 <= y < height and at[0] + half >= 0:
            canvas[y, max(0, at[0] - half) : at[0] + half + 1] = colour


@cache
def _halves(radius: int) -> tuple[int, ...]:
    """Half the width of each row of a disc."""
    return tuple(math.isqrt(radius * radius - y * y) for y in range(-radius, radius + 1))
