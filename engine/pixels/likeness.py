"""Whether a picture is a copy of another: recompressed, resized, cropped a little, or within a screenshot.

A `print` is a few perceptual hashes (the signs of the lowest frequencies of a discrete cosine transform about their
median, as described by Zauner 2010) of a picture and of what its crops would be, small enough to compare with all of
a person's. They find what may be a copy; whether it is, `agreement` says, which looks at both.

The library `imagehash` brings PyWavelets and has scipy loaded into the process that speaks to people, for these few
lines of numpy; and its hash of a whole picture does not know a crop.

Measured on 88 pictures of the built-in model, of the same few things on the same grounds: a copy cropped by up to 8 %
at each side, enlarged and saved as JPEG 40 has a print at most 12 of 63 signs away and agrees to 0.96 at least; the
two other pictures most alike agree to 0.94.
"""

from __future__ import annotations

import io
import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]  # left, top, right, bottom; shares of the sides that are cut off

NEAR = 16  # signs of 63 that the print of a copy may differ in
SAME = 0.95  # how far a copy agrees at least
UNREADABLE = "-"  # the print of what is no picture

_SIDE, _FREQUENCIES = 32, 8
_WHOLE: Box = (0.0, 0.0, 0.0, 0.0)
_EDGES = ((0,), (1,), (2,), (3,), (0, 1), (1, 2), (2, 3), (3, 0))
_CROPS: tuple[Box, ...] = (
    _WHOLE,
    *((share, share, share, share) for share in (0.05, 0.1)),
    *(((0.05, 0.0, 0.05, 0.0)), (0.0, 0.05, 0.0, 0.05)),
    *(cast(Box, tuple(0.08 if edge in cut else 0.0 for edge in range(4))) for cut in _EDGES),
)
_CUTS: tuple[Box, ...] = tuple(cast(Iterable[Box], itertools.product((0.0, 0.04, 0.08, 0.12), repeat=4)))
_SMALL, _CELLS = 96, 16
_LOOKED = 256  # pixels a screenshot is looked at in
_SIGHT = 24  # of 255 by which what stands on a ground differs from it
_LEAST = 0.04  # of a screenshot's area that the picture in it takes


def print_of(content: bytes) -> str:
    """A picture's print, to be kept. Takes some ten milliseconds: call it in a thread."""
    image = opened(content)
    if image is None:
        return UNREADABLE
    found = [_signs(image, crop) for crop in _CROPS]
    found += [_signs(other, _WHOLE) for other in readings(image)[1:]]
    return " ".join(f"{signs:016x}" for signs in dict.fromkeys(found))


def opened(content: bytes) -> Image.Image | None:
    """A picture's colours, small enough to be looked at; None for what is none."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.draft("RGB", (1024, 1024))
            picture.thumbnail((1024, 1024), Image.Resampling.BOX)
            rgba = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    white = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(white, rgba).convert("RGB")


def readings(image: Image.Image) -> list[Image.Image]:
    """What somebody may mean by a picture: all of it, and the largest thing that stands on its ground."""
    box = _framed(image)
    return [image] if box is None else [image, image.crop(box)]


def signs(asked: Sequence[Image.Image]) -> tuple[int, ...]:
    """The hash of each reading."""
    return tuple(_signs(one, _WHOLE) for one in asked)


def distance(kept: str, asked: Iterable[int]) -> int:
    """In how many signs a kept print differs from the nearest of some hashes; 64 for one of no picture."""
    own = [int(one, 16) for one in kept.split() if one != UNREADABLE]
    return min((int.bit_count(one ^ other) for one in own for other in asked), default=64)


def agreement(asked: Sequence[Image.Image], image: Image.Image) -> float:
    """How far a picture agrees with the best of some readings, however little of it is cut off: 1 is all, 0 nothing.
    Takes a tenth of a second: call it in a thread."""
    wanted = np.stack([_levelled(_cells(one, _WHOLE)[None])[0] for one in asked])
    best = 0.0
    for one in readings(image):
        small = one.resize((_SMALL, _SMALL), Image.Resampling.BOX)
        windows = _levelled(np.stack([_cells(small, cut) for cut in _CUTS]))
        best = max(best, float((windows @ wanted.T).max()))
    return best


def _signs(image: Image.Image, crop: Box) -> int:
    grey = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS, box=_pixels(image, crop))
    waves = (_COSINES @ np.asarray(grey, dtype=np.float64) @ _COSINES.T).ravel()[1:]  # without the mean brightness
    return int("".join("1" if above else "0" for above in waves > np.median(waves)), 2)


def _cells(image: Image.Image, crop: Box) -> Floats:
    small = image.resize((_CELLS, _CELLS), Image.Resampling.BOX, box=_pixels(image, crop))
    return np.asarray(small, dtype=np.float64).ravel()


def _levelled(cells: Floats) -> Floats:
    """Rows without their mean, of length 1: their products are correlations."""
    level = cells - cells.mean(axis=1, keepdims=True)
    return cast(Floats, level / np.maximum(np.linalg.norm(level, axis=1, keepdims=True), 1e-6))


def _pixels(image: Image.Image, crop: Box) -> Box:
    left, top, right, bottom = crop
    return image.width * left, image.height * top, image.width * (1 - right), image.height * (1 - bottom)


def _framed(image: Image.Image) -> tuple[int, int, int, int] | None:
    """Where the largest thing stands on a picture's ground, the commonest colour of its edge; None where that is all
    of it, or too little to be a picture."""
    small = image.copy()
    small.thumbnail((_LOOKED, _LOOKED), Image.Resampling.BOX)
    pixels = np.asarray(small)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    shades, counts = np.unique(edge // 16, axis=0, return_counts=True)
    ground = tuple(int(shade) * 16 + 8 for shade in shades[counts.argmax()])
    off = ImageChops.difference(small, Image.new("RGB", small.size, ground))
    there = np.asarray(off).max(axis=2) > _SIGHT
    box = _largest(there)
    if box is None:
        return None
    left, top, right, bottom = box
    share = (right - left) * (bottom - top) / (small.width * small.height)
    if not _LEAST <= share < 0.98:
        return None
    across, down = image.width / small.width, image.height / small.height
    return round(left * across), round(top * down), round(right * across), round(bottom * down)


def _largest(there: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """The box around the connected cells that take the largest one."""
    waiting, best, largest = set(zip(*(axis.tolist() for axis in there.nonzero()), strict=True)), None, 0
    while waiting:
        first = waiting.pop()
        group, at = deque([first]), [first[1], first[0], first[1], first[0]]
        while group:
            y, x = group.popleft()
            at = [min(at[0], x), min(at[1], y), max(at[2], x), max(at[3], y)]
            for cell in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if cell in waiting:
                    waiting.remove(cell)
                    group.append(cell)
        size = (at[2] - at[0] + 1) * (at[3] - at[1] + 1)
        if size > largest:
            largest, best = size, (at[0], at[1], at[2] + 1, at[3] + 1)
    return best


_COSINES: Floats = np.cos(
    np.pi * np.outer(np.arange(_FREQUENCIES), 2 * np.arange(_SIDE) + 1) / (2 * _SIDE)
)  # of a DCT-II
