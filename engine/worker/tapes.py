"""The tapes of samplers with their settings, which rows of one model share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import torch
from torch import Tensor

from engine.models.loaded import Loaded
from engine.recipe import A1111, Recipe
from engine.sampling import written
from engine.sampling.brownian import Increments
from engine.sampling.keep import Keep
from engine.sampling.levels import Denoiser
from engine.sampling.question import Sampler, Terms
from engine.sampling.tape import Recording, Tape, Written
from engine.sampling.walk import Surroundings
from engine.sampling.way import NoiseSource, SamplerWay
from engine.worker import schedulers

KEPT = 64  # tapes of a model, each of a sampler with its steps; of 30 steps it takes about 100 KB
ROWS_OWN = ("noise", "path", "signal")  # of the terms: noise of a row's own, and what the model says
SECOND = 2  # the highest order of UniPC at which it only adds, by one number each


# A call takes half a millisecond to be written down, of LMS, whose weights are integrals, four. The first one is there
# at once, and whoever comes to one that is not yet written writes it himself.
_writer = ThreadPoolExecutor(1, thread_name_prefix="tapes")


def of_scheduler(recipe: Recipe, loaded: Loaded, scheduler: Any, first: int, timesteps: Tensor, latents: Tensor,
                 extra: dict[str, Any], keep: Keep | None = None) -> SamplerWay | None:  # fmt: skip
    """The way of a row with a diffusers scheduler, which is left as it is, over these timesteps, of which `first` were
    before, with what is kept of a picture put back; None where it cannot be written down."""
    if scheduler.config.get("solver_order", 0) > SECOND and scheduler.config.get("solver_type") in ("bh1", "bh2"):
        return None
    after = None if keep is None else tuple(keep.after.tolist())
    kind = recipe.sampler, recipe.steps, first, len(timesteps), after

    def write(recording: Recording) -> Written:
        own = schedulers.scheduler(recipe.sampler, loaded.schedule, recipe.seed)
        own.set_timesteps(recipe.steps)
        if first and hasattr(own, "set_begin_index"):
            own.set_begin_index(first)
        return written.of_scheduler(recording, own, timesteps, extra, None if keep is None else keep.after)

    path = _Tree(latents, scheduler) if hasattr(scheduler, "noise_sampler") else _none
    normal = partial(torch.randn, latents.shape, generator=extra.get("generator"))
    beside = () if keep is None else keep.tensors
    return SamplerWay(_tape(loaded, kind, write), latents, NoiseSource(normal, path), beside)


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What a sampler of A1111's follows with a model: `plus` where it wants the negative's own prediction, too."""

    sampler: Sampler
    terms: Terms
    denoiser: Denoiser
    like: A1111
    loaded: Loaded
    plus: bool
    kept: Surroundings | None = None

    def way(self, latents: Tensor) -> SamplerWay:
        """The way of a row from these latents."""
        beside = () if self.kept is None else self.kept.tensors
        return SamplerWay(self._tape(()), latents, NoiseSource(self.terms.noise, self.terms.path), beside)

    def handed_over(self, at: int, denoiser: Denoiser, loaded: Loaded) -> Tape:
        """The tape of one that asks another model from the call `at` on, counted from 0."""
        return self._tape(((at, denoiser),), (at, loaded.schedule, loaded.signal))

    def _tape(self, others: Sequence[tuple[int, Denoiser]], *more: tuple[int, object, Tensor]) -> Tape:
        told = (getattr(self.terms, one.name) for one in fields(self.terms) if one.name not in ROWS_OWN)
        before, soft = (self.kept.before, self.kept.soft) if self.kept else (None, None)
        kind = self.sampler, *told, self.like.downcast, self.like.zero_snr, before, soft
        handed = tuple((at, str(schedule), tuple(signal.tolist())) for at, schedule, signal in more)
        make = partial(
            written.of_sampler,
            sampler=self.sampler,
            terms=self.terms,
            denoiser=self.denoiser,
            plus=self.plus,
            before=before,
            soft=soft,
            others=others,
        )
        return _tape(self.loaded, (kind, handed), make)


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
    """The noise along the Brownian path that diffusers' scheduler would make for a row at its first step."""

    def __init__(self, latents: Tensor, scheduler: Any) -> None:
        self._shape, self._sigmas, self._seed = latents.shape, scheduler.sigmas, scheduler.noise_sampler_seed
        self._path: Increments | None = None

    def __call__(self, sigma: float, after: float) -> Tensor:
        if self._path is None:
            self._path = Increments(
                self._seed, self._shape, self._sigmas[self._sigmas > 0].min().item(), self._sigmas.max().item()
            )
        ends = torch.tensor((sigma, after))  # in float32, as there
        low, high = ends.sort().values.tolist()
        gained = self._path(low, high).mul_(1.0 if sigma < after else -1.0)
        return gained.div_((ends[1] - ends[0]).abs().sqrt())


def _none(sigma: float, after: float) -> Tensor:
    raise AssertionError("a sampler without a path asks for it")
