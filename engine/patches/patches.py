"""The patches of a row: what its recipe changes inside the UNet, and the context in which a call has them.

All of them hang on the network's own layers for one call and are gone after it: no weight is touched, a row without
patches is drawn as if there were none, and LoRAs act within.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, Self

from engine.patches import circular, freeu, hypertile, merging
from engine.recipe import FreeU, HyperTile, Recipe

Shared = tuple[str, float, bool]


@dataclass(frozen=True, slots=True)
class Patches:
    """What a row's recipe changes inside the UNet: the edges that meet (`tiling`), the scales of `freeu`, the share of
    the tokens that are taken together (`merged`), and tiles of self-attention. With `like` each is as A1111 and Forge
    have it."""

    tiling: str = ""
    freeu: FreeU | None = None
    merged: float = 0.0
    hypertile: HyperTile | None = None
    like: bool = False

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """Those that a recipe asks for."""
        tiles = recipe.hypertile if recipe.hypertile and not recipe.hypertile.second else None
        return cls(recipe.tiling, recipe.freeu, recipe.token_merging, tiles, recipe.like is not None)

    def __bool__(self) -> bool:
        return bool(self.tiling or self.freeu or self.merged or self.hypertile)

    @property
    def shared(self) -> Shared:
        """What rows have to agree on to share a call: how edges are filled up and how many tokens there are is a whole
        batch's."""
        return self.tiling, self.merged, self.like and bool(self.merged)


@dataclass(frozen=True, slots=True, eq=False)
class Patched:
    """A row of a call: its patches, the entries that it takes, and what its tiles are drawn by lot with."""

    patches: Patches
    width: int
    lots: Random


@contextmanager
def on_unet(unet: Any, rows: Sequence[Patched], cells: tuple[int, int]) -> Iterator[None]:
    """While it holds, each row's entries of the UNet's batch are computed with its patches; the rows agree on what is
    `shared`. `cells` are the latents' height and width."""
    if not any(row.patches for row in rows):
        yield
        return
    alike = rows[0].patches
    scales = [(row.patches.freeu, row.patches.like) for row in rows for _ in range(row.width)]
    tiles = [hypertile.OwnTiles(row.patches.hypertile, row.width, row.lots, row.patches.like) for row in rows]
    with (
        circular.padding(unet, alike.tiling),
        freeu.scaling(unet, scales),
        merging.merging(unet, cells, alike.merged, full_size_only=alike.like),
        hypertile.tiling(unet, cells, tiles),
    ):
        yield
