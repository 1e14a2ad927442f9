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


def philox(counter: NDArray[np.uint32], key: tuple[int, int]) -> NDArray[np.uint32]:
    """The generator's four words, (4, n), for n counters of four words each, (4, n), and a key of two."""
    word = [row.astype(np.uint64) for row in counter]
    low, shift = np.uint64(LOW), np.uint64(32)
    for turn in range(ROUNDS):
        first, second = word[0] * MULTIPLIERS[0], word[2] * MULTIPLIERS[1]
        own = [np.uint64((key[side] + turn * WEYL[side]) & LOW) for side in (0, 1)]
        word = [(second >> shift) ^ word[1] ^ own[0], second & low, (first >> shift) ^ word[3] ^ own[1], first & low]
    return np.stack(word).astype(np.uint32)


class Philox:
    """Normal numbers of a seed as torch draws them on an NVIDIA card: each call counts one further, each number of a
    call has a counter of its own."""

    def __init__(self, seed: int) -> None:
        self._key = seed & LOW, (seed >> 32) & LOW
        self._call = 0

    def normal(self, shape: Sequence[int]) -> Tensor:
        """The next numbers, float32 on the CPU, by the sine half of Box and Muller's method."""
        count = math.prod(shape)
        counter = np.zeros((4, count), np.uint32)
        counter[0] = self._call
        counter[2] = np.arange(count, dtype=np.uint32)
        self._call += 1
        radius, angle, _, _ = philox(counter, self._key).astype(np.float32)
        turn = np.float32(2 * math.pi) * STEP
        radius = np.sqrt(np.float32(-2) * np.log(radius * STEP + STEP / 2))
        return torch.from_numpy(radius * np.sin(angle * turn + turn / 2)).reshape(tuple(shape))
