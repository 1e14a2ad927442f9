"""Token merging: by loops over the tokens, and where in the UNet it happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.further_guidance import Perturbed, Smoothed
from engine.models.loaded import Loaded
from engine.patches import merging
from engine.recipe import A1111
from prompts.errors import Refusal
from tests.engine.drawing import draw, gap, recipe


def by_hand(tokens: Tensor, cells: tuple[int, int], share: float) -> tuple[list[int], dict[int, int]]:
    """The places of the tokens that stay, and of each that goes the one it goes into."""
    height, width = cells
    corners = [row * width + column for row in range(0, height // 2 * 2, 2) for column in range(0, width // 2 * 2, 2)]
    others = [place for place in range(height * width) if place not in corners]
    close = {
        place: max((float(torch.cosine_similarity(tokens[place], tokens[one], dim=0)), one) for one in corners)
        for place in others
    }
    gone = sorted(others, key=lambda place: -close[place][0])[: int(len(tokens) * share)]
    return [place for place in range(height * width) if place not in gone], {place: close[place][1] for place in gone}


@pytest.mark.parametrize(("cells", "share"), [((8, 8), 0.5), ((7, 5), 0.3), ((4, 6), 0.9), ((3, 9), 0.05)])
def test_the_likest_tokens_are_taken_together_and_apart_again(cells: tuple[int, int], share: float) -> None:
    tokens, values = (
        torch.randn(2, cells[0] * cells[1], 6, generator=torch.Generator().manual_seed(n)) for n in (1, 2)
    )
    found = merging.matched(tokens, cells, share)
    assert found
    merged = found.merged(values)
    apart = found.apart(merged)
    for entry in range(2):
        stays, into = by_hand(tokens[entry], cells, share)
        assert merged.shape[1] == len(stays)
        for place in stays:
            own = [values[entry, place], *(values[entry, one] for one, to in into.items() if to == place)]
            assert torch.allclose(apart[entry, place], torch.stack(own).mean(0), atol=1e-5)
        for place, to in into.items():
            assert torch.equal(apart[entry, place], apart[entry, to])


@pytest.mark.parametrize(("share", "cells"), [(0.0, (8, 8)), (0.01, (8, 8)), (0.5, (1, 8))])
def test_where_there_is_nothing_to_merge(share: float, cells: tuple[int, int]) -> None:
    assert merging.matched(torch.randn(1, cells[0] * cells[1], 4), cells, share) is None


def counted(loaded: Loaded, **changes: Any) -> set[int]:
    """How many tokens the attention to the picture itself was given, at all layers."""
    seen: set[int] = set()
    hooks = [
        layer.attn1.to_q.register_forward_pre_hook(lambda _, inputs: seen.add(inputs[0].shape[1]))
        for layer in loaded.unet.modules()
        if hasattr(layer, "attn1") and isinstance(layer, nn.Module)
    ]
    draw(loaded, [recipe(steps=2, width=128, height=128, **changes)])
    for hook in hooks:
        hook.remove()
    return seen


def test_tokens_are_merged_on_the_finest_level_alone(loaded: Loaded) -> None:
    plain = counted(loaded)
    assert max(plain) == 256
    assert counted(loaded, token_merging=0.5) == plain - {256} | {128}
    assert counted(loaded, token_merging=1.0) == plain - {256}  # a quarter of 256 is as much as the next level has


def test_in_a1111s_way_only_at_full_size(demo: Loaded) -> None:
    # The built-in model's finest attention is at half the size, as SDXL's: A1111 merges nothing there.
    own = {"steps": 3, "width": 128, "height": 128, "model": demo.model.name}
    plain, merged = draw(demo, [recipe(**own), recipe(**own, token_merging=0.5)])
    assert gap(plain, merged) > 3
    like = A1111("Automatic", rng="CPU")
    plain, merged = draw(demo, [recipe(**own, like=like), recipe(**own, like=like, token_merging=0.5)])
    assert gap(plain, merged) <= 1


def test_what_is_merged_is_not_blurred(loaded: Loaded) -> None:
    own = recipe(steps=2, width=128, height=128, token_merging=0.5)
    for seg, like in ((Smoothed(2.0), None), (Smoothed(2.0, layers="mid+up.1"), A1111("Automatic"))):
        assert draw(loaded, [replace(own, seg=seg, like=like)])
    with pytest.raises(Refusal) as caught:
        draw(loaded, [replace(own, seg=Smoothed(2.0, layers="down.0"))])
    assert caught.value.key == "layers.merged"
    assert draw(loaded, [replace(own, pag=Perturbed(2.0, layers="down.0"))])
