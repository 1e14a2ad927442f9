"""Upscalers: finished pictures made larger. One table; the plain resampling here needs no model."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from engine.recipe import Upscale
from prompts.errors import Refusal

MAX_FACTOR = 8.0
MAX_PIXELS = 64 * 10**6  # what a frame of engine/wire.py can carry as a PNG


@dataclass(frozen=True, slots=True)
class Upscaler:
    """One row of the table: `enlarge` gives the picture at exactly the size asked for, (width, height) in pixels."""

    name: str
    zh: str
    en: str
    enlarge: Callable[[Image.Image, tuple[int, int]], Image.Image]


def _lanczos(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS)


UPSCALERS: dict[str, Upscaler] = {
    row.name: row
    for row in (Upscaler("Lanczos", "平滑放大，不添加细节", "smooth enlargement, adds no detail", _lanczos),)
}


def find(name: str) -> Upscaler:
    """The row of that name, whatever its case. Raises Refusal `upscaler.unknown`."""
    rows = {row.casefold(): row for row in UPSCALERS}
    if row := rows.get(name.strip().casefold()):
        return UPSCALERS[row]
    near = difflib.get_close_matches(name.casefold(), rows, n=1, cutoff=0.0)
    raise Refusal("upscaler.unknown", name=name[:80], near=rows[near[0]])


def check(upscale: Upscale, width: int, height: int) -> tuple[int, int]:
    """The size in pixels that comes out. Raises Refusal: unknown upscaler, factor out of range, too large a picture."""
    find(upscale.upscaler)
    if not 1.0 <= upscale.factor <= MAX_FACTOR:
        raise Refusal("upscale.factor", factor=f"{upscale.factor:g}", limit=f"{MAX_FACTOR:g}")
    size = round(width * upscale.factor), round(height * upscale.factor)
    if size[0] * size[1] > MAX_PIXELS:
        raise Refusal("upscale.too_large", width=size[0], height=size[1])
    return size


def apply(image: Image.Image, upscale: Upscale) -> Image.Image:
    """The picture enlarged as the recipe asks."""
    return find(upscale.upscaler).enlarge(image, check(upscale, image.width, image.height))
