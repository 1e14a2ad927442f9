"""Slots: low-rank adapters at fixed places in memory, as inputs of a call that was recorded once and is repeated.

A network with slots gives `base(x) + up[own] · down[own] · x` at each layer, where `own` is the slot of an entry. Which
entry has which slot, and what lies in them, may change between two calls; how many there are and how many ranks each
has may not. Slot 0 is filled with zeros, for entries without adapters, to which it adds nothing to the bit. Ranks that
are not used are zeros as well.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.adapters.mix import Layer, Mix

# Ranks are rounded up to one of these: few enough that graphs are found again, and never more than twice what is used.
# Products of more ranks than the last one cost a layer of 1280 inputs a third of itself: those go beside the layers.
RANKS = (8, 16, 32, 64, 128, 256)
REACHES = ("attention", "blocks", "everything")  # each with those before it
OTHER = 1 << 20  # "ranks" of what is no pair of small factors: more than there are slots for
KEPT = 256  # of the sizes of mixes


@dataclass(frozen=True, slots=True, eq=False)
class SlotMix:
    """The adapters of an entry; equal `key`s stand for equal adapters at equal weights, () for none."""

    key: tuple[object, ...] = ()
    mix: Mix = ()


@dataclass(frozen=True, slots=True)
class Need:
    """Slots that a batch needs: so many for `mixes`, each with so many `ranks`, at the layers within `reach`, a place
    in `REACHES`."""

    mixes: int
    ranks: int
    reach: int

    def __str__(self) -> str:
        return f"{self.mixes} LoRA mixes of rank {self.ranks} at {REACHES[self.reach]}"


class Needs:
    """What the adapters of one network need; each mix is looked at once, as a large network has 800 layers."""

    def __init__(self) -> None:
        self._sizes: OrderedDict[tuple[object, ...], tuple[int, int]] = OrderedDict()  # numbers, which keep no adapter

    def of(self, entries: Sequence[SlotMix]) -> Need | None:
        """The slots for a batch, rounded up so that others fit as well; None where there are too many ranks for them,
        or adapters of another kind."""
        mixes = {one.key: one for one in entries if one.mix}
        each = [self._size(one) for one in mixes.values()]
        size = next((size for size in RANKS if size >= max((ranks for ranks, _ in each), default=0)), None)
        if size is None or not each:
            return None
        return Need(1 << (len(each) - 1).bit_length(), size, max(reach for _, reach in each))

    def _size(self, wanted: SlotMix) -> tuple[int, int]:
        """The ranks that a mix has at any layer, and its reach."""
        if wanted.key not in self._sizes:
            ranks = reach = 0
            for adapter, _ in wanted.mix:
                kinds = [len(layer.down) if isinstance(layer, Layer) else OTHER for layer in adapter.values()]
                ranks += max(kinds, default=0)
                reach = max(reach, max(map(_reach, adapter), default=0))
            self._sizes[wanted.key] = ranks, reach
            while len(self._sizes) > KEPT:
                self._sizes.popitem(last=False)
        return self._sizes[wanted.key]


def _reach(name: str) -> int:
    if ".attn1." in name or ".attn2." in name:
        return 0
    return 1 if ".attentions." in name else 2


class Slots:
    """Slots for the layers of a network, and what lies in each at the moment: of each layer `halves`, (slots, ranks,
    in) and (slots, out, ranks), with a convolution's inputs flat."""

    def __init__(self, layers: Mapping[str, nn.Module], wanted: Need) -> None:
        self.layers = within(layers, wanted.reach)
        weight = next(iter(self.layers.values())).weight
        assert isinstance(weight, Tensor)
        self._held: list[tuple[object, ...]] = [()] * (wanted.mixes + 1)
        # One piece of memory for all layers' halves, so that a slot is emptied at once.
        sizes = [size for layer in self.layers.values() for size in _sizes(layer, wanted.ranks)]
        self._all = torch.zeros(len(self._held), sum(sizes), device=weight.device, dtype=weight.dtype)
        pieces = [self._all[:, end - size : end] for end, size in zip(accumulate(sizes), sizes, strict=True)]
        self.halves: dict[str, tuple[Tensor, Tensor]] = {}
        for name, down, up in zip(self.layers, pieces[::2], pieces[1::2], strict=True):
            self.halves[name] = down.view(len(down), wanted.ranks, -1), up.view(len(up), -1, wanted.ranks)

    @staticmethod
    def bytes_of(layers: Mapping[str, nn.Module], wanted: Need) -> int:
        """The memory that they would take."""
        own = within(layers, wanted.reach).values()
        each = sum(sum(_sizes(layer, wanted.ranks)) * layer.weight.element_size() for layer in own)  # type: ignore
        return (wanted.mixes + 1) * each

    @property
    def bytes(self) -> int:
        """The memory that they take."""
        return self._all.numel() * self._all.element_size()

    @torch.no_grad()
    def put(self, entries: Sequence[SlotMix]) -> list[int]:
        """Which slot each entry has, once what is not in one lies there: in the place of what none of them wants."""
        keys = {one.key: one.mix for one in entries if one.mix}
        free = [slot for slot, held in enumerate(self._held) if slot and held not in keys]
        for key in [key for key in keys if key not in self._held]:
            self._fill(slot := free.pop(0), keys[key])
            self._held[slot] = key
        return [self._held.index(one.key) if one.mix else 0 for one in entries]

    def _fill(self, slot: int, mix: Mix) -> None:
        self._held[slot] = ()  # should it go wrong on the way
        self._all[slot].zero_()
        into: list[Tensor] = []
        halves: list[Tensor] = []
        ups: list[Tensor] = []
        scales: list[float] = []
        for name, (down, up) in self.halves.items():
            at = 0
            for adapter, weight in mix:
                layer = adapter.get(name)
                if isinstance(layer, Layer):
                    to = at + len(layer.down)
                    into += [down[slot, at:to], up[slot, :, at:to]]
                    halves += [layer.down.flatten(1), layer.up.flatten(1)]
                    ups.append(up[slot, :, at:to])
                    scales.append(weight * layer.scale)
                    at = to
        torch._foreach_copy_(into, halves)
        torch._foreach_mul_(ups, scales)


