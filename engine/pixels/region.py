"""The region of a picture that is drawn by itself where only what a mask shows is asked for: its box, of the shape that
is drawn, and what goes into it and comes out of it. No torch here.

Source: the behaviour of `modules/masking.py` and `resize_image` in AUTOMATIC1111/stable-diffusion-webui 1.10.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from engine.pixels.tiles import Box

Size = tuple[int, int]


def around(mask: Image.Image, padding: int, shape: Size) -> Box | None:
    """The box of what is not black in a mask and so many pixels around it, made as wide or as high as `shape` has it
    for its other side where the mask has room; None where all is black."""
    found = mask.getbbox()
    if found is None:
        return None
    left, top = (max(side - padding, 0) for side in found[:2])
    right, bottom = (min(side + padding, limit) for side, limit in zip(found[2:], mask.size, strict=True))
    wanted = shape[0] / shape[1]
    if (right - left) / (bottom - top) > wanted:
        top, bottom = _widened(top, bottom, int((right - left) / wanted), mask.height)
    else:
        left, right = _widened(left, right, int((bottom - top) * wanted), mask.width)
    return Box(left, top, right, bottom)


def _widened(start: int, end: int, length: int, limit: int) -> tuple[int, int]:
    """A stretch made so long on both sides, moved where it would lie beyond the picture, cut where it cannot fit."""
    more = length - (end - start)
    start, end = start - more // 2, end + more - more // 2
    if end >= limit:
        start, end = start - (end - limit), limit
    if start < 0:
        start, end = 0, end - start
    return start, min(end, limit)


def filling(image: Image.Image, size: Size) -> Image.Image:
    """The picture as large as it goes into the size, in the middle; its edges are drawn out to fill the rest."""
    width, height = size
    wider = image.width / image.height > width / height
    inner = (width, image.height * width // image.width) if wider else (image.width * height // image.height, height)
    shades = np.asarray(_resized(image, inner))
    left, top = (whole // 2 - part // 2 for whole, part in zip(size, inner, strict=True))
    beyond = [(top, height - top - inner[1]), (left, width - left - inner[0])]
    return Image.fromarray(np.pad(shades, [*beyond, *[(0, 0)] * (shades.ndim - 2)], mode="edge"))


def covering(image: Image.Image, size: Size) -> Image.Image:
    """The picture as small as it covers the size, what is too much cut off on both sides."""
    width, height = size
    wider = image.width / image.height > width / height
    outer = (image.width * height // image.height, height) if wider else (width, image.height * width // image.width)
    left, top = (part // 2 - whole // 2 for whole, part in zip(size, outer, strict=True))
    return _resized(image, outer).crop((left, top, left + width, top + height))


def _resized(image: Image.Image, size: Size) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
