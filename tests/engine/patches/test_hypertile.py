"""HyperTile: equal to a UNet whose self-attention is cut into tiles by hand, drawn by the same lots."""

from __future__ import annotations

import copy
import math
from random import Random
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.models.loaded import Loaded
from engine.patches import hypertile
from engine.patches.attentions import places
from engine.recipe import A1111, HyperTile, Recipe
from tests.engine.drawing import draw, gap, recipe, reference


def cut_by_hand(unet: Any, size: tuple[int, int], tiles: HyperTile, seed: int) -> Any:
    """The UNet with every self-attention done tile by tile, drawn as A1111 does; `size` is width and height."""
    made, lots = copy.deepcopy(unet), Random(seed)
    even = max(power for power in (2**n for n in range(12)) if size[0] % power == size[1] % power == 0)
    depths = {0: 0, 1: 1, 2: 2, 3: 3}

    def lot(length: int, least: int) -> int:
        whole = [length // side for side in range(min(least, length), length + 1) if length % side == 0]
        own = whole[: tiles.swap]
        return own[lots.randint(0, len(own) - 1)]

    def wrapped(layer: Any, level: int) -> Any:
        inner = layer.forward

        def forward(hidden: Tensor, *rest: Any, **given: Any) -> Tensor:
            height, width = size[1] // 8 // 2**level, size[0] // 8 // 2**level
            if depths[level] > tiles.depth:
                return inner(hidden, *rest, **given)
            least = max(128, min(even, tiles.tile)) // 8 * 2 ** depths[level]
            down, across = lot(height, least), lot(width, least)
            grid = hidden.reshape(len(hidden), height, width, -1)
            rows = [
                torch.cat(
                    [inner(tile.flatten(1, 2), *rest, **given).reshape(tile.shape) for tile in strip.chunk(across, 2)],
                    2,
                )
                for strip in grid.chunk(down, 1)
            ]
            return torch.cat(rows, 1).reshape(hidden.shape)

        return forward

    for place in places(made):
        place.block.attn1.forward = wrapped(place.block.attn1, place.level)
    return made


@pytest.mark.parametrize(
    ("size", "tiles"),
    [((256, 256), HyperTile(128, 1)), ((512, 256), HyperTile(128, 3)), ((384, 256), HyperTile(256, 2, depth=0))],
)
def test_a_picture_equals_one_cut_by_hand(
    size: tuple[int, int], tiles: HyperTile, loaded: Loaded, pipeline: Any
) -> None:
    own = recipe(negative="a dog", steps=3, seed=5, width=size[0], height=size[1])
    parts = pipeline.components
    unet = cut_by_hand(parts["unet"], size, tiles, own.seed)
    expected = reference(type(pipeline)(**parts | {"unet": unet}, requires_safety_checker=False), own)
    mine = Recipe.from_json(own.to_json() | {"hypertile": tiles.to_json()})
    assert gap(expected, draw(loaded, [own])[0]) > 3
    assert gap(draw(loaded, [mine])[0], expected) <= 1


def test_a_side_is_cut_in_whole_tiles_of_the_smallest_sizes_that_divide_it() -> None:
    drawn = {hypertile._lot(96, 16, 3, Random(seed)) for seed in range(50)}
    assert drawn == {6, 4, 3}  # tiles of 16, 24 and 32 cells
    assert hypertile._lot(96, 16, 1, Random(1)) == 6
    assert hypertile._lot(8, 16, 3, Random(1)) == 1 and hypertile._lot(97, 16, 3, Random(1)) == 1


def test_depths_are_a1111s(loaded: Loaded, demo: Loaded) -> None:
    def depths(of: Loaded) -> list[tuple[int, int, bool, int]]:
        found = list(places(of.unet))
        finest = min(place.level for place in found)
        return sorted({(p.level, p.number, p.middle, hypertile._depth(p, finest)) for p in found})

    assert depths(loaded) == [(0, 0, False, 0), (1, 0, False, 1), (2, 0, False, 2), (3, 0, True, 3)]
    # As of SDXL: the finest level's first blocks are 0, the middle 2.
    assert depths(demo) == [(1, 0, False, 0), (2, 0, True, 2)]


def test_every_level_attends_to_what_it_has(loaded: Loaded) -> None:
    seen: list[tuple[int, int]] = []
    hooks = [
        place.block.register_forward_pre_hook(
            lambda _, inputs, place=place: seen.append((inputs[0].shape[1], math.prod(place.cells((8, 13)))))
        )
        for place in places(loaded.unet)
    ]
    draw(loaded, [recipe(steps=1, width=104, height=64)])
    for hook in hooks:
        hook.remove()
    assert seen and all(count == cells for count, cells in seen)


def test_a1111_takes_width_for_height() -> None:
    own = hypertile.OwnTiles(HyperTile(128, 1), 1, Random(1), swapped=True)
    place = next(iter([hypertile.AttentionPlace(None, 0, 0)]))
    assert hypertile._Tiled(place, (32, 64), 0, [own])._split(own) == ((64, 32), (4, 2))
    plain = hypertile.OwnTiles(HyperTile(128, 1), 1, Random(1), swapped=False)
    assert hypertile._Tiled(place, (32, 64), 0, [plain])._split(plain) == ((32, 64), (2, 4))


def test_only_the_second_pass(loaded: Loaded) -> None:
    from engine import second_pass
    from engine.patches.patches import Patches
    from engine.recipe import Hires

    own = recipe(hypertile=HyperTile(second=True), hires=Hires(2.0, 0.5, token_merging=0.4), token_merging=0.2)
    assert own.hires
    again = second_pass.recipe(own, own.hires)
    assert Patches.of(own).hypertile is None and Patches.of(again).hypertile == HyperTile()
    assert (Patches.of(own).merged, Patches.of(again).merged) == (0.2, 0.4)
    same = recipe(hires=Hires(2.0, 0.5), token_merging=0.2, like=A1111())
    assert same.hires and Patches.of(second_pass.recipe(same, same.hires)).merged == 0.2
