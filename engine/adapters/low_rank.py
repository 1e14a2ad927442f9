"""Adapters beside a network's own layers: every entry of a batch may have others, at other weights.

A layer with low-rank adapters gives `base(x) + up(down(x) · share)`, for each entry with the adapters that are its own
(engine/adapters/grouped.py); the network's weights are never touched. Adapters of other kinds
(engine/adapters/beside.py) run on the entries that want them, one after another. Where all entries want the same for
several steps to come, copies of the weights with the adapters added in (engine/adapters/merged_weights.py) are faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from engine.adapters import beside, grouped, merged_weights
from engine.adapters.grouped import Halves, Stretch
from engine.adapters.merged_weights import Merged
from engine.adapters.mix import Adapter, Layer, LayerChange, Mix
from engine.models.card import out_of_memory

# Merging reads and writes every weight it reaches; products beside the layers cost by the pixel. In the time that they
# take for one latent pixel of one step a processor merges 18,000 weights (built-in model, every layer, rank 16), 28,000
# (SD 1.5's 242 million, rank 16: 0.49 s against 0.47 s a step of two entries) or 43,000 (rank 64: 0.67 s against 0.97).
# With this many, merging has to win back about twice its time.
WEIGHTS = 10_000
KEPT = 3  # calls that others may make before the merged copies go: two groups of rows that take turns need one


_Hook = Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor | None]


class Adapted:
    """A network that can be called with adapters on its layers."""

    def __init__(self, network: nn.Module) -> None:
        self._layers = dict(network.named_modules())
        self._on: list[Adapter] = []
        self._hooks: list[RemovableHandle] = []
        self._acts = False  # whether a call may use them
        self._weights = torch.zeros(0, 0)  # (entries, adapters)
        self._wanted: list[dict[int, float]] = []  # for each entry, the weight of each adapter by its place
        self._stretches: dict[frozenset[int], tuple[Stretch, ...]] = {}  # by the places of the adapters on a layer
        self._shares: dict[object, Tensor] = {}  # by where they are wanted
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
        self._weigh(mixes)
        self._acts = True
        try:
            yield
        finally:
            self._acts = False

    def _weigh(self, mixes: Sequence[Mix]) -> None:
        """Note how much each entry wants of each adapter; what was made of it is kept while that stays the same."""
        places = {id(adapter): place for place, adapter in enumerate(self._on)}
        wanted: list[dict[int, float]] = [{} for _ in mixes]
        for own, mix in zip(wanted, mixes, strict=True):
            for adapter, weight in mix:
                place = places[id(adapter)]
                own[place] = own.get(place, 0.0) + weight
        # The order of an entry's own adapters counts: so their products are summed as they are alone.
        if [list(own.items()) for own in wanted] == [list(own.items()) for own in self._wanted]:
            return
        self._wanted = wanted
        self._weights = torch.tensor([[own.get(place, 0.0) for place in places.values()] for own in wanted])
        self._stretches.clear()
        self._shares.clear()

    def drop_merged(self) -> None:
        """Forget the merged copies, so that their memory is free."""
        self._merged = None

    def clear(self) -> None:
        """Hold no adapters; a call puts on those that it wants."""
        self._put_on([])
        self._stretches.clear()
        self._shares.clear()
        self.drop_merged()

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
        self._hooks, self._on, self._wanted = [], [], []  # should memory run out below, nothing is on
        for name in dict.fromkeys(name for adapter in adapters for name in adapter):
            found = {place: adapter[name] for place, adapter in enumerate(adapters) if name in adapter}
            low = {place: layer for place, layer in found.items() if isinstance(layer, Layer)}
            if low:
                self._hooks.append(self._layers[name].register_forward_hook(self._beside(Halves(low))))
            for place, change in found.items():
                if isinstance(change, LayerChange):
                    self._hooks.append(self._layers[name].register_forward_hook(self._changed(change, place)))
        self._on = adapters

    def _changed(self, change: LayerChange, place: int) -> _Hook:
        def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
            if not self._acts:
                return None
            return beside.added(layer, change, self._weights[:, place], inputs[0], output)

        return add

    def _beside(self, halves: Halves) -> _Hook:
        here = frozenset(halves.layers)

        def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if not self._acts:
                return  # a call outside `acting`
            if here not in self._stretches:
                self._stretches[here] = grouped.stretches(self._wanted, here)
            found = self._stretches[here]
            # Into the layer's own output, which nobody has seen yet.
            if len(self._wanted) == 1:
                for stretch in found:
                    whole = Stretch(0, len(output), stretch.places)
                    grouped.stretch_added(layer, halves, whole, self._share(halves, stretch, output), inputs[0], output)
            elif len(found) > 1 and self._batched(layer, output) and (length := grouped.even(found, len(output))):
                shares = self._shares_of_all(halves, found, output)
                grouped.all_added(halves, found, length, shares, inputs[0], output)
            else:
                for stretch in found:
                    grouped.stretch_added(
                        layer, halves, stretch, self._share(halves, stretch, output), inputs[0], output
                    )

        return add

    def _batched(self, layer: nn.Module, output: Tensor) -> bool:
        return isinstance(layer, nn.Linear) and output.device.type != "cpu"

    def _share(self, halves: Halves, stretch: Stretch, like: Tensor) -> Tensor:
        """How much of each rank the entries of a stretch get, (entries, ranks together); most layers of a file have the
        same."""
        ranks = halves.ranks(stretch.places)
        key = (stretch, ranks)
        if key not in self._shares:
            own = self._weights[stretch.start : stretch.stop]
            columns = [own[:, place, None].expand(-1, rank) * scale for place, rank, scale in ranks]
            self._shares[key] = torch.cat(columns, dim=1).to(like.device, like.dtype)
        return self._shares[key]

    def _shares_of_all(self, halves: Halves, found: tuple[Stretch, ...], like: Tensor) -> Tensor:
        """The same for all entries of a batch, (entries, most ranks of any)."""
        key = tuple((stretch, halves.ranks(stretch.places)) for stretch in found)
        if key not in self._shares:
            each = [self._share(halves, stretch, like) for stretch in found]
            shares = each[0].new_zeros(len(self._wanted), max(one.shape[1] for one in each))
            for stretch, own in zip(found, each, strict=True):
                shares[stretch.start : stretch.stop, : own.shape[1]] = own
            self._shares[key] = shares
        return self._shares[key]


def _bytes(weight: Tensor) -> int:
    return weight.numel() * weight.element_size()
