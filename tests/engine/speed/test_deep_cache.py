"""The "fast" quality: deep levels that rest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from engine.models.loaded import Loaded
from tests.engine.drawing import draw, gap, recipe


@pytest.fixture
def calls(loaded: Loaded) -> Iterator[dict[str, int]]:
    """How many batch entries the outermost and the deepest level of the UNet have computed."""
    counted = {"outer": 0, "deep": 0}

    def count(name: str) -> object:
        def hook(_module: object, inputs: tuple[torch.Tensor, ...], _output: object) -> None:
            counted[name] += len(inputs[0])

        return hook

    hooks = [
        loaded.unet.conv_in.register_forward_hook(count("outer")),
        loaded.unet.mid_block.resnets[0].register_forward_hook(count("deep")),
    ]
    yield counted
    for hook in hooks:
        hook.remove()


def test_deep_levels_rest_at_every_second_step_but_the_last(loaded: Loaded, calls: dict[str, int]) -> None:
    draw(loaded, [recipe(steps=8, quality="fast")])
    assert calls == {"outer": 16, "deep": 2 * 5}  # at 0, 2, 4, 6 and, the last, at 7


def test_fast_is_near_the_full_quality_and_leaves_its_neighbours_alone(loaded: Loaded) -> None:
    fast, full, other = recipe(steps=8, quality="fast"), recipe(steps=8), recipe(steps=6, seed=2, quality="fast")
    together = draw(loaded, [fast, full, other], late=[2])
    alone = [draw(loaded, [own])[0] for own in (fast, full, other)]
    assert all(gap(one, another) <= 1 for one, another in zip(together, alone, strict=True))
    stranger = draw(loaded, [recipe(steps=8, seed=3)])[0]
    near = abs(alone[0] - alone[1]).mean()
    assert 0 < near < abs(stranger - alone[1]).mean() / 2


def test_the_unet_is_itself_again(loaded: Loaded) -> None:
    before = draw(loaded, [recipe(steps=2)])[0]
    draw(loaded, [recipe(steps=4, quality="fast")])
    assert not any("forward" in module.__dict__ for module in loaded.unet.modules())
    assert gap(draw(loaded, [recipe(steps=2)])[0], before) == 0
