"""Latents to pictures and back: the VAE on several rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine.models import memory, streams
from engine.models.loaded import Loaded
from engine.patches import circular
from engine.pixels.tiles import Joined, cut
from engine.recipe import Recipe
from engine.speed import precision

# Float32 activations of the decoder take about 2 GB a megapixel; more rows than this are decoded in turns.
PIXELS_AT_ONCE = 2**20
# Pictures of more pixels are decoded in tiles of so many latents a side, which costs a little evenness of colour.
LARGEST, TILE = 4 * 2**20, 128


@torch.no_grad()
def pictures(
    loaded: Loaded, latents: Sequence[Tensor], recipes: Sequence[Recipe] = (), tiling: str = ""
) -> list[Image.Image]:
    """The pictures of latents of one size, each (1, 4, h, w) float32 on the CPU, as diffusers' pipeline makes them.

    Of `recipes`, one for each where any are told, those like A1111's have shades that lose what is behind the point,
    where others are rounded; these and those whose words were taken as they are have float32 wherever they are decoded.
    With `tiling` (engine/patches/circular.py) the edges of all of them meet.
    """
    area = latents[0].shape[-1] * latents[0].shape[-2] * loaded.scale**2
    at_once = max(1, PIXELS_AT_ONCE // area)
    floored = [recipe.like is not None for recipe in recipes] or [False] * len(latents)
    exact = [recipe.like is not None or recipe.prompt.raw for recipe in recipes] or [False] * len(latents)
    done: dict[int, Image.Image] = {}
    for whole in (True, False):
        places = [place for place, one in enumerate(exact) if one is whole]
        for start in range(0, len(places), at_once):
            group = places[start : start + at_once]
            shades = _shades(loaded, [latents[place] for place in group], exact=whole, tiling=tiling)
            for place, one in zip(group, shades, strict=True):
                whole_numbers = np.floor(one * 255) if floored[place] else (one * 255).round()
                done[place] = Image.fromarray(whole_numbers.astype("uint8"))
    return [done[place] for place in range(len(latents))]


def _shades(loaded: Loaded, latents: Sequence[Tensor], *, exact: bool, tiling: str) -> NDArray[np.float32]:
    """What latents are decoded to, (n, height, width, 3) in 0…1; what is no number is black, whatever the processor
    makes of it."""
    batch = torch.cat(list(latents)).to(loaded.device) / loaded.vae.config.scaling_factor
    with precision.decoding(loaded.device, loaded.dtype, "float32" if exact else loaded.tuning.decoding):
        drawn = decoded(loaded, batch, tiling)
    shades: NDArray[np.float32] = (
        streams.fetched((drawn * 0.5 + 0.5).nan_to_num().clamp(0, 1)).permute(0, 2, 3, 1).float().numpy()
    )
    return shades


def pictures_beside(
    loaded: Loaded, latents: Sequence[Tensor], recipes: Sequence[Recipe] = (), after: Any = None, tiling: str = ""
) -> list[Image.Image]:
    """As `pictures`, on another thread than the one that draws, which goes on meanwhile; `after` is the mark behind
    which the latents are done. Where memory runs out the model keeps its tier, which is the other thread's to change:
    the error is raised."""
    with loaded.layout.settled, memory.as_it_is(), streams.beside(loaded.device, after):
        return pictures(loaded, latents, recipes, tiling)


def decoded(loaded: Loaded, latents: Tensor, tiling: str = "") -> Tensor:
    """The VAE's picture of latents that are not scaled for the UNet any more, (n, 3, height, width) in -1…1."""
    height, width = latents.shape[-2:]
    if height * width * loaded.scale**2 <= LARGEST:
        return _call(loaded, latents, tiling)
    if tiling:
        return _continued(latents, tiling, loaded.scale, lambda beyond: decoded(loaded, beyond))
    whole = Joined(width * loaded.scale, height * loaded.scale, TILE // 32 * loaded.scale)
    for box in cut(width, height, TILE, TILE // 8):
        part = _call(loaded, latents[..., box.top : box.bottom, box.left : box.right])
        whole.add(box.times(loaded.scale), part[0].float().cpu().permute(1, 2, 0).numpy())
    return torch.from_numpy(whole.shades.transpose(2, 0, 1)[None])


def _continued(grid: Tensor, tiling: str, factor: float, coded: Callable[[Tensor], Tensor]) -> Tensor:
    """What is coded tile by tile of a grid (n, channels, h, w) whose edges meet, a cell becoming `factor` cells: it
    goes on with itself to the right and below, by as much as tiles share, and what was made of that fades out where the
    edges meet."""
    shared = TILE // 8 if factor > 1 else round(TILE // 8 / factor)
    beyond = {axis: min(shared, grid.shape[axis]) for axis, name in ((-1, "x"), (-2, "y")) if name in tiling}
    for axis, cells in beyond.items():
        grid = torch.cat([grid, grid.narrow(axis, 0, cells)], dim=axis)
    made = coded(grid)
    for axis, cells in beyond.items():
        made = circular.met(made, axis, round(cells * factor))
    return made


def _call(loaded: Loaded, latents: Tensor, tiling: str = "") -> Tensor:
    def call() -> Tensor:
        if tiling and loaded.vae.use_tiling:
            return _continued(latents, tiling, loaded.scale, lambda beyond: decoded(loaded, beyond))
        with memory.on_card(loaded, "vae"), circular.padding(loaded.vae.decoder, tiling):
            shades: Tensor = loaded.vae.decode(latents, return_dict=False)[0]
        return shades.float()

    return memory.trying(loaded, call)


def latents(loaded: Loaded, picture: Image.Image, generator: torch.Generator | None, tiling: str = "") -> Tensor:
    """A sample of the latents of an RGB picture, (1, 4, h, w) float32 on the CPU, already scaled for the UNet; their
    mean without a generator."""
    return encoded(loaded, pixels(picture), generator, tiling)


def pixels(picture: Image.Image) -> Tensor:
    """An RGB picture as (1, 3, height, width) float32 in -1…1."""
    shades = np.asarray(picture, dtype=np.uint8).astype(np.float32) / 255.0
    return torch.from_numpy(shades.transpose(2, 0, 1)[None]) * 2.0 - 1.0


@torch.no_grad()
def encoded(loaded: Loaded, shades: Tensor, generator: torch.Generator | None, tiling: str = "") -> Tensor:
    """A sample of the latents of `pixels`, as `latents` gives them."""
    spread = DiagonalGaussianDistribution(_parameters(loaded, shades, tiling))
    sample = spread.sample(generator) if generator else spread.mode()
    scaled: Tensor = loaded.vae.config.scaling_factor * sample
    return scaled.cpu()


def _parameters(loaded: Loaded, shades: Tensor, tiling: str) -> Tensor:
    """The mean and the spread of a picture's latents, one behind the other."""

    def call() -> Tensor:
        if tiling and (_large(shades) or loaded.vae.use_tiling):
            return _continued(shades, tiling, 1 / loaded.scale, lambda beyond: _parameters(loaded, beyond, ""))
        tiles, edges = _in_tiles(loaded, shades), circular.padding(loaded.vae.encoder, tiling)
        with memory.on_card(loaded, "vae"), tiles, edges:
            told: Tensor = loaded.vae.encode(shades.to(loaded.device)).latent_dist.parameters
        return told

    return memory.trying(loaded, call)


def _large(shades: Tensor) -> bool:
    return shades.shape[-1] * shades.shape[-2] > LARGEST


@contextmanager
def _in_tiles(loaded: Loaded, shades: Tensor) -> Iterator[None]:
    """While it holds, a picture that is too large to be encoded whole is encoded in tiles."""
    if not _large(shades) or loaded.vae.use_tiling:
        yield
        return
    with loaded.layout.settled:  # what is decoded beside is not to be cut
        loaded.vae.enable_tiling()
        try:
            yield
        finally:
            if not loaded.tier.tiled:
                loaded.vae.disable_tiling()
