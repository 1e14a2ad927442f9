"""Upscalers: finished pictures made larger, by plain resampling or by a network in a file."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engine.files import catalog
from engine.finish import faces
from engine.pixels import sources
from engine.pixels.tiles import Joined, cut
from engine.recipe import Hires, Recipe, Upscale
from prompts.errors import Refusal

if TYPE_CHECKING:
    import torch

MAX_FACTOR = 8.0
MAX_HIRES = 4.0
MAX_PIXELS = 64 * 10**6  # what a frame of engine/wire.py can carry as a PNG
# A network sees 15 pixels far in practice (Real-ESRGAN pads its tiles by 10), and activations for a tile of this side
# take about 1 GB at four times the size.
TILE, OVERLAP = 256, 32
# Hires passes that enlarge the latents themselves, as A1111 names them, and torch's word for it.
LATENT = {"Latent": "bilinear", "Latent (nearest-exact)": "nearest-exact"}

Work = Generator[None, None, Image.Image]


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


def find(name: str, folders: Sequence[Path] = ()) -> Upscaler | Path:
    """The row of that name, whatever its case, or the file of a network. Raises Refusal `upscaler.unknown`."""
    rows: dict[str, Upscaler | Path] = {file.name.casefold(): file.path for file in catalog.upscalers(folders)}
    rows |= {row.name.casefold(): row for row in UPSCALERS.values()}
    if row := rows.get(name.strip().casefold()):
        return row
    near = difflib.get_close_matches(name.casefold(), rows, n=1, cutoff=0.0)[0]
    found = rows[near]
    raise Refusal("upscaler.unknown", name=name[:80], near=found.stem if isinstance(found, Path) else found.name)


def check(upscale: Upscale, width: int, height: int, folders: Sequence[Path] = ()) -> tuple[int, int]:
    """The size in pixels that comes out. Raises Refusal: unknown upscaler, factor or strength out of range, too large
    a picture."""
    find(upscale.upscaler, folders)
    if not 1.0 <= upscale.factor <= MAX_FACTOR:
        raise Refusal("upscale.factor", factor=f"{upscale.factor:g}", limit=f"{MAX_FACTOR:g}")
    if not 0 <= upscale.strength <= 1:
        raise Refusal("strength.not_allowed", strength=upscale.strength)
    size = round(width * upscale.factor), round(height * upscale.factor)
    if size[0] * size[1] > MAX_PIXELS:
        raise Refusal("upscale.too_large", width=size[0], height=size[1])
    return size


def check_hires(
    hires: Hires, model: catalog.Model, width: int, height: int, folders: Sequence[Path] = ()
) -> tuple[int, int]:
    """The size in pixels of the second pass, multiples of 8. Raises Refusal like `check`, and for a size or a step
    count that the model cannot do."""
    if hires.upscaler not in LATENT:
        find(hires.upscaler, folders)
    if not 1.0 <= hires.factor <= MAX_HIRES:
        raise Refusal("upscale.factor", factor=f"{hires.factor:g}", limit=f"{MAX_HIRES:g}")
    if not 0 <= hires.strength <= 1:
        raise Refusal("strength.not_allowed", strength=hires.strength)
    if not 0 <= hires.steps <= catalog.MAX_STEPS:
        raise Refusal("steps.not_allowed", steps=hires.steps, limit=catalog.MAX_STEPS)
    width, height = (round(side * hires.factor / catalog.STEP) * catalog.STEP for side in (width, height))
    catalog.check_size(model, width, height)
    return width, height


def finished(recipe: Recipe, model: catalog.Model, folders: Sequence[Path] = ()) -> tuple[int, int]:
    """The size in pixels of a recipe's finished picture. Raises Refusal for sizes, strengths and names that cannot be,
    so that nobody waits for a picture that will not be drawn."""
    size = recipe.width, recipe.height
    catalog.check_size(model, *size)
    if recipe.source:
        sources.check(recipe.source, *size)
    if recipe.hires:
        size = check_hires(recipe.hires, model, *size, folders)
    for fix in recipe.fixes:
        faces.check(fix, folders)
    return check(recipe.upscale, *size, folders) if recipe.upscale else size


def tiles(name: str, width: int, height: int, folders: Sequence[Path] = ()) -> int:
    """How many tiles `enlarge` takes; 0 for plain resampling."""
    return len(cut(width, height, TILE, OVERLAP)) if isinstance(find(name, folders), Path) else 0


def enlarge(
    image: Image.Image, name: str, size: tuple[int, int], device: torch.device, folders: Sequence[Path] = ()
) -> Work:
    """The picture at exactly this size; it halts after every tile. What a network's own
    factor leaves is resampled. Raises Refusal for a file that is damaged or of another kind."""
    row = find(name, folders)
    if isinstance(row, Upscaler):
        return row.enlarge(image, size)
    # Imported here: the table above is read by the process that talks to people, which has no torch.
    from engine.finish import esrgan

    network = esrgan.load(row, device)
    shades = np.asarray(image, np.float32) / np.float32(255)
    whole = Joined(image.width * network.scale, image.height * network.scale, OVERLAP // 4 * network.scale)
    for box in cut(image.width, image.height, TILE, OVERLAP):
        whole.add(box.times(network.scale), network.enlarge(shades[box.top : box.bottom, box.left : box.right]))
        yield
    large = Image.fromarray((whole.shades * 255).round().clip(0, 255).astype(np.uint8))
    return large if large.size == size else large.resize(size, Image.Resampling.LANCZOS)
