"""Adapters beside a network's own layers: every entry of a batch may have others, at other weights.

A layer with low-rank adapters gives `base(x) + up(down(x) · share)`. The adapters of all entries lie side by side,
their ranks one after another, and `share` says how much of each rank an entry gets: nothing of an adapter that is not
its own. So one pair of products serves a batch with any mixture, and the network's weights are never touched. Adapters
of other kinds (engine/adapters/beside.py) run on the entries that want them, one after another. Where all entries want
the same for several steps to come, copies of the weights with the adapters added in (engine/adapters/merged_weights.py)
are faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.hooks import RemovableHandle

from engine.adapters import beside, merged_weights
from engine.adapters.merged_weights import Merged
from engine.adapters.mix import Adapter, Layer, LayerChange, Mix
from engine.models.card import out_of_memory

# Merging reads and writes every weight it reaches; products beside the layers cost by the pixel. In the time that they
# take for one latent pixel of one step a processor merges 18,000 weights (built-in model, every layer, rank 16), 28,000
# (SD 1.5's 242 million, rank 16: 0.49 s against 0.47 s a step of two entries) or 43,000 (rank 64: 0.67 s against 0.97).
# With this many, merging has to win back about twice its time.
WEIGHTS = 10_000
KEPT = 3  # calls that others may make before the merged copies go: two groups of rows that take turns need one


# For each adapter on a layer: its place among the adapters of the batch, its rank, its scale.
_Ranks = tuple[tuple[int, int, float], ...]
_Hook = Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor | None]


class Adapted:
    """A network that can be called with adapters on its layers."""

    def __init__(self, network: nn.Module) -> None:
        self._layers = dict(network.named_modules())
        self._on: list[Adapter] = []
        self._hooks: list[RemovableHandle] = []
        self._weights: Tensor | None = None  # (entries, adapters), while a call may use them
        self._shares: dict[_Ranks, Tensor] = {}
        self._merged: Merged | None = None
        self._idle = 0  # calls since it was used

    @contextmanager
    def acting(
        self, mixes: Sequence[Mix], area: int = 0, room: Callable[[int], bool] = lambda _: False
    ) -> Iterator[None]:
        """While it holds, entry i of a batch is drawn with `mixes[i]`; one mix alone serves a batch of any size.

        Without any adapter the layers are as if there never had been one. `area` is the latent pixels that are still
        to be drawn, over all entries and steps, `room` whether there is memory for so many bytes more: where both are
        large enough, a mix that all entries share is merged into copies of the weights.
        """
        if serving := self._serving(mixes, area, room):
            with serving.acting():
                yield
            return
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

    def drop_merged(self) -> None:
        """Forget the merged copies, so that their memory is free."""
        self._merged = None

    def _serving(self, mixes: Sequence[Mix], area: int, room: Callable[[int], bool]) -> Merged | None:
        """Merged weights for a batch whose entries all want the same. There is one set of them: a batch that takes
        turns with theirs draws with its adapters beside the layers."""
        mix = mixes[0]
        same = bool(mix) and all(merged_weights.alike(mix, other) for other in mixes[1:])
        if self._merged and same and self._merged.serves(mix):
            self._idle = 0
            return self._merged
        self._idle += 1
        if self._merged and self._idle <= KEPT:
            return None
        self._merged = None
        weights = merged_weights.reached(self._layers, mix) if same else []
        if same and area * WEIGHTS >= sum(map(Tensor.numel, weights)) and room(sum(map(_bytes, weights))):
            try:
                self._merged, self._idle = merged_weights.merge(self._layers, mix), 0
            except Exception as error:
                if not out_of_memory(error):
                    raise
        return self._merged

    def _put_on(self, adapters: list[Adapter]) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks, self._on = [], []  # should memory run out below, nothing is on
        for name in dict.fromkeys(name for adapter in adapters for name in adapter):
            found = [(place, adapter[name]) for place, adapter in enumerate(adapters) if name in adapter]
            if low := [(place, layer) for place, layer in found if isinstance(layer, Layer)]:
                ranks = tuple((place, len(layer.down), layer.scale) for place, layer in low)
                down = _joined([layer.down for _, layer in low], 0)
                up = _joined([layer.up for _, layer in low], 1)
                self._hooks.append(self._layers[name].register_forward_hook(self._beside(down, up, ranks)))
            for place, change in found:
                if isinstance(change, LayerChange):
                    self._hooks.append(self._layers[name].register_forward_hook(self._changed(change, place)))
        self._on = adapters

    def _changed(self, change: LayerChange, place: int) -> _Hook:
        def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
            if self._weights is None:
                return None
            return beside.added(layer, change, self._weights[:, place], inputs[0], output)

        return add

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


def _bytes(weight: Tensor) -> int:
    return weight.numel() * weight.element_size()


def _joined(halves: list[Tensor], axis: int) -> Tensor:
    return halves[0] if len(halves) == 1 else torch.cat(halves, dim=axis)
