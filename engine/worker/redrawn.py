"""Redrawing part of a picture in A1111's way: the mask, what is begun from, and what a UNet made for it is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.models.loaded import Loaded
from engine.recipe import Recipe
from engine.sampling.noise import Noise
from engine.worker import autoencoder, inpaint


def coarse(mask: Image.Image, clean: Tensor, *, soft: bool = False) -> Tensor:
    """A mask on the grid of latents, (1, 1, h, w): 1 where most of a cell is to be redrawn; a `soft` one is grey."""
    height, width = clean.shape[-2:]
    small = np.asarray(mask.convert("L").resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
    return torch.from_numpy(small if soft else np.around(small))[None, None]


def filled(recipe: Recipe, loaded: Loaded, clean: Tensor, cells: Tensor) -> Tensor:
    """The latents with what they begin from where the mask is 1; noise is that of the seed alone, as in A1111."""
    assert recipe.source and recipe.like
    plain = replace(recipe, variation=None, like=replace(recipe.like, seed_resize=(0, 0)))
    noise = Noise(plain, tuple(clean.shape), loaded.scale)
    return inpaint.filled(clean, noise.start, cells, recipe.source.fill)


def beside(loaded: Loaded, recipe: Recipe, source: Image.Image | None, mask: Image.Image | None) -> Tensor:
    """The channels that a UNet of nine takes beside the latents, (1, 5, h, w): the mask's corner of each cell, and the
    mean of the picture's latents with what is redrawn grey, as far as it is to be. Without a mask that is all."""
    assert recipe.like
    pixels = torch.zeros(1, 3, recipe.height, recipe.width)
    cells = torch.ones(1, 1, recipe.height, recipe.width)
    if source is not None:
        if mask is not None:
            shades = np.asarray(mask.convert("L"), np.float32) / 255
            soft = recipe.source is not None and recipe.source.soft is not None
            cells = torch.from_numpy(shades if soft else np.around(shades))[None, None]
        pixels = autoencoder.pixels(source) * (1 - cells * recipe.like.mask_weight)
    hidden = autoencoder.encoded(loaded, pixels, None, recipe.tiling)
    return torch.cat([torch.nn.functional.interpolate(cells, size=hidden.shape[-2:]), hidden], dim=1)
