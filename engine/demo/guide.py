"""The latents the autoencoder is taught: a picture an eighth the size, in four channels as smooth as the picture.

Three channels are the mean colour of each 8 × 8 block, as lightness and two colour differences; the fourth is how
much the lightness varies in and around the block, which tells sharp from blurred. A free autoencoder of this size makes
latents three times as noisy as the pictures, and a small UNet spends its short training on that noise.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BLOCK = 8
# Rows: lightness, red against blue, green against the others; columns: R, G, B.
MIX = ((1 / 3, 1 / 3, 1 / 3), (0.5, 0.0, -0.5), (-0.25, 0.5, -0.25))
# Mean and standard deviation of each channel over 1,000 pictures of the composer.
MEAN = (0.206, 0.106, -0.039, 0.099)
SPREAD = (0.478, 0.370, 0.193, 0.097)


def guide(pictures: Tensor) -> Tensor:
    """The latents of pictures (n, 3, h, w) in -1…1, (n, 4, h / 8, w / 8), each channel of mean 0 and spread 1."""
    mixed = torch.einsum("nchw,rc->nrhw", pictures, pictures.new_tensor(MIX))
    means = functional.avg_pool2d(mixed, BLOCK)
    light = mixed[:, :1]
    variance = functional.avg_pool2d(light.square(), BLOCK) - means[:, :1].square()
    # Spread over the neighbours: alone it would be the one rough channel of the four.
    wide = functional.avg_pool2d(functional.pad(variance, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    stacked = torch.cat([means, wide.clamp_min(1e-4).sqrt()], dim=1)
    return (stacked - _column(MEAN, stacked)) / _column(SPREAD, stacked)


def small(latents: Tensor) -> Tensor:
    """The pictures an eighth the size that the latents hold, (n, 3, h, w) in -1…1."""
    means = (latents * _column(SPREAD, latents) + _column(MEAN, latents))[:, :3]
    return torch.einsum("nrhw,cr->nchw", means, torch.linalg.inv(latents.new_tensor(MIX)))


def _column(values: tuple[float, ...], like: Tensor) -> Tensor:
    return like.new_tensor(values)[None, :, None, None]
