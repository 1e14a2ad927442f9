"""The types of low-rank adapters: layers of two small factors, the adapters of a LoRA file, and mixes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer of an adapter, which adds `up(down(x)) · scale`. `down` is (rank, in) for a linear layer and
    (rank, in, k, k) for a convolution, `up` (out, rank) or (out, rank, 1, 1)."""

    down: Tensor
    up: Tensor
    scale: float

    @property
    def bytes(self) -> int:
        return sum(weight.numel() * weight.element_size() for weight in (self.down, self.up))


FileKey = tuple[Path, int, int]
# The layers of one network that an adapter reaches, by name. An adapter is itself and no other: compared by identity.
Adapter = Mapping[str, Layer]
# The adapters of one entry, each with its weight.
Mix = tuple[tuple[Adapter, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lora:
    """A LoRA file read for a model: the adapter of each of its networks, by the network's name in `Loaded`.
    `key` tells files apart: path, size, time of change."""

    key: FileKey
    adapters: Mapping[str, Adapter]

    @property
    def bytes(self) -> int:
        return sum(layer.bytes for adapter in self.adapters.values() for layer in adapter.values())