def within(layers: Mapping[str, nn.Module], reach: int) -> dict[str, nn.Module]:
    """Those of a network's layers that adapters within a reach may change."""
    kinds = nn.Linear | nn.Conv2d
    return {name: layer for name, layer in layers.items() if isinstance(layer, kinds) and _reach(name) <= reach}


def _sizes(layer: nn.Module, ranks: int) -> tuple[int, int]:
    """The numbers in both halves of a slot at a layer."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return ranks * weight[0].numel(), len(weight) * ranks


class Slotted:
    """A network that can be called with slots on its layers, which nothing else hangs adapters on."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.layers = {
            name: layer for name, layer in network.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)
        }
        self._slots: Slots | None = None
        self._own: Tensor | None = None
        self._hung = False

    @contextmanager
    def acting(self, slots: Slots, own: Tensor) -> Iterator[None]:
        """While it holds, entry i of a batch is drawn with the slot `own[i]`."""
        if not self._hung:
            for name, layer in self.layers.items():
                layer.register_forward_hook(self._beside(name))
            self._hung = True
        self._slots, self._own = slots, own
        try:
            yield
        finally:
            self._slots = self._own = None

    def _beside(self, name: str) -> Any:
        def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if self._slots is None or self._own is None or name not in self._slots.halves:
                return
            down, up = (half.index_select(0, self._own) for half in self._slots.halves[name])
            if isinstance(layer, nn.Conv2d):
                _convolved(layer, down, up, inputs[0], output)
            else:
                count = len(output)
                low = torch.bmm(inputs[0].reshape(count, -1, down.shape[2]), down.transpose(1, 2))
                output.view(count, -1, up.shape[1]).baddbmm_(low, up.transpose(1, 2))

        return add


def _convolved(layer: nn.Conv2d, down: Tensor, up: Tensor, x: Tensor, output: Tensor) -> None:
    """Add a convolution's products to its output: each entry's channels are a group of their own."""
    count, ranks = down.shape[:2]
    if layer.kernel_size == (1, 1) and layer.stride == (1, 1):
        low = torch.bmm(down, x.flatten(2))
    else:
        kernels = down.reshape(count * ranks, x.shape[1], *layer.kernel_size)
        joined = x.reshape(1, -1, *x.shape[2:])
        flat = functional.conv2d(joined, kernels, None, layer.stride, layer.padding, layer.dilation, groups=count)
        low = flat.view(count, ranks, -1)
    output += torch.bmm(up, low).view(output.shape)
