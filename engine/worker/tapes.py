"""The tapes of samplers with their settings, which rows of one model share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial
from typing import Any

import torch
from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler
from torch import Tensor

from engine.models.loaded import Loaded
from engine.recipe import A1111, Recipe
from engine.sampling import written
from engine.sampling.levels import Denoiser
from engine.sampling.question import Sampler, Terms
from engine.sampling.tape import Recording, Tape, Written
from engine.sampling.way import NoiseSource, SamplerWay
from engine.worker import schedulers

KEPT = 64  # tapes of a model, each of a sampler with its steps; of 30 steps it takes about 100 KB
SECOND = 2  # the highest order of UniPC at which it only adds, by one number each


# A call takes half a millisecond to be written down, of LMS, whose weights are integrals, four. The first one is there
# at once, and whoever comes to one that is not yet written writes it himself.
_writer = ThreadPoolExecutor(1, thread_name_prefix="tapes")


def of_scheduler(recipe: Recipe, loaded: Loaded, scheduler: Any, first: int, timesteps: Tensor, latents: Tensor,
                 extra: dict[str, Any]) -> SamplerWay | None:  # fmt: skip
    """The way of a row with a diffusers scheduler, which is left as it is, over these timesteps, of which `first` were
    before; None where it cannot be written down."""
    if scheduler.config.get("solver_order", 0) > SECOND and scheduler.config.get("solver_type") in ("bh1", "bh2"):
        return None
    kind = recipe.sampler, recipe.steps, first, len(timesteps)

    def write(recording: Recording) -> Written:
        own = schedulers.scheduler(recipe.sampler, loaded.schedule, recipe.seed)
        own.set_timesteps(recipe.steps)
        if first and hasattr(own, "set_begin_index"):
            own.set_begin_index(first)
        return written.of_scheduler(recording, own, timesteps, extra)

    path = _Tree(latents, scheduler) if hasattr(scheduler, "noise_sampler") else _none
    normal = partial(torch.randn, latents.shape, generator=extra.get("generator"))
    return SamplerWay(_tape(loaded, kind, write), latents, NoiseSource(normal, path))


def of_walk(
    sampler: Sampler, latents: Tensor, terms: Terms, denoiser: Denoiser, like: A1111, loaded: Loaded, *, plus: bool
) -> SamplerWay:
    """The way of a row in A1111's way; `plus` where its sampler wants the negative's own prediction, too."""
    told = tuple(getattr(terms, one.name) for one in fields(terms) if one.name not in ("noise", "path", "signal"))
    kind = sampler, told, like.downcast, like.zero_snr
    make = partial(written.of_sampler, sampler=sampler, terms=terms, denoiser=denoiser, plus=plus)
    return SamplerWay(_tape(loaded, kind, make), latents, NoiseSource(terms.noise, terms.path))


def _tape(loaded: Loaded, kind: object, write: Callable[[Recording], Written]) -> Tape:
    # Models that share a UNet share these, too, and may have been trained for other noise.
    kind = kind, str(loaded.schedule), tuple(loaded.signal.tolist())
    if kind not in loaded.tapes:
        loaded.tapes[kind] = Tape(write)
        _writer.submit(loaded.tapes[kind].write_on)
        while len(loaded.tapes) > KEPT:
            loaded.tapes.popitem(last=False)
    loaded.tapes.move_to_end(kind)
    found: Tape = loaded.tapes[kind]
    return found


class _Tree:
    """The Brownian path that diffusers' scheduler would make for a row at its first step."""

    def __init__(self, latents: Tensor, scheduler: Any) -> None:
        self._latents, self._sigmas, self._seed = latents, scheduler.sigmas, scheduler.noise_sampler_seed
        self._tree: Any = None

    def __call__(self, sigma: float, after: float) -> Tensor:
        if self._tree is None:
            ends = self._sigmas[self._sigmas > 0].min().item(), self._sigmas.max().item()
            self._tree = BrownianTreeNoiseSampler(self._latents, *ends, self._seed)
        drawn: Tensor = self._tree(sigma, after)
        return drawn


def _none(sigma: float, after: float) -> Tensor:
    raise AssertionError("a sampler without a path asks for it")
