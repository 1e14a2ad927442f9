"""FreeU: diffusers' own, and in A1111's way what Forge makes of the same numbers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.models.loaded import Loaded
from engine.patches import freeu
from engine.recipe import FreeU, Recipe
from tests.engine.drawing import draw, gap, recipe, reference

SCALES = FreeU(1.5, 1.6, 0.9, 0.2)


@pytest.mark.parametrize("size", [(64, 64), (64, 96), (128, 72)])
def test_a_picture_equals_diffusers(size: tuple[int, int], loaded: Loaded, pipeline: Any) -> None:
    own = recipe(negative="a dog", steps=4, width=size[0], height=size[1])
    parts = pipeline.components
    other = type(pipeline)(**parts | {"unet": copy.deepcopy(parts["unet"])}, requires_safety_checker=False)
    other.enable_freeu(s1=SCALES.s1, s2=SCALES.s2, b1=SCALES.b1, b2=SCALES.b2)
    expected = reference(other, own)
    mine = Recipe.from_json(own.to_json() | {"freeu": SCALES.to_json()})
    assert gap(expected, reference(pipeline, own)) > 10
    assert gap(draw(loaded, [mine, recipe(seed=3, width=size[0], height=size[1])])[0], expected) <= 1


def filtered(grid: Tensor, scale: float) -> Tensor:
    """The four lowest frequencies scaled, by Fourier's transform."""
    height, width = grid.shape[-2:]
    mask = torch.ones(height, width)
    mask[max(0, height // 2 - 1) : height // 2 + 1, max(0, width // 2 - 1) : width // 2 + 1] = scale
    middle = torch.fft.fftshift(torch.fft.fftn(grid, dim=(-2, -1)), dim=(-2, -1)) * mask
    return torch.fft.ifftn(torch.fft.ifftshift(middle, dim=(-2, -1)), dim=(-2, -1)).real


@pytest.mark.parametrize("size", [(8, 8), (5, 7), (2, 3), (1, 4), (1, 1)])
@pytest.mark.parametrize("like", [False, True])
def test_what_it_does_to_features(like: bool, size: tuple[int, int]) -> None:
    below, across = torch.randn(6, *size), torch.randn(3, *size)
    other = torch.randn(9, *size)
    [made] = freeu._Scaled(6, {1: (1.4, 0.3, like)})(
        torch.nn.Identity(), (torch.stack([other, torch.cat([below, across])]),)
    )
    assert torch.equal(made[0], other)
    assert torch.equal(made[1, 3:6], below[3:])
    mean = below.mean(0)
    span = mean.max() - mean.min()
    strong = 0.4 * (mean - mean.min()) / span + 1 if like else 1.4
    if span > 0 or not like:
        assert torch.allclose(made[1, :3], below[:3] * strong, atol=1e-5)
    else:
        assert torch.equal(made[1, :3], below[:3])
    assert torch.allclose(made[1, 6:], filtered(across, 0.3), atol=1e-5)


def test_forge_tells_levels_by_their_channels(loaded: Loaded) -> None:
    found: list[tuple[int, dict[int, tuple[float, float, bool]]]] = []
    base = loaded.unet.config.block_out_channels[0]

    class Seen(freeu._Scaled):
        def __init__(self, channels: int, scales: dict[int, tuple[float, float, bool]]) -> None:
            found.append((channels // base, scales))
            super().__init__(channels, scales)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(freeu, "_Scaled", Seen)
        with freeu.scaling(loaded.unet, [(SCALES, True), (None, False)]):
            pass
    # Twice the channels of the first level on the three levels below it, in this model: 16, 32, 32, 32.
    assert found and all(times == 2 and scales == {0: (1.6, 0.2, True)} for times, scales in found)
    assert len(found) == sum(len(block.resnets) for block in loaded.unet.up_blocks) - 1
