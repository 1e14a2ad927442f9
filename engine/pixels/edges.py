"""Pictures whose edges meet, while they are enlarged and drawn over in tiles: what lies beyond an edge is the other
side of the picture. No torch here."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from engine.pixels.tiles import Shades

SEEN = 32  # pixels beyond an edge that an upscaler is shown, as much as its tiles share

Size = tuple[int, int]  # width and height


class Edges:
    """The edges of a picture that is enlarged from one size to another; those of the `axes` meet ("x", "y", "xy")."""

    def __init__(self, axes: str, before: Size, after: Size) -> None:
        self._margins = [
            _margin(one, other) if axis in axes else 0 for axis, one, other in zip("xy", before, after, strict=True)
        ]
        self._cut = [margin * other // one for margin, one, other in zip(self._margins, before, after, strict=True)]
        self._after = after

    @property
    def enlarged(self) -> Size:
        """The size to enlarge what `beyond` gives to."""
        return self._after[0] + 2 * self._cut[0], self._after[1] + 2 * self._cut[1]

    def beyond(self, image: Image.Image) -> Image.Image:
        """The picture with what lies beyond those of its edges that meet."""
        across, down = self._margins
        if not across and not down:
            return image
        return Image.fromarray(np.pad(np.asarray(image), ((down, down), (across, across), (0, 0)), mode="wrap"))

    def within(self, image: Image.Image) -> Image.Image:
        """The picture alone, once it has been enlarged."""
        left, top = self._cut
        return image.crop((left, top, left + self._after[0], top + self._after[1])) if left or top else image


def _margin(before: int, after: int) -> int:
    """The least number of pixels, no fewer than are seen, that become a whole number of them."""
    step = before // math.gcd(before, after)
    return -(-SEEN // step) * step


def overhang(axes: str, size: Size, shared: int) -> Size:
    """By how many pixels tiles go on beyond the right and the lower edge, where these meet the others: by as many as
    they share with their neighbours."""
    return min(shared, size[0]) if "x" in axes else 0, min(shared, size[1]) if "y" in axes else 0


def overhanging(image: Image.Image, beyond: Size) -> Image.Image:
    """The picture going on with itself to the right and below."""
    return _padded(image, beyond, "wrap")


def drawn_out(image: Image.Image, step: int) -> Image.Image:
    """The picture with its last pixels repeated until its sides are multiples of `step`."""
    return _padded(image, (-image.width % step, -image.height % step), "edge")


def joined(shades: Shades, size: Size, beyond: Size) -> Shades:
    """The picture of this size, (height, width, 3): what was drawn beyond its edges fades out where they meet."""
    width, height = size
    whole = shades[: height + beyond[1], : width + beyond[0]]
    whole = np.swapaxes(_faded(np.swapaxes(whole, 0, 1), width), 0, 1)
    return _faded(whole, height)


def _faded(rows: Shades, length: int) -> Shades:
    """So many rows, what is beyond them fading out over the first."""
    beyond = len(rows) - length
    made = rows[:length].copy()
    own = ((np.arange(beyond, dtype=np.float32) + 0.5) / max(1, beyond))[:, None, None]
    made[:beyond] = own * rows[:beyond] + (1 - own) * rows[length:]
    return made


def _padded(image: Image.Image, beyond: Size, mode: str) -> Image.Image:
    if not any(beyond):
        return image
    shades = np.asarray(image)
    wide = ((0, beyond[1]), (0, beyond[0]), *[(0, 0)] * (shades.ndim - 2))
    return Image.fromarray(np.pad(shades, wide, mode="wrap" if mode == "wrap" else "edge"))
