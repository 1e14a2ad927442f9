"""From a recipe to a row ready for its first step: noise, source picture, sampler, embeddings."""

from __future__ import annotations

import inspect
import time
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from engine import decode, encode, loras, samplers
from engine.models import Loaded, Loras
from engine.recipe import Recipe
from engine.rows import Row
from prompts.errors import Refusal


@torch.no_grad()
def start(
    job: str, index: int, recipe: Recipe, loaded: Loaded, wanted: Loras, source: Image.Image | None = None
) -> Row:
    """A row ready for its first step; `source` is the picture drawn over, RGB at the recipe's size.

    Raises Refusal for an unknown sampler, a step count it cannot do, or a LoRA that does not fit.
    """
    began = time.monotonic()
    sampler = samplers.find(recipe.sampler)
    if not 1 <= recipe.steps <= sampler.maximum:
        raise Refusal("sampler.steps", steps=recipe.steps, sampler=sampler.name, limit=sampler.maximum)
    loras.apply(loaded, wanted)
    scheduler = samplers.scheduler(recipe.sampler, loaded.schedule, recipe.seed)
    scheduler.set_timesteps(recipe.steps)
    timesteps, steps = scheduler.timesteps, recipe.steps
    generator = torch.Generator("cpu").manual_seed(recipe.seed)
    shape = (1, int(loaded.unet.config.in_channels), recipe.height // loaded.scale, recipe.width // loaded.scale)
    if source is None or recipe.source is None:
        latents = _noise(recipe, shape, generator) * scheduler.init_noise_sigma
    else:
        steps = min(max(1, int(recipe.steps * recipe.source.strength)), recipe.steps)
        first = (recipe.steps - steps) * scheduler.order
        timesteps = timesteps[first:]
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(first)
        encoded = decode.latents(loaded, source, generator)
        latents = scheduler.add_noise(encoded, _noise(recipe, shape, generator), timesteps[:1])
    guided = recipe.guidance > 1 and loaded.unet.config.time_cond_proj_dim is None
    guided |= len(encode.joined(recipe.prompt.positive)) > 1  # parts are mixed by how far each is from the negative
    positive, negative = encode.parts(
        loaded, recipe.prompt.positive, recipe.prompt.negative if guided else "", steps, recipe.clip_skip
    )
    takes = inspect.signature(scheduler.step).parameters
    extra: dict[str, Any] = {"generator": generator} if "generator" in takes else {}
    if "eta" in takes:
        extra["eta"] = 0.0
    return Row(
        job=job,
        index=index,
        recipe=recipe,
        loaded=loaded,
        loras=wanted,
        positive=positive,
        negative=negative if guided else None,
        sampler=scheduler,
        timesteps=timesteps,
        steps=steps,
        latents=latents,
        extra=extra,
        seconds=time.monotonic() - began,
    )


def _noise(recipe: Recipe, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    noise = torch.randn(shape, generator=generator)
    if recipe.variation is None:
        return noise
    other = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(recipe.variation.seed))
    return slerp(noise, other, recipe.variation.strength)


def slerp(start: Tensor, end: Tensor, share: float) -> Tensor:
    """The noise `share` (0…1) of the way from `start` to `end` along the great circle, which keeps its spread."""
    cosine = torch.sum(start / start.norm() * (end / end.norm())).clamp(-1, 1)
    angle = torch.acos(cosine)
    if angle < 1e-4:  # the same noise: the formula would divide by zero
        return start + (end - start) * share
    return (torch.sin((1 - share) * angle) * start + torch.sin(share * angle) * end) / torch.sin(angle)
