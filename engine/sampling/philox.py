"""Philox 4x32-10 (Salmon et al. 2011), the generator of NVIDIA's cards, and normal numbers from it as those do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

ROUNDS = 10
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = 0x9E3779B9, 0xBB67AE85  # what the two words of the key grow by each round
LOW = 2**32 - 1
STEP = np.float32(2.0**-32)
Words = NDArray[np.uint64]


def philox(counter: Sequence[Words], key: tuple[int, int], *, half: bool = False) -> list[Words]:
    """The generator's four words for counters of four words each and a key of two; words that are the same for all
    counters may be given once. With `half` the first two words alone."""
    word: list[Words] = [row.astype(np.uint64) for row in counter]
    low, shift = np.uint64(LOW), np.uint64(32)
    for turn in range(ROUNDS):
        own = [np.uint64((key[side] + turn * WEYL[side]) & LOW) for side in (0, 1)]
        made: list[Words] = []
        for side in (0, 1) if turn < ROUNDS - 1 or not half else (0,):
            product = word[2 - 2 * side] * MULTIPLIERS[1 - side]
            high = (product >> shift) ^ word[2 * side + 1]
            high ^= own[side]
            product &= low
            made += [high, product]
        word = made
    return word


class Philox:
    """Normal numbers of a seed as torch draws them on an NVIDIA card: each call counts one further, each number of a
    call has a counter of its own."""

    def __init__(self, seed: int) -> None:
        self._key = seed & LOW, (seed >> 32) & LOW
        self._call = 0

    def normal(self, shape: Sequence[int]) -> Tensor:
        """The next numbers, float32 on the CPU, by the sine half of Box and Muller's method."""
        counter = [np.array([word]) for word in (self._call, 0, 0, 0)]
        counter[2] = np.arange(math.prod(shape))
        self._call += 1
        radius, angle = (word.astype(np.float32) for word in philox(counter, self._key, half=True))
        radius *= STEP
        radius += STEP / 2
        np.log(radius, out=radius)
        radius *= np.float32(-2)
        np.sqrt(radius, out=radius)
        turn = np.float32(2 * math.pi) * STEP
        angle *= turn
        angle += turn / 2
        np.sin(angle, out=angle)
        radius *= angle
        return torch.from_numpy(radius).reshape(tuple(shape))
