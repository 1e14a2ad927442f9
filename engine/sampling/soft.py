"""A1111's soft inpainting: what is drawn and what is kept, mixed at every step by how grey the mask is.

Source: the behaviour of `extensions-builtin/soft-inpainting` in AUTOMATIC1111/stable-diffusion-webui 1.10.
"""

from __future__ import annotations

from torch import Tensor

from engine.recipe import Soft

LEAST = 1e-5  # length, so that what is nothing can be divided by it


def power(level: float, soft: Soft) -> float:
    """The power that a mask of 0…1 is taken to at a level (a sigma, or a timestep), to say how much of each cell is
    what is drawn: it falls with the level, so that over all steps as much is kept as the grey says."""
    return float(level**soft.bias * soft.preservation)


def mixed(clean: Tensor, drawn: Tensor, mask: Tensor, power: float, boost: float) -> Tensor:
    """Latents (1, c, h, w) between the kept and the drawn ones by the share of these, which a mask (1, 1, h, w) to a
    power says: the direction of the mean, and a length that leans towards the longer of the two the more the larger the
    `boost` is."""
    share = mask.pow(power)
    between = clean * (1 - share) + drawn * share
    kept, new = (latents.norm(dim=1, keepdim=True).double().pow(boost) for latents in (clean, drawn))
    length = (kept * (1 - share) + new * share).pow(1 / boost)
    return between.mul((length / (between.norm(dim=1, keepdim=True).double() + LEAST)).to(between.dtype))
