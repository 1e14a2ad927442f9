"""Pictures within a picture: what stands on the ground of a screenshot, in a card on it, in a window on a desktop.

scipy's `label` would be loaded into the process that speaks to people for this alone.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

Pixels = tuple[int, int, int, int]  # left, top, right, bottom

_LOOKED = 512  # pixels of the longer side that are looked at
_BAND = 32  # parts of the shorter side of which one is the edge
_MARGIN = 100  # parts of a side of which one is no matter
_SIGHT = 24  # of 255 by which what stands on a ground differs from it
_GROUNDS, _SHARE = 3, 0.1  # colours of the edge that are tried as the ground, and how much of it they take at least
_LEAST = 0.02  # of the picture's area that a picture in it takes
_SMALLEST = 16  # pixels of its shorter side
_WHOLE = 0.98  # of a ground's area from which on nothing stands on it: it is all of it
_EACH = 4  # things on one ground that are looked into, the largest first
DEEP = 5  # a picture in a bubble in a chat in a window on a desktop


def framed(image: Image.Image, most: int, deep: int = DEEP) -> list[Image.Image]:
    """What stands on a picture's ground, the largest first, then what stands on the grounds of these, so many levels
    deep, and no more than `most`. Takes some milliseconds for each."""
    found: list[Image.Image] = []
    waiting = deque([(image, 0)])
    least = _LEAST * image.width * image.height
    while waiting and len(found) < most:
        ground, depth = waiting.popleft()
        for box in _standing(ground, least)[: min(_EACH, most - len(found))]:
            one = ground.crop(box)
            found.append(one)
            if depth + 1 < deep:
                waiting.append((_inside(one), depth + 1))
    return found


def _standing(image: Image.Image, least: float) -> list[Pixels]:
    """The boxes around the things that stand on a picture's ground, which is one of the commonest colours of its edge,
    the largest first; none where one is all of it."""
    small = image.copy()
    small.thumbnail((_LOOKED, _LOOKED), Image.Resampling.BOX)
    pixels = np.asarray(small)
    across, down = image.width / small.width, image.height / small.height
    sizes: dict[Pixels, int] = {}
    for ground in _grounds(pixels):
        off = ImageChops.difference(small, Image.new("RGB", small.size, ground))
        for left, top, right, bottom in _boxes(np.asarray(off).max(axis=2) > _SIGHT):
            box = round(left * across), round(top * down), round(right * across), round(bottom * down)
            sizes[box] = (box[2] - box[0]) * (box[3] - box[1])
    all_of_it = _WHOLE * image.width * image.height
    seen = [
        box for box in sizes if least <= sizes[box] < all_of_it and min(box[2] - box[0], box[3] - box[1]) >= _SMALLEST
    ]
    largest = sorted(seen, key=lambda box: (-sizes[box], box))
    near = math.ceil(max(image.size) / _MARGIN)
    found: list[Pixels] = []
    for box in largest:  # of two grounds the same thing may be a little larger on one
        if not any(max(abs(a - b) for a, b in zip(box, other, strict=True)) <= near for other in found):
            found.append(box)
    return found


def _inside(image: Image.Image) -> Image.Image:
    """What stands in a frame: without its outermost pixels, which are half of what is around it."""
    across, down = math.ceil(image.width / _MARGIN), math.ceil(image.height / _MARGIN)
    return image.crop((across, down, image.width - across, image.height - down))


def _grounds(pixels: NDArray[np.uint8]) -> list[tuple[int, int, int]]:
    """The colours that take much of a picture's edge, the commonest first. Of a bubble that a picture fills up to its
    text the ground is not the commonest."""
    wide = max(1, min(pixels.shape[:2]) // _BAND)
    sides = (pixels[:wide], pixels[-wide:], pixels[:, :wide], pixels[:, -wide:])
    edge = np.concatenate([side.reshape(-1, 3) for side in sides]) // 16
    shades, counts = np.unique(edge, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_GROUNDS]
    kept = [number for number in order if number == order[0] or counts[number] >= _SHARE * len(edge)]
    return [(int(r) * 16 + 8, int(g) * 16 + 8, int(b) * 16 + 8) for r, g, b in shades[kept]]


def _boxes(there: NDArray[np.bool_]) -> list[Pixels]:
    """The boxes around the groups of cells that touch by a side."""
    parents: list[int] = []
    boxes: list[list[int]] = []
    above: list[tuple[int, int, int]] = []  # runs of cells in the row before: from, to, group

    def root(group: int) -> int:
        while parents[group] != group:
            parents[group] = parents[parents[group]]
            group = parents[group]
        return group

    for y, row in enumerate(there):
        turns = np.flatnonzero(np.diff(row.astype(np.int8), prepend=0, append=0)).tolist()
        runs: list[tuple[int, int, int]] = []
        past = 0  # runs of the row before that end before this one begins
        for start, end in list(pairwise(turns))[::2]:
            group = len(parents)
            parents.append(group)
            boxes.append([start, y, end, y + 1])
            while past < len(above) and above[past][1] <= start:
                past += 1
            touching = past
            while touching < len(above) and above[touching][0] < end:
                if (one := root(above[touching][2])) != (this := root(group)):
                    parents[this] = one
                    boxes[one] = [
                        *map(min, boxes[one][:2], boxes[this][:2]),
                        *map(max, boxes[one][2:], boxes[this][2:]),
                    ]
                touching += 1
            runs.append((start, end, group))
        above = runs
    groups = [boxes[group] for group in range(len(parents)) if root(group) == group]
    return [(left, top, right, bottom) for left, top, right, bottom in groups]
