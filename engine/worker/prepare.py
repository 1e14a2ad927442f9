"""From a recipe to a row ready for its first step: noise, source picture, sampler, embeddings."""

from __future__ import annotations

import inspect
import time
from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from engine import a1111, qualities, samplers
from engine.adapters import loras
from engine.controls.guide import Guide
from engine.files import catalog
from engine.models.loaded import Loaded, Loras
from engine.pixels.region_map import NOTHING, PaintedMap
from engine.recipe import Recipe
from engine.sampling.keep import Keep
from engine.worker import (
    attention_guidance,
    autoencoder,
    guidance,
    inpaint,
    prompt_encoding,
    regional,
    schedulers,
    tapes,
    walks,
)
from engine.worker.row import Row
from prompts.errors import Refusal


@torch.no_grad()
def start(
    job: str,
    index: int,
    recipe: Recipe,
    loaded: Loaded,
    wanted: Loras,
    source: Image.Image | Tensor | None = None,
    mask: Image.Image | None = None,
    stretch: tuple[float, float] = (0.0, 1.0),
    brought: Tensor | None = None,
    exact: bool = False,
    before: int = 0,
    guides: tuple[Guide, ...] = (),
    painted: PaintedMap = NOTHING,
) -> Row:
    """A row ready for its first step.

    `source` is what is drawn over where the recipe has a source: an RGB picture at the recipe's size or latents as
    the UNet takes them. `mask` is white where to redraw. `stretch` is the part of the steps to take; where it does
    not begin at 0, `brought` are the latents that another row has come to. In A1111's way `exact` takes all the
    recipe's steps over the source, as its hires fix does, and `before` are the calls of the pass before this one.
    `guides` are the controls that it follows, `painted` is the map of its regions.
    Raises Refusal for an unknown sampler, a step count it cannot do, layers that the model has not, or a
    LoRA that does not fit.
    """
    began = time.monotonic()
    check_sampler(recipe)
    qualities.quality(recipe.quality)
    attention_guidance.check(recipe, loaded.unet)
    chosen = loras.choose(loaded, wanted)
    strength = recipe.source.strength if recipe.source else 1.0
    if recipe.like:
        told = recipe.steps if exact else drawn(recipe.steps, strength)
        row = walks.start(
            job,
            index,
            recipe,
            loaded,
            chosen,
            source,
            mask,
            steps=told,
            exact=exact,
            before=before,
            painted=painted,
        )
        row.guides = guides
        return row
    scheduler = schedulers.scheduler(recipe.sampler, loaded.schedule, recipe.seed)
    scheduler.set_timesteps(recipe.steps)
    steps = drawn(recipe.steps, strength)
    first, last = (recipe.steps - steps + round(steps * share) for share in stretch)
    end = last * scheduler.order if last < recipe.steps else None  # PLMS has one timestep more than steps
    timesteps = scheduler.timesteps[first * scheduler.order : end]
    if first and hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first * scheduler.order)
    generator = torch.Generator("cpu").manual_seed(recipe.seed)
    shape = (1, int(loaded.vae.config.latent_channels), recipe.height // loaded.scale, recipe.width // loaded.scale)
    nine = int(loaded.unet.config.in_channels) == inpaint.CHANNELS
    keep = None
    if source is None or recipe.source is None:
        latents = _noise(recipe, shape, generator) * scheduler.init_noise_sigma
    else:
        fill = recipe.source.fill
        blank = mask is not None and strength >= 1 and not fill  # what is redrawn begins as noise alone
        clean = source if isinstance(source, Tensor) else None
        if isinstance(source, Image.Image) and not (blank and nine):
            clean = autoencoder.latents(loaded, source, generator, recipe.tiling)
        noise = _noise(recipe, shape, generator)
        if clean is not None and mask:
            clean = inpaint.filled(clean, noise, inpaint.coarse(loaded, mask), fill)
        if blank or clean is None:
            latents = noise * scheduler.init_noise_sigma
        else:
            latents = scheduler.add_noise(clean, noise, timesteps[:1])
        if mask and clean is not None and not nine:
            after = scheduler.timesteps[end : end + 1] if end else timesteps[:0]
            keep = Keep.of(clean, noise, inpaint.coarse(loaded, mask), after)
            if isinstance(source, Image.Image):  # diffusers encodes it again with a hole, which no such UNet is shown
                torch.randn(shape, generator=generator)
    if brought is not None:
        latents = brought
    beside = None
    if nine:
        picture = source if isinstance(source, Image.Image) else None
        size = recipe.width, recipe.height
        beside = inpaint.beside(loaded, size, picture, mask, generator, recipe.tiling)
    guided = recipe.guidance > 1 and loaded.unet.config.time_cond_proj_dim is None
    # Texts are mixed by how far each is from the negative.
    guided |= recipe.regions is None and len(prompt_encoding.joined(recipe.prompt.positive)) > 1
    with loras.on_text(loaded, chosen):
        positive, negative = prompt_encoding.conditionings(
            loaded, regional.words(recipe, painted), recipe.prompt.negative if guided else "", steps, recipe.clip_skip
        )
        if guided and guidance.acts_across(recipe):
            _, empty = prompt_encoding.conditionings(
                loaded, regional.words(recipe, painted), "", steps, recipe.clip_skip
            )
            negative = replace(negative, empty=empty)
    positive = regional.parted(recipe, positive, painted)
    takes = inspect.signature(scheduler.step).parameters
    extra: dict[str, Any] = {"generator": generator} if "generator" in takes else {}
    if brought is not None and "generator" in takes:  # the other row has drawn its share of the noise
        for _ in range((first - recipe.steps + steps) * scheduler.order):
            torch.randn(shape, generator=generator)
    if "eta" in takes:
        extra["eta"] = 0.0
    way = tapes.of_scheduler(recipe, loaded, scheduler, first * scheduler.order, timesteps, latents, extra, keep)
    return Row(
        job=job,
        index=index,
        recipe=recipe,
        loaded=loaded,
        loras=chosen,
        positive=positive,
        negative=negative if guided else None,
        sampler=scheduler,
        timesteps=timesteps,
        steps=last - first,
        latents=latents,
        extra=extra,
        keep=keep,
        beside=beside,
        way=way,
        guides=guides,
        seconds=time.monotonic() - began,
    )


def check_sampler(recipe: Recipe) -> None:
    """Raises Refusal for an unknown sampler or schedule and a step count that the sampler cannot do."""
    if recipe.like:
        name, limit = a1111.find_sampler(recipe.sampler)[0].name, catalog.MAX_STEPS
        a1111.find_schedule(recipe.like.schedule)
    else:
        sampler = samplers.find_sampler(recipe.sampler)
        name, limit = sampler.name, sampler.maximum
    if not 1 <= recipe.steps <= limit:
        raise Refusal("sampler.steps", steps=recipe.steps, sampler=name, limit=limit)


def taken_over(recipe: Recipe, loaded: Loaded, switch: float) -> int:
    """How many of the steps drawn lie before the share `switch` (0…1) of the model's timesteps, after which another
    takes over, as diffusers has it with its `denoising_end`."""
    scheduler = schedulers.scheduler(recipe.sampler, loaded.schedule, recipe.seed)
    scheduler.set_timesteps(recipe.steps)
    steps = drawn(recipe.steps, recipe.source.strength if recipe.source else 1.0)
    own = scheduler.timesteps[(recipe.steps - steps) * scheduler.order :: scheduler.order]
    return int((own >= round(len(loaded.signal) * (1 - switch))).sum())


def drawn(steps: int, strength: float) -> int:
    """How many of a recipe's steps are drawn over a picture at this strength (0…1), at least one."""
    return min(max(1, int(steps * strength)), steps)


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
