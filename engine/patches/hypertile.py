"""HyperTile: self-attention within tiles of a large picture, of sizes drawn by lot so that no seams stay.

Source: the behaviour of A1111's built-in extension of that name, after tfernd's HyperTile: how many tiles each layer
has is drawn with Python's generator from the picture's seed, down and then across.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engine.patches.attentions import AttentionPlace, places
from engine.recipe import HyperTile

SMALLEST = 128  # pixels of a tile's side
PIXELS = 8  # of a latent's side
Split = tuple[int, int]  # tiles down and across
WHOLE = 1, 1
Cells = tuple[int, int]  # height and width


@dataclass(frozen=True, slots=True, eq=False)
class OwnTiles:
    """What of a batch is one picture's: its tiles, if it has any, the entries that it takes, and what they are drawn by
    lot with. `swapped`: height and width the other way round, as A1111 takes them of pictures that are not square."""

    tiles: HyperTile | None
    entries: int
    lots: Random
    swapped: bool


@contextmanager
def tiling(unet: Any, cells: Cells, shares: Sequence[OwnTiles]) -> Iterator[None]:
    """While it holds, each picture's entries of the UNet's batch attend within its tiles, for latents of `cells`."""
    before: list[tuple[Any, Any]] = []
    try:
        if any(share.tiles for share in shares):
            found = list(places(unet))
            finest = min((place.level for place in found), default=0)
            for place in found:
                attention = place.block.attn1
                before.append((attention, attention.processor))
                attention.processor = _Tiled(place, cells, _depth(place, finest), shares)
        yield
    finally:
        for attention, own in before:
            attention.processor = own


def _depth(place: AttentionPlace, finest: int) -> int:
    """How A1111 counts the layers: by their level where the finest is the latents' own, as in SD 1.x. Of SDXL the first
    block of each transformer on its finest level is 0, those of its middle 2, the others 1."""
    if not finest:
        return place.level
    if place.middle:
        return 2
    return 0 if place.level == finest and not place.number else 1


class _Tiled:
    """Self-attention as diffusers computes it, of each entry within the tiles of its picture."""

    def __init__(self, place: AttentionPlace, latents: Cells, depth: int, shares: Sequence[OwnTiles]) -> None:
        self._cells = place.cells(latents)
        self._latents = latents
        self._depth = depth
        self._shares = shares

    def __call__(self, attention: Any, hidden_states: Tensor, *_: object, **__: object) -> Tensor:
        entries, count, _width = hidden_states.shape
        query, key, value = (
            layer(hidden_states).view(entries, count, attention.heads, -1).transpose(1, 2)
            for layer in (attention.to_q, attention.to_k, attention.to_v)
        )
        splits = [split for share in self._shares for split in [self._split(share)] * share.entries]
        if count != math.prod(self._cells):  # tokens that were taken together lie in no tiles
            splits = [(self._cells, WHOLE)] * entries
        whole = _attended(query, key, value, splits)
        whole = whole.transpose(1, 2).reshape(entries, count, -1).to(query.dtype)
        made: Tensor = attention.to_out[1](attention.to_out[0](whole))
        return made

    def _split(self, share: OwnTiles) -> tuple[Cells, Split]:
        """The cells as a picture has them here, and in how many tiles they are."""
        if not share.tiles or self._depth > share.tiles.depth:
            return self._cells, WHOLE
        height, width = reversed(self._cells) if share.swapped else self._cells
        side = max(SMALLEST, min(_even(*self._latents), share.tiles.tile)) // PIXELS * 2**self._depth
        down = _lot(height, side, share.tiles.swap, share.lots)
        return (height, width), (down, _lot(width, side, share.tiles.swap, share.lots))


def _even(height: int, width: int) -> int:
    """The largest power of two that divides both sides of a picture, in pixels."""
    both = math.gcd(height * PIXELS, width * PIXELS)
    return both & -both


def _lot(length: int, side: int, swap: int, lots: Random) -> int:
    """In how many tiles a side of so many cells is cut: of at least `side` cells, of one of the `swap` smallest sizes
    that divide it."""
    sizes = [size for size in range(min(side, length), length + 1) if length % size == 0]
    numbers = [length // size for size in sizes[: max(1, swap)]]
    return numbers[lots.randint(0, len(numbers) - 1)]


def _attended(query: Tensor, key: Tensor, value: Tensor, splits: Sequence[tuple[Cells, Split]]) -> Tensor:
    """Attention of (entries, heads, cells, width), those of one split together."""
    different = list(dict.fromkeys(splits))
    if len(different) == 1:
        return _within(query, key, value, *different[0])
    whole = torch.empty_like(query)
    for split in different:
        entries = torch.tensor([at for at, one in enumerate(splits) if one == split], device=query.device)
        whole[entries] = _within(query[entries], key[entries], value[entries], *split)
    return whole


def _within(query: Tensor, key: Tensor, value: Tensor, cells: Cells, split: Split) -> Tensor:
    if split == WHOLE:
        return functional.scaled_dot_product_attention(query, key, value)
    entries, heads, count, width = query.shape
    down, across = split
    high, wide = cells[0] // down, cells[1] // across

    def tiled(grid: Tensor) -> Tensor:
        parts = grid.reshape(entries, heads, down, high, across, wide, width).permute(0, 2, 4, 1, 3, 5, 6)
        return parts.reshape(entries * down * across, heads, high * wide, width)

    made = functional.scaled_dot_product_attention(tiled(query), tiled(key), tiled(value))
    parts = made.reshape(entries, down, across, heads, high, wide, width).permute(0, 3, 1, 4, 2, 5, 6)
    return parts.reshape(entries, heads, count, width)
