"""Low-rank adapters beside a network's own layers: every entry of a batch may have others, at other weights.

A layer with adapters gives `base(x) + up(down(x) · share)`. The adapters of all entries lie side by side, their ranks
one after another, and `share` says how much of each rank an entry gets: nothing of an adapter that is not its own. So
one pair of products serves a batch with any mixture, and the network's weights are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.hooks import RemovableHandle


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What an adapter adds to one layer: `up(down(x)) · scale`. `down` is (rank, in) for a linear layer and
    (rank, in, k, k) for a convolution, `up` (out, rank) or (out, rank, 1, 1)."""

    down: Tensor
    up: Tensor
    scale: float

    @property
    def bytes(self) -> int:
        return sum(half.numel() * half.element_size() for half in (self.down, self.up))


FileKey = tuple[Path, int, int]
# The layers of one network that an adapter reaches, by name. An adapter is itself and no other: compared by identity.
Adapter = Mapping[str, Layer]
# The adapters of one entry, each with its weight.
Mix = tuple[tuple[Adapter, float], ...]
# For each adapter on a layer: its place among the adapters of the batch, its rank, its scale.
_Ranks = tuple[tuple[int, int, float], ...]
_Hook = Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor | None]


@dataclass(frozen=True, slots=True, eq=False)
class Lora:
    """What a LoRA file holds for a model: the adapter of each of its networks, by the network's name in `Loaded`.
    `key` tells files apart: path, size, time of change."""

    key: FileKey
    adapters: Mapping[str, Adapter]

    @property
    def bytes(self) -> int:
        return sum(layer.bytes for adapter in self.adapters.values() for layer in adapter.values())


class Adapted:
    """A network that can be called with adapters on its layers."""

    def __init__(self, network: nn.Module) -> None:
        self._layers = dict(network.named_modules())
        self._on: list[Adapter] = []
        self._hooks: list[RemovableHandle] = []
        self._weights: Tensor | None = None  # (entries, adapters), while a call may use them
        self._shares: dict[_Ranks, Tensor] = {}

    @contextmanager
    def acting(self, mixes: Sequence[Mix]) -> Iterator[None]:
        """While it holds, entry i of a batch is drawn with `mixes[i]`; one mix alone serves a batch of any size.

        Without any adapter the layers are as if there never had been one.
        """
        wanted = list({id(adapter): adapter for mix in mixes for adapter, _ in mix}.values())
        if {id(adapter) for adapter in wanted} != {id(adapter) for adapter in self._on}:
            self._put_on(wanted)
        if not wanted:
            yield
            return
        places = {id(adapter): place for place, adapter in enumerate(self._on)}
        self._weights = torch.zeros(len(mixes), len(places))
        for entry, mix in enumerate(mixes):
            for adapter, weight in mix:
                self._weights[entry, places[id(adapter)]] += weight
        try:
            yield
        finally:
            self._weights = None
            self._shares.clear()

    def _put_on(self, adapters: list[Adapter]) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks, self._on = [], []  # should memory run out below, nothing is on
        for name in dict.fromkeys(name for adapter in adapters for name in adapter):
            found = [(place, adapter[name]) for place, adapter in enumerate(adapters) if name in adapter]
            ranks = tuple((place, len(layer.down), layer.scale) for place, layer in found)
            down = _joined([layer.down for _, layer in found], 0)
            up = _joined([layer.up for _, layer in found], 1)
            self._hooks.append(self._layers[name].register_forward_hook(self._beside(down, up, ranks)))
        self._on = adapters

    def _beside(self, down: Tensor, up: Tensor, ranks: _Ranks) -> _Hook:
        def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
            if self._weights is None:
                return None  # a call outside `acting`
            share = self._share(ranks, output)
            if isinstance(layer, nn.Conv2d):
                low = functional.conv2d(inputs[0], down, None, layer.stride, layer.padding, layer.dilation)
                return output + functional.conv2d(low * share[:, :, None, None], up)
            low = functional.linear(inputs[0], down)
            low *= share.view(len(share), *[1] * (low.dim() - 2), -1)
            # Into the layer's own output, which nobody has seen yet.
            output.view(-1, len(up)).addmm_(low.view(-1, low.shape[-1]), up.t())
            return output

        return add

    def _share(self, ranks: _Ranks, like: Tensor) -> Tensor:
        """How much of each rank an entry gets, (entries, ranks together); most layers of a file have the same."""
        if ranks not in self._shares:
            assert self._weights is not None
            columns = [self._weights[:, place, None].expand(-1, rank) * scale for place, rank, scale in ranks]
            self._shares[ranks] = torch.cat(columns, dim=1).to(like.device, like.dtype)
        return self._shares[ranks]


def _joined(halves: list[Tensor], axis: int) -> Tensor:
    return halves[0] if len(halves) == 1 else torch.cat(halves, dim=axis)
