"""What the buttons under a picture draw: each is a function from a picture's recipe to a new one."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from engine.recipe import MAX_SEED, Recipe, Source, Upscale, Variation
from storage.pictures import PictureRow

VARY = 0.35  # share of the way to another seed's noise: the same composition, other details
LARGER = 0.5  # img2img strength of "draw larger": keeps the composition, redraws what twice the size shows


def new_seed() -> int:
    return random.randint(0, MAX_SEED)


def again(row: PictureRow) -> Recipe:
    """The same with another seed."""
    return replace(row.recipe, seed=new_seed(), variation=None)


def vary(row: PictureRow) -> Recipe:
    """Nearly the same start noise."""
    return replace(row.recipe, variation=Variation(new_seed(), VARY))


def upscale(row: PictureRow) -> Recipe:
    """The picture itself, resampled to twice its size."""
    return replace(
        row.recipe,
        width=row.width,
        height=row.height,
        source=Source(row.hash, 0.0),
        upscale=Upscale("Lanczos", 2.0),
        variation=None,
    )


def larger(row: PictureRow) -> Recipe:
    """Drawn again over the picture at twice its size."""
    return replace(
        row.recipe,
        width=row.width * 2,
        height=row.height * 2,
        source=Source(row.hash, LARGER),
        upscale=None,
        variation=None,
    )


ACTIONS: dict[str, Callable[[PictureRow], Recipe]] = {
    "again": again,
    "vary": vary,
    "upscale": upscale,
    "larger": larger,
}
REDRAWN = frozenset({"again", "vary"})  # these need the recipe that drew the pixels, not one that only enlarged them
