"""How much of a softly redrawn picture shows in the end: where it has changed more than a little. No torch here.

Source: the behaviour of `extensions-builtin/soft-inpainting` in AUTOMATIC1111/stable-diffusion-webui 1.10.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engine.pixels import region
from engine.pixels.source_picture import Whole
from engine.pixels.tiles import Shades
from engine.recipe import Soft

REACH, SPREAD = 2, 1.5  # cells that a neighbourhood reaches, and how fast their weights fall
EDGE = 4  # pixels by which what shows is blurred, so that no cells are seen
NARROWEST = 1.0  # of a neighbourhood's stack of values, in weights, that is averaged at least
NEARLY = 1.00001  # instead of 1, where it would be divided by nothing

Numbers = NDArray[np.float64]


def shown(whole: Whole, size: tuple[int, int], distance: Shades, mask: Shades, soft: Soft) -> Image.Image:
    """How much shows of what was drawn at a size in pixels, as a mask of the whole picture. `distance` (h, w) is how
    far each cell's latents have moved, `mask` (h, w) of 0…1 how far it was to be redrawn."""
    calm = averaged(averaged(distance, 0.9, 1.0), 0.25, 0.75)
    leaning = 0.5 * (1 - soft.influence) + (1 - mask.clip(0, 1) ** (soft.preservation / 2)) * soft.influence
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        moved = calm / (soft.threshold * leaning / (NEARLY - leaning))
        kept = 1 / (1 + moved**soft.contrast)
    kept = np.nan_to_num(kept, nan=1.0)  # nothing of nothing: it has not moved
    steep = kept**3 * (kept * (6 * kept - 15) + 10)
    shades = Image.fromarray((255 * (1 - steep)).clip(0, 255).astype(np.uint8))
    shades = shades.resize(size, Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(EDGE))
    if whole.box is None:
        return shades
    placed = Image.new("L", whole.picture.size)
    placed.paste(region.covering(shades, (whole.box.width, whole.box.height)), whole.box.corners)
    return placed


def averaged(values: Shades, least: float, most: float) -> Shades:
    """Each value (h, w) as the mean of what lies between two shares (0…1) of its neighbourhood's values laid in order,
    each as wide as its weight: from 0.9 to 1 nearly the largest, from 0.25 to 0.75 nearly the middle one."""
    height, width = values.shape
    around = [(down, across) for down in range(2 * REACH + 1) for across in range(2 * REACH + 1)]
    padded = np.pad(values.astype(np.float64), REACH)
    there = np.pad(np.ones((height, width)), REACH)  # what is beyond the edge weighs nothing
    stack = np.stack([padded[down : down + height, across : across + width] for down, across in around])
    weights = np.stack(
        [
            there[down : down + height, across : across + width] * _weight(down - REACH, across - REACH)
            for down, across in around
        ]
    )
    order = np.argsort(stack, axis=0)
    stack, weights = (np.take_along_axis(one, order, axis=0) for one in (stack, weights))
    ends = np.cumsum(weights, axis=0)
    low, high = _window(ends[-1], least, most)
    shares = (np.minimum(ends, high) - np.maximum(ends - weights, low)).clip(0)
    mean: Numbers = (stack * shares).sum(axis=0) / shares.sum(axis=0)
    return mean.astype(np.float32)


def _weight(down: int, across: int) -> float:
    """A Gaussian of the distance that comes to nothing a cell beyond the reach."""

    def gauss(squared: float) -> float:
        return float(np.exp(-squared / SPREAD**2))

    none = gauss((REACH + 1) ** 2)
    return max(0.0, (gauss(down**2 + across**2) - none) / (1 - none))


def _window(whole: Numbers, least: float, most: float) -> tuple[Numbers, Numbers]:
    """The part of each stack that is averaged: at least so wide, and moved inside where it would lie beyond."""
    low, high = whole * least, whole * most
    middle, narrow = (low + high) / 2, high - low < NARROWEST
    low, high = np.where(narrow, middle - NARROWEST / 2, low), np.where(narrow, middle + NARROWEST / 2, high)
    beyond = narrow & (high > whole)
    low, high = np.where(beyond, whole - NARROWEST, low), np.where(beyond, whole, high)
    below = narrow & (low < 0)
    return np.where(below, 0, low), np.where(below, NARROWEST, high)
