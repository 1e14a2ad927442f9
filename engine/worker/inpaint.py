"""Redrawing part of a picture, the rest held in place by blending or by a model made for it."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.models.loaded import Loaded
from engine.pixels import masks
from engine.worker import autoencoder

CHANNELS = 9  # of a UNet made for it: latents, mask, latents of the picture without what is redrawn


def coarse(loaded: Loaded, mask: Image.Image) -> Tensor:
    """A mask on the grid of latents, (1, 1, h, w): a cell is 1 if any of its pixels is to be redrawn."""
    cells = masks.grown(mask, mask.width // loaded.scale, mask.height // loaded.scale)
    return torch.from_numpy(cells)[None, None]


def filled(clean: Tensor, noise: Tensor, mask: Tensor, fill: str) -> Tensor:
    """The latents that are drawn over, with noise or nothing where the mask is 1 if that is what it begins from."""
    if fill not in ("latent noise", "latent nothing"):
        return clean
    return (1 - mask) * clean + (mask * noise if fill == "latent noise" else torch.zeros_like(clean))


@torch.no_grad()
def beside(loaded: Loaded, size: tuple[int, int], source: Image.Image | None, mask: Image.Image | None,
           generator: torch.Generator, tiling: str = "") -> Tensor:  # fmt: skip
    """The channels that a UNet of nine takes beside the latents, (1, 5, h, w) on the CPU: the mask and the picture's
    latents with what is redrawn grey. Without picture or mask everything is redrawn."""
    cells = Image.new("L", size, 255) if source is None or mask is None else masks.solid(mask)
    pixels = torch.zeros(1, 3, size[1], size[0]) if source is None else autoencoder.pixels(source)
    hidden = pixels * (torch.from_numpy(np.asarray(cells, np.float32)) < masks.HALF)
    return torch.cat([coarse(loaded, cells), autoencoder.encoded(loaded, hidden, generator, tiling)], dim=1)
