"""The noise of a row as A1111 draws it: the start, what its steps add, and the Brownian path of the SDE samplers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from engine.recipe import MAX_SEED, Recipe
from engine.sampling.brownian import Path
from engine.sampling.philox import Philox

PARALLEL = 0.9995  # the cosine beyond which two noises are mixed in a straight line
Numbers = Callable[[Sequence[int]], Tensor]  # each call: the next normal numbers of such a shape


def numbers(rng: str, seed: int) -> Numbers:
    """Normal numbers of a seed: of torch's own generator for "CPU", for "GPU" and "NV" as on an NVIDIA card."""
    if rng != "CPU":
        return Philox(seed).normal
    generator = torch.Generator("cpu").manual_seed(seed if seed <= MAX_SEED else seed & MAX_SEED)  # with an ENSD
    return lambda shape: torch.randn(tuple(shape), generator=generator)


class Noise:
    """The noise of one row, all of shape (1, 4, h, w): first the `start`, then what its steps ask for one by one."""

    def __init__(self, recipe: Recipe, shape: Sequence[int], scale: int) -> None:
        assert recipe.like
        self._rng, self._seed, self._shape = recipe.like.rng, recipe.seed, tuple(shape)
        self._numbers = numbers(self._rng, self._seed)
        self.start = self._start(recipe, scale)
        if recipe.like.ensd:
            self._numbers = numbers(self._rng, self._seed + recipe.like.ensd)

    def next(self) -> Tensor:
        """What a step adds: from the start's generator, or with an ENSD from one of the seed and it."""
        return self._numbers(self._shape)

    def path(self, least: float, most: float) -> Path:
        """The Brownian path between two sigmas."""
        return Path(lambda seed: numbers(self._rng, seed)(self._shape), self._seed, self._shape, least, most)

    def _start(self, recipe: Recipe, scale: int) -> Tensor:
        assert recipe.like
        width, height = (side // scale for side in recipe.like.seed_resize)
        other = (*self._shape[:2], height, width)
        resized = width > 0 and height > 0 and other != self._shape
        noise = numbers(self._rng, self._seed)(other) if resized else self._numbers(self._shape)
        if recipe.variation and recipe.variation.strength:
            end = numbers(self._rng, recipe.variation.seed)(noise.shape)
            noise = slerp(noise, end, recipe.variation.strength)
        return centred(noise, self._numbers(self._shape)) if resized else noise


def slerp(start: Tensor, end: Tensor, share: float) -> Tensor:
    """The noise `share` (0…1) of the way on the great circle, each column of each channel on its own. Nearly parallel
    noises are mixed with their shares the wrong way round, as there."""
    cosine = (start / start.norm(dim=2, keepdim=True) * (end / end.norm(dim=2, keepdim=True))).sum(2, keepdim=True)
    if cosine.mean() > PARALLEL:
        return start * share + end * (1 - share)
    angle = torch.acos(cosine)
    return (torch.sin((1 - share) * angle) * start + torch.sin(share * angle) * end) / torch.sin(angle)


def centred(inner: Tensor, outer: Tensor) -> Tensor:
    """Noise of one size put into the middle of noise of another, or its own middle put there where it is larger."""
    into, out_of = [], []
    for small, large in zip(inner.shape[2:], outer.shape[2:], strict=True):
        edge = (large - small) // 2
        length = small if edge >= 0 else small + 2 * edge
        into.append(slice(max(edge, 0), max(edge, 0) + length))
        out_of.append(slice(max(-edge, 0), max(-edge, 0) + length))
    placed = outer.clone()
    placed[:, :, into[0], into[1]] = inner[:, :, out_of[0], out_of[1]]
    return placed
