"""Low-rank products of a batch in which every row may have others: each entry pays for the ranks that are its own.

Entries that stand side by side and want the same adapters of a layer are a stretch. On a processor each stretch's two
products are computed by themselves, on a part of the batch that is not copied, which is to the bit what the row gets
alone. A card would wait for hundreds of small calls; there stretches of equal length are one batched product, ranks
filled up with zeros.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.adapters.mix import Layer

# Adapters of a layer that an entry wants, in the order of its own mix, by their places among those of the batch.
Places = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries from `start` up to `stop` that want the adapters at these places."""

    start: int
    stop: int
    places: Places


def stretches(wanted: Sequence[Mapping[int, float]], here: frozenset[int]) -> tuple[Stretch, ...]:
    """The stretches of a batch on a layer that the adapters `here` reach; `wanted` has, for each entry, the weight at
    each place. Entries that want nothing there are in none."""
    found: list[Stretch] = []
    for entry, weights in enumerate(wanted):
        places = tuple(place for place, weight in weights.items() if weight and place in here)
        if found and found[-1].stop == entry and found[-1].places == places:
            found[-1] = Stretch(found[-1].start, entry + 1, places)
        elif places:
            found.append(Stretch(entry, entry + 1, places))
    return tuple(found)


def even(found: Sequence[Stretch], entries: int) -> int:
    """How many entries each part of the batch has when it is cut so that every stretch is a part; 0 where it cannot be,
    or where more than half of the parts would be computed for nothing."""
    length = found[0].stop - found[0].start
    if entries % length or any(stretch.stop - stretch.start != length or stretch.start % length for stretch in found):
        return 0
    return length if 2 * len(found) * length >= entries else 0


@dataclass(slots=True, eq=False)
class Halves:
    """The low-rank adapters on one layer, by place, and what was joined of them for a stretch or a whole batch."""

    layers: Mapping[int, Layer]
    joined: dict[Places, tuple[Tensor, Tensor]] = field(default_factory=dict)
    stacked: tuple[tuple[Stretch, ...], int, Tensor, Tensor] | None = None

    def of(self, places: Places) -> tuple[Tensor, Tensor]:
        """Both halves of some of them, their ranks one after another."""
        if len(places) == 1:
            return self.layers[places[0]].down, self.layers[places[0]].up
        if places not in self.joined:
            some = [self.layers[place] for place in places]
            self.joined[places] = torch.cat([one.down for one in some]), torch.cat([one.up for one in some], dim=1)
        return self.joined[places]

    def ranks(self, places: Places) -> tuple[tuple[int, int, float], ...]:
        """Place, rank and scale of each."""
        return tuple((place, len(self.layers[place].down), self.layers[place].scale) for place in places)

    def stack(self, found: tuple[Stretch, ...], parts: int) -> tuple[Tensor, Tensor]:
        """The halves for each of so many equal parts of a batch, (parts, ranks, in) and (parts, out, ranks), with zeros
        where a part has fewer ranks or none. Those of the last batch are kept."""
        if self.stacked is None or self.stacked[:2] != (found, parts):
            length = found[0].stop - found[0].start
            halves = [self.of(stretch.places) for stretch in found]
            rank = max(len(down) for down, _ in halves)
            first = halves[0]
            down = first[0].new_zeros(parts, rank, first[0].shape[1])
            up = first[1].new_zeros(parts, len(first[1]), rank)
            for stretch, (one, other) in zip(found, halves, strict=True):
                down[stretch.start // length, : len(one)] = one
                up[stretch.start // length, :, : len(one)] = other
            self.stacked = found, parts, down, up
        return self.stacked[2:]


def stretch_added(layer: nn.Module, halves: Halves, stretch: Stretch, share: Tensor, x: Tensor, output: Tensor) -> None:
    """Add a stretch's product to the layer's output; `share` is how much of each rank an entry gets, (entries, ranks),
    or (1, ranks) for all of them."""
    down, up = halves.of(stretch.places)
    if stretch.stop - stretch.start != len(output):
        x, output = x[stretch.start : stretch.stop], output[stretch.start : stretch.stop]
    if isinstance(layer, nn.Conv2d):
        low = functional.conv2d(x, down, None, layer.stride, layer.padding, layer.dilation)
        output += functional.conv2d(low * share[:, :, None, None], up)
        return
    low = functional.linear(x, down)
    low *= share.view(len(share), *[1] * (low.dim() - 2), -1)
    output.view(-1, len(up)).addmm_(low.view(-1, low.shape[-1]), up.t())


def all_added(
    halves: Halves, found: tuple[Stretch, ...], length: int, shares: Tensor, x: Tensor, output: Tensor
) -> None:
    """Add the products of all stretches to a linear layer's output at once; `shares` are (entries, ranks), filled up
    with zeros."""
    parts = len(output) // length
    down, up = halves.stack(found, parts)
    low = torch.bmm(x.reshape(parts, -1, x.shape[-1]), down.transpose(1, 2))
    each = low.view(len(output), -1, low.shape[-1])
    each *= shares[:, None]
    output.view(parts, -1, output.shape[-1]).baddbmm_(low, up.transpose(1, 2))
