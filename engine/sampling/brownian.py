"""Brownian paths of a seed, the same whatever is asked of them in which order: halved again and again, with the noise
of each half from a seed of its own, as torchsde's are.

A time that nothing is known of yet takes some twenty halves, each with as many normal numbers as the picture has; so
the halves around what was asked last are kept, and what follows on it begins there.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

DIGITS = 6  # of the times that a path is known at
POOL = 24  # words of entropy that the seeds are mixed in
LAST = 3  # times that values are kept for: a step of the middle asks for both of its ends again
Seeded = Callable[[int], Tensor]  # the first normal numbers of a seed


def _seed(entropy: int, *place: int) -> int:
    """The seed of the whole path's noise, or of that which parts the half with this `place` among the halves."""
    sequence = np.random.SeedSequence(entropy=entropy, spawn_key=place, pool_size=POOL)
    return int(sequence.generate_state(1)[0])


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
    """What A1111's samplers add along a path of a seed between two sigmas: of noise of this shape, as `seeded` draws
    it."""

    def __init__(self, seeded: Seeded, seed: int, shape: Sequence[int], least: float, most: float) -> None:
        self._seeded, self._seed, self._shape = seeded, seed, tuple(shape)
        self._least, self._most = least, most
        self._way: list[_Node] = []
        self._known: OrderedDict[float, Tensor] = OrderedDict()

    def __call__(self, sigma: float, after: float) -> Tensor:
        """What the path adds on the way from one sigma to a smaller one, as noise of spread 1."""
        low, high = sorted((sigma, after))
        sign = -1.0 if sigma > after else 1.0
        return (self._at(high) - self._at(low)).mul_(sign).div_(math.sqrt(high - low))

    def _at(self, time: float) -> Tensor:
        time = round(min(max(time, self._least), self._most), DIGITS)
        if time not in self._known:
            self._known[time] = self._found(time)
            while len(self._known) > LAST:
                self._known.popitem(last=False)
        self._known.move_to_end(time)
        return self._known[time]

    def _found(self, time: float) -> Tensor:
        if not self._way:
            start, end = round(self._least, DIGITS), round(self._most, DIGITS)
            whole = self._seeded(_seed(self._seed)).mul_(math.sqrt(self._most - self._least))
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
        noise = self._seeded(_seed(self._seed, node.key, node.depth)).mul_(math.sqrt(left * right / all_))
        between = (node.high - node.low).mul_(left / all_).add_(node.low).add_(noise)
        if time <= middle:
            return _Node(node.start, middle, node.low, between, 2 * node.key, node.depth + 1)
        return _Node(middle, node.end, between, node.high, 2 * node.key + 1, node.depth + 1)


@dataclass(slots=True, eq=False)
class _Stretch:
    """A stretch of a path, what the path gains along it, and once it was parted its halves."""

    start: float
    end: float
    gain: Tensor
    key: int
    depth: int
    halves: tuple[_Stretch, _Stretch] | None = None


class Increments:
    """What a path gains between two times, to the bit as torchsde's `BrownianInterval` with halves has it: that adds
    up the fewest stretches, from left to right, and draws the noise that parts one again for each of its halves."""

    def __init__(self, seed: int, shape: Sequence[int], least: float, most: float) -> None:
        self._entropy, self._shape = seed, tuple(shape)
        self._generator = torch.Generator()
        whole = self._noise().mul_(math.sqrt(most - least))
        self._whole = _Stretch(round(least, DIGITS), round(most, DIGITS), whole, 0, 0)

    def __call__(self, low: float, high: float) -> Tensor:
        """What it gains from the time `low` to `high`; times beyond its ends count as these."""
        low, high = (round(min(max(one, self._whole.start), self._whole.end), DIGITS) for one in (low, high))
        if low == high:
            return torch.zeros(self._shape)
        first, *others = self._covering(self._whole, low, high)
        gained = first.gain.clone()
        for one in others:
            gained.add_(one.gain)
        _forget(self._whole, (low, high))
        return gained

    def _covering(self, stretch: _Stretch, low: float, high: float) -> Iterator[_Stretch]:
        if low <= stretch.start and stretch.end <= high:
            yield stretch
            return
        left, right = stretch.halves = stretch.halves or self._parted(stretch)
        if low < left.end:
            yield from self._covering(left, low, high)
        if high > right.start:
            yield from self._covering(right, low, high)

    def _parted(self, stretch: _Stretch) -> tuple[_Stretch, _Stretch]:
        middle = round(0.5 * (stretch.end + stretch.start), DIGITS)
        share = 1 / (stretch.end - stretch.start)
        before, behind = middle - stretch.start, stretch.end - middle
        noise = self._noise(stretch.key, stretch.depth).mul_(math.sqrt(before * behind * share))
        left = (stretch.gain * before).mul_(share).add_(noise)
        key, depth = 2 * stretch.key, stretch.depth + 1
        return (
            _Stretch(stretch.start, middle, left, key, depth),
            _Stretch(middle, stretch.end, stretch.gain - left, key + 1, depth),
        )

    def _noise(self, *place: int) -> Tensor:
        return torch.randn(self._shape, generator=self._generator.manual_seed(_seed(self._entropy, *place)))


def _forget(stretch: _Stretch, ends: Sequence[float]) -> None:
    """Forget all halves but those of stretches that have one of these times inside them."""
    if stretch.halves is None:
        return
    if not any(stretch.start < end < stretch.end for end in ends):
        stretch.halves = None
        return
    for half in stretch.halves:
        _forget(half, ends)
