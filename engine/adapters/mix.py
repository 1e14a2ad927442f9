"""The types of adapters: layers of two small factors or of any other kind, the adapters of a LoRA file, and mixes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from torch import Tensor
from torch.nn import functional

from engine.files.catalog import Companion


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer of an adapter, which adds `up(down(x)) · scale`. `down` is (rank, in) for a linear layer and
    (rank, in, k, k) for a convolution, `up` (out, rank) or (out, rank, 1, 1)."""

    down: Tensor
    up: Tensor
    scale: float

    def times(self, weight: float) -> Self:
        """The same at another strength."""
        return replace(self, scale=self.scale * weight)

    @property
    def bytes(self) -> int:
        return sum(weight.numel() * weight.element_size() for weight in (self.down, self.up))


@dataclass(frozen=True, slots=True, eq=False)
class LayerChange:
    """One layer of an adapter of any other kind, kept as its file's few tensors: what they come to is as large as the
    layer, and made anew where it is wanted. `difference` gives it for the layer's own weight in float32 and its first
    `into` inputs, all that it reaches (0: all there are); None where only the bias changes."""

    tensors: Mapping[str, Tensor]
    difference: Callable[[Mapping[str, Tensor], Tensor], Tensor] | None
    bias: Tensor | None = None
    into: int = 0
    strength: float = 1.0

    def times(self, weight: float) -> Self:
        """The same at another strength."""
        bias = None if self.bias is None else self.bias * weight
        return replace(self, strength=self.strength * weight, bias=bias)

    def weight(self, own: Tensor) -> Tensor | None:
        """What it adds to the weight `own` at full strength, in float32; None for nothing."""
        if self.difference is None:
            return None
        reached = own.float()
        if self.into:
            reached = reached[:, : self.into]
        made = self.difference({name: tensor.float() for name, tensor in self.tensors.items()}, reached)
        made = made.reshape(reached.shape) * self.strength
        return functional.pad(made, (0, 0, 0, 0, 0, own.shape[1] - self.into)) if self.into else made

    @property
    def bytes(self) -> int:
        own = (*self.tensors.values(), *([] if self.bias is None else [self.bias]))
        return sum(weight.numel() * weight.element_size() for weight in own)


FileKey = tuple[Path, int, int]
# The layers of one network that an adapter reaches, by name. An adapter is itself and no other: compared by identity.
Adapter = Mapping[str, Layer | LayerChange]
# The adapters of one entry, each with its weight.
Mix = tuple[tuple[Adapter, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lora:
    """A LoRA file read for a model: the adapter of each of its networks, by the network's name in `Loaded`.
    `key` tells files apart: path, size, time of change; `left` are the file's layers that do not fit this model, and
    `weighed` what it is with weights for its blocks, as far as that was wanted, `bundled` the embeddings in its
    file."""

    key: FileKey
    adapters: Mapping[str, Adapter]
    left: tuple[str, ...] = ()
    weighed: dict[object, Lora] = field(default_factory=dict)
    bundled: tuple[Companion, ...] = ()

    @property
    def name(self) -> str:
        """What the file is called."""
        return self.key[0].stem

    @property
    def bytes(self) -> int:
        return sum(layer.bytes for adapter in self.adapters.values() for layer in adapter.values())
