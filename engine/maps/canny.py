"""Edges a pixel wide, after Canny (1986), with the gradient, directions and thresholds that OpenCV counts in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Whole = NDArray[np.int32]
Marks = NDArray[np.bool_]

# Slopes of 22.5° in parts of 2¹⁵: a direction is one of four, and whole numbers leave no doubt about which.
_PARTS = 15
_SLOPE = round(np.tan(np.pi / 8) * 2**_PARTS)


def canny(image: Image.Image, low: float, high: float) -> Image.Image:
    """White edges on black of an RGB picture. An edge begins where the gradient |dx| + |dy| of Sobel's operator (in
    0…2040, of the channel where it is largest) is over `high`, and goes on where it is over `low`."""
    low, high = sorted((np.floor(low), np.floor(high)))
    across, down = _gradient(np.asarray(image, np.int32))
    steep = np.abs(across) + np.abs(down)
    thin = (steep > low) & _crest(steep, across, down)
    kept = _joined(thin, thin & (steep > high))
    return Image.fromarray(kept.astype(np.uint8) * 255).convert("RGB")


def _gradient(pixels: Whole) -> tuple[Whole, Whole]:
    """Sobel's operator across and down, (height, width) each, of the channel in which it is largest."""
    wide = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    smooth = wide[:-2] + 2 * wide[1:-1] + wide[2:]
    across = smooth[:, 2:] - smooth[:, :-2]
    smooth = wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]
    down = smooth[2:] - smooth[:-2]
    best = (np.abs(across) + np.abs(down)).argmax(axis=2)[..., None]
    return np.take_along_axis(across, best, 2)[..., 0], np.take_along_axis(down, best, 2)[..., 0]


def _crest(steep: Whole, across: Whole, down: Whole) -> Marks:
    """Where the gradient is no less than on either side, looked at in the direction in which it points."""
    height, width = steep.shape
    wide = np.pad(steep, 1)

    def beside(rows: int, columns: int) -> Whole:
        return wide[1 + rows : 1 + rows + height, 1 + columns : 1 + columns + width]

    x, y = np.abs(across).astype(np.int64), np.abs(down).astype(np.int64) << _PARTS
    flat, upright = y < x * _SLOPE, y > x * _SLOPE + (x << (_PARTS + 1))
    level = (steep > beside(0, -1)) & (steep >= beside(0, 1))
    plumb = (steep > beside(-1, 0)) & (steep >= beside(1, 0))
    falling = (steep > beside(-1, -1)) & (steep > beside(1, 1))
    rising = (steep > beside(-1, 1)) & (steep > beside(1, -1))
    slanting = np.where((across ^ down) < 0, rising, falling)
    found: Marks = np.where(flat, level, np.where(upright, plumb, slanting))
    return found


def _joined(marks: Marks, sure: Marks) -> Marks:
    """Those of the marks that hang together, corners included, with one that is sure."""
    height, width = marks.shape
    number = np.full((height + 1, width + 2), -1, np.intp)  # a border of nothing, so that no row runs into the next
    number[:height, 1:-1][marks] = np.arange(marks.sum())
    # Each pair of neighbours once: to the right, and the three below.
    pairs = []
    for rows, columns in ((0, 1), (1, -1), (1, 0), (1, 1)):
        one = number[:height, 1:-1]
        other = number[rows : rows + height, 1 + columns : 1 + columns + width]
        both = (one >= 0) & (other >= 0)
        pairs.append(np.stack([one[both], other[both]]))
    ones, others = np.concatenate(pairs, axis=1)
    # Every group takes its lowest number: neighbours' groups are joined, then all numbers follow the one they point to.
    group = np.arange(marks.sum())
    while len(ones):
        low, high = np.minimum(group[ones], group[others]), np.maximum(group[ones], group[others])
        np.minimum.at(group, high, low)
        while (further := group[group]).tobytes() != group.tobytes():
            group = further
        apart = group[ones] != group[others]
        ones, others = ones[apart], others[apart]
    lively = np.zeros(len(group), bool)
    lively[group[sure[marks]]] = True
    found = np.zeros_like(marks)
    found[marks] = lively[group]
    return found
