"""A picture brought to the size of what is drawn, before a map is made of it: its lines are then a pixel wide there."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

from prompts.errors import Refusal

Size = tuple[int, int]
FITS = ("", "fill", "stretch")
MOST_PIXELS = 64 * 10**6
RESAMPLING = Image.Resampling.LANCZOS


def check_size(size: Size) -> None:
    """Raises Refusal `map.size` for one that no map can have."""
    if min(size) < 1 or size[0] * size[1] > MOST_PIXELS:
        raise Refusal("map.size", width=size[0], height=size[1], most=MOST_PIXELS // 10**6)


def check_fit(fit: str) -> None:
    """Raises Refusal `map.fit` for a way that there is not."""
    if fit not in FITS:
        raise Refusal("map.fit", fit=fit[:80])


def sized(image: Image.Image, size: Size, fit: str = "") -> Image.Image:
    """The picture at this size: cut in its middle; "stretch" squeezes it; "fill" gives what fits inside, which is
    smaller along one side, and which `filled` lays on the whole."""
    if image.size == size:
        return image
    if fit == "stretch":
        return image.resize(size, RESAMPLING)
    if fit == "fill":
        return image.resize(_within(image.size, size), RESAMPLING)
    return ImageOps.fit(image, size, RESAMPLING)


def _within(size: Size, limits: Size) -> Size:
    scale = min(limit / length for limit, length in zip(limits, size, strict=True))
    width, height = (min(limit, max(1, round(length * scale))) for limit, length in zip(limits, size, strict=True))
    return width, height


def filled(made: Image.Image, size: Size) -> Image.Image:
    """A map that is smaller than this in the middle of it, on the colour that its border has for the most part."""
    if made.size == size:
        return made
    pixels = np.asarray(made)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ground = tuple(int(shade) for shade in np.median(border, axis=0))
    whole = Image.new(made.mode, size, ground)
    whole.paste(made, ((size[0] - made.width) // 2, (size[1] - made.height) // 2))
    return whole
