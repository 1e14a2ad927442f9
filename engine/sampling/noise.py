"""The noise of a row as A1111 draws it: the start, what its steps add, and the Brownian path of the SDE samplers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.recipe import MAX_SEED, Recipe
from engine.sampling.philox import Philox

PARALLEL = 0.9995  # the cosine beyond which two noises are mixed in a straight line
DIGITS = 6  # of the times that the path is known at
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
        return Path(self._rng, self._seed, self._shape, least, most)

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


# --- the path ---


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """A stretch of the path whose ends are known; `key` and `depth` name it among the halves of halves."""

    start: float
    end: float
    low: Tensor
    high: Tensor
    key: int
    depth: int


class Path:
    """A Brownian path of a seed, the same whatever is asked of it in which order: halved again and again, with the
    noise of each half from a seed of its own, as torchsde's BrownianTree is."""

    def __init__(self, rng: str, seed: int, shape: Sequence[int], least: float, most: float) -> None:
        self._rng, self._seed, self._shape = rng, seed, tuple(shape)
        self._least, self._most = least, most
        self._way: list[_Node] = []

    def __call__(self, sigma: float, after: float) -> Tensor:
        """What the path adds on the way from one sigma to a smaller one, as noise of spread 1."""
        low, high = sorted((sigma, after))
        sign = -1.0 if sigma > after else 1.0
        return sign * (self._at(high) - self._at(low)) / math.sqrt(high - low)

    def _noise(self, seeds: np.random.SeedSequence) -> Tensor:
        return numbers(self._rng, int(seeds.generate_state(1)[0]))(self._shape)

    def _at(self, time: float) -> Tensor:
        time = round(min(max(time, self._least), self._most), DIGITS)
        if not self._way:
            start, end = round(self._least, DIGITS), round(self._most, DIGITS)
            seeds = np.random.SeedSequence(entropy=self._seed, pool_size=24)
            whole = self._noise(seeds) * math.sqrt(self._most - self._least)
            self._way = [_Node(start, end, torch.zeros(self._shape), whole, 0, 0)]
        # Times that follow one another lie in the same halves for most of the way down.
        while not self._way[-1].start <= time <= self._way[-1].end:
            self._way.pop()
        while True:
            node = self._way[-1]
            if time in (node.start, node.end):
                return node.low if time == node.start else node.high
            self._way.append(self._half(node, time))

    def _half(self, node: _Node, time: float) -> _Node:
        middle = round(0.5 * (node.start + node.end), DIGITS)
        left, right, all_ = middle - node.start, node.end - middle, node.end - node.start
        seeds = np.random.SeedSequence(entropy=self._seed, spawn_key=(node.key, node.depth), pool_size=24)
        between = node.low + left / all_ * (node.high - node.low) + math.sqrt(left * right / all_) * self._noise(seeds)
        if time <= middle:
            return _Node(node.start, middle, node.low, between, 2 * node.key, node.depth + 1)
        return _Node(middle, node.end, between, node.high, 2 * node.key + 1, node.depth + 1)
