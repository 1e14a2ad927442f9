"""Tiles: a large picture cut into overlapping boxes, and boxes joined again without seams. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Shades = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; right and bottom lie just outside, as in Pillow."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def share(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """The same in shares (0…1) of a picture of this width and height."""
        return self.left / size[0], self.top / size[1], self.right / size[0], self.bottom / size[1]

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """The form that Pillow's crop takes."""
        return self.left, self.top, self.right, self.bottom

    def times(self, factor: int) -> Box:
        """The box on a picture enlarged by a whole factor."""
        return Box(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)


def cut(width: int, height: int, side: int, overlap: int, step: int = 1) -> tuple[Box, ...]:
    """Boxes of at most `side` pixels that cover a picture, spread evenly; neighbours share `overlap` pixels or more,
    and corners are multiples of `step` where the sizes are."""
    rows, columns = _spans(height, side, overlap, step), _spans(width, side, overlap, step)
    return tuple(Box(left, top, right, bottom) for top, bottom in rows for left, right in columns)


def _spans(length: int, side: int, overlap: int, step: int) -> list[tuple[int, int]]:
    side = min(side, length)
    count = 1 + max(0, -(-(length - side) // max(1, side - overlap - step)))
    starts = [round((length - side) * index / max(1, count - 1) / step) * step for index in range(count)]
    return [(start, start + side) for start in starts]


class Joined:
    """A picture that tiles are added to one by one; where they overlap, each fades out towards its own edge. The
    outermost `edge` pixels of a tile count only where no other has them: networks draw them without seeing on."""

    def __init__(self, width: int, height: int, edge: int = 0) -> None:
        self._sum = np.zeros((height, width, 3), np.float32)
        self._weight = np.zeros((height, width, 1), np.float32)
        self._edge = edge

    def add(self, box: Box, shades: Shades) -> None:
        """A tile of exactly the box's size, (height, width, 3)."""
        weight = np.multiply.outer(self._slope(box.height), self._slope(box.width))[..., None]
        where = np.s_[box.top : box.bottom, box.left : box.right]
        self._sum[where] += shades * weight
        self._weight[where] += weight

    @property
    def shades(self) -> Shades:
        """All tiles together, (height, width, 3)."""
        return self._sum / self._weight

    def _slope(self, length: int) -> Shades:
        """1, 2, 3 … towards the middle: at the edge of a tile its neighbour counts more."""
        steps = np.arange(1, length + 1, dtype=np.float32)
        return np.maximum(np.minimum(steps, steps[::-1]) - np.float32(self._edge), np.float32(1e-4))
