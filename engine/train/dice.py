"""All chance of a training: numbers that follow from its seed, what they are for and where in it, and from nothing that
happened before. So what goes on from a checkpoint draws what it would have drawn."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import torch
from torch import Tensor


class Purpose(IntEnum):
    """What the numbers are for; those of two purposes have nothing to do with each other."""

    WEIGHTS = 0
    ORDER = 1
    WORDS = 2
    TIMES = 3
    NOISE = 4
    FLIPS = 5


def dice(seed: int, purpose: Purpose, *place: int) -> np.random.Generator:
    """The numbers for a purpose at one place of the training, as a batch."""
    return np.random.default_rng((seed, int(purpose), *place))


def normal(generator: np.random.Generator, shape: Sequence[int]) -> Tensor:
    """Normal numbers, float32 on the CPU."""
    return torch.from_numpy(generator.standard_normal(tuple(shape), np.float32))


class Order:
    """Which pictures each batch shows. Batches are of one bucket, buckets come as often as they have pictures, and a
    picture comes again when all others of its bucket have come. In a batch no picture is twice: one that is alone in
    its bucket is a batch of its own, and comes the more often.

    `buckets` says the bucket of each picture. Two orders of one seed with another `key` are different.
    """

    def __init__(self, seed: int, buckets: Sequence[object], size: int, batches: int, key: int = 0) -> None:
        self._seed, self._key = seed, key
        kinds = list(dict.fromkeys(buckets))
        self._of = [[place for place, one in enumerate(buckets) if one == kind] for kind in kinds]
        shares = np.array([len(own) for own in self._of]) / len(buckets)
        self._sizes = [min(size, len(own)) for own in self._of]
        # The bucket that is owed most comes next, counted in full batches; and which of its batches that is.
        shown, taken = np.zeros(len(kinds)), np.zeros(len(kinds), np.int64)
        self._which = np.zeros((batches, 2), np.int64)
        for number in range(batches):
            kind = int(np.argmax(shares * (shown.sum() + 1) - shown))
            self._which[number] = kind, taken[kind]
            taken[kind] += 1
            shown[kind] += self._sizes[kind] / size

    def batch(self, number: int) -> list[int]:
        """The pictures of a batch, by their places in the list of all."""
        kind, nth = (int(one) for one in self._which[number])
        size = self._sizes[kind]
        own, first = self._of[kind], nth * size
        found = []
        for place in range(first, first + size):
            turn, at = divmod(place, len(own))
            found.append(own[int(dice(self._seed, Purpose.ORDER, self._key, kind, turn).permutation(len(own))[at])])
        return found
