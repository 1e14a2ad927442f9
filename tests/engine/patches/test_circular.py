"""Tiling: equal to diffusers whose convolutions are circular, in every direction and by every way to decode."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.models.loaded import Loaded
from engine.models.tiny_decoder import tiny_decoder
from engine.patches import circular
from engine.recipe import Recipe
from engine.worker import autoencoder, prepare, previews
from engine.worker.rows import Rows
from tests.engine.drawing import Pixels, draw, gap, over, photograph, pixels, recipe, reference

OWN = recipe(negative="a dog", steps=4, width=64, height=96)


class Circular(nn.Conv2d):
    """A convolution that is told what to fill its edges up with, an axis at a time."""

    axes = ""

    def forward(self, input: Tensor) -> Tensor:
        down, across = self.padding
        for axis, sides in (("x", (across, across, 0, 0)), ("y", (0, 0, down, down))):
            input = functional.pad(input, sides, mode="circular" if axis in self.axes else "constant")
        return functional.conv2d(input, self.weight, self.bias, self.stride)


def turned(network: Any, axes: str) -> Any:
    """A network whose convolutions are circular for good."""
    made = copy.deepcopy(network)
    for layer in made.modules():
        if isinstance(layer, nn.Conv2d):
            layer.__class__, layer.axes = Circular, axes
    return made


def circular_pipeline(pipeline: Any, axes: str) -> Any:
    parts = pipeline.components
    changed = {name: turned(parts[name], axes) for name in ("unet", "vae")}
    return type(pipeline)(**parts | changed, requires_safety_checker=False)


@pytest.mark.parametrize("axes", ["xy", "x", "y"])
def test_a_picture_equals_diffusers_with_circular_convolutions(axes: str, loaded: Loaded, pipeline: Any) -> None:
    expected = reference(circular_pipeline(pipeline, axes), OWN)
    mine = Recipe.from_json(OWN.to_json() | {"tiling": axes})
    assert gap(draw(loaded, [mine])[0], expected) <= 1
    assert gap(draw(loaded, [OWN])[0], expected) > 10


def test_so_does_one_drawn_over_a_picture(loaded: Loaded, pipeline: Any) -> None:
    own = recipe(steps=5, source=over(0.6))
    expected = reference(circular_pipeline(pipeline, "xy"), own, photograph())
    mine = recipe(steps=5, source=over(0.6), tiling="xy")
    assert gap(draw(loaded, [mine], source=photograph())[0], expected) <= 1
    assert gap(draw(loaded, [own], source=photograph())[0], expected) > 3


def seam(picture: Any, axis: int) -> float:
    """How much more a picture changes from its last row to its first than from row to row inside."""
    inside = abs(np.diff(picture, axis=axis)).mean()
    return float(abs(np.take(picture, 0, axis) - np.take(picture, -1, axis)).mean() / inside)


@pytest.mark.parametrize(("axes", "moved"), [("x", (0, 8)), ("y", (8, 0)), ("xy", (8, 8))])
def test_there_is_no_edge_where_edges_meet(
    axes: str, moved: tuple[int, int], loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = prepare._noise

    def drawn(axes: str, by: tuple[int, int]) -> Tensor:
        monkeypatch.setattr(prepare, "_noise", lambda *given: noise(*given).roll(by, (-2, -1)))
        row = prepare.start("job", 0, recipe(steps=3, width=128, height=128, tiling=axes), loaded, ())
        rows = Rows()
        rows.add(row)
        while not row.done:
            rows.turn()
        return row.latents.roll([-cells for cells in by], (-2, -1))

    assert torch.allclose(drawn(axes, moved), drawn(axes, (0, 0)), atol=2e-3)
    assert not torch.allclose(drawn("", moved), drawn("", (0, 0)), atol=0.5)


def smooth(channels: int, height: int, width: int) -> Tensor:
    """A grid without edges: some waves that go round a whole number of times, (1, channels, height, width)."""
    down, across = (torch.arange(side)[:, None] * (2 * torch.pi / side) for side in (height, width))
    waves = [
        torch.sin(down * (1 + channel % 2) + channel) + torch.cos(across.T * (1 + channel // 2) - channel)
        for channel in range(channels)
    ]
    return torch.stack(waves)[None] / 2


def around(loaded: Loaded, latents: Tensor, axes: str) -> Pixels:
    """What the VAE makes of latents, moved by half a picture, decoded, and moved back: the seam is inside then."""
    half = [side // 2 if axis in axes else 0 for axis, side in zip("yx", latents.shape[-2:], strict=True)]
    moved = autoencoder.pictures(loaded, [latents.roll(half, (-2, -1))], tiling=axes)[0]
    return np.roll(pixels(moved), [-side * loaded.scale for side in half], (0, 1))


@pytest.mark.parametrize("way", ["whole", "in our tiles", "in the VAE's tiles"])
def test_a_decoded_picture_goes_on_at_its_edges_however_it_is_decoded(
    way: str, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    latents = smooth(4, 56, 64)
    whole = pixels(autoencoder.pictures(loaded, [latents], tiling="xy")[0])
    if way == "whole":
        assert gap(whole, around(loaded, latents, "xy")) <= 1
        assert gap(whole, pixels(autoencoder.pictures(loaded, [latents])[0])) > 10
        return
    if way == "in our tiles":
        monkeypatch.setattr(autoencoder, "LARGEST", 48 * 48 * 64)
        monkeypatch.setattr(autoencoder, "TILE", 48)
    else:
        monkeypatch.setattr(loaded.vae, "use_tiling", True)
        monkeypatch.setattr(loaded.vae, "tile_latent_min_size", 48)
        monkeypatch.setattr(loaded.vae, "tile_sample_min_size", 48 * 8)
    tiled = pixels(autoencoder.pictures(loaded, [latents], tiling="xy")[0])
    assert tiled.shape == whole.shape
    rough = pixels(autoencoder.pictures(loaded, [latents])[0])
    for axis in (0, 1):
        assert seam(tiled, axis) < 1 < seam(rough, axis)


@pytest.mark.parametrize("way", ["in tiles", "in the VAE's tiles"])
def test_a_large_picture_is_encoded_with_what_lies_beyond_its_edges(
    way: str, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    shades = smooth(3, 192, 256)
    monkeypatch.setattr(autoencoder, "TILE", 64)
    monkeypatch.setattr(autoencoder, "LARGEST", 64 * 64 if way == "in tiles" else autoencoder.LARGEST)
    monkeypatch.setattr(loaded.vae, "use_tiling", way != "in tiles")
    plain, own = (autoencoder.encoded(loaded, shades, None, axes) for axes in ("", "xy"))
    assert own.shape == plain.shape
    for axis in (-1, -2):
        assert seam(own.numpy(), axis) < seam(plain.numpy(), axis)


def test_previews_meet_at_their_edges_too(demo: Loaded) -> None:
    tiny = tiny_decoder(previews.BUILTIN).eval()
    latents = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected = turned(tiny, "xy").decode(latents, return_dict=False)[0]
        with circular.padding(tiny.decoder, "xy"):
            made = tiny.decode(latents, return_dict=False)[0]
    assert torch.allclose(made, expected, atol=1e-5)
    assert previews.preview(demo, latents, tiling="xy") != previews.preview(demo, latents)


def test_what_another_thread_calls_meanwhile_is_as_ever(loaded: Loaded, elsewhere: Any) -> None:
    latents = [torch.randn(1, 4, 8, 8)]
    before = pixels(autoencoder.pictures(loaded, latents)[0])
    with circular.padding(loaded.vae.decoder, "xy"):
        assert gap(elsewhere(lambda: pixels(autoencoder.pictures(loaded, latents)[0])), before) == 0
        assert gap(pixels(autoencoder.pictures(loaded, latents)[0]), before) > 3


@pytest.mark.parametrize(
    ("side", "stride", "kernel"), [(7, 1, 3), (8, 2, 3), (7, 2, 3), (9, 1, 5), (2, 2, 3), (1, 1, 3)]
)
def test_every_size_and_stride(side: int, stride: int, kernel: int) -> None:
    layer = nn.Conv2d(3, 5, kernel, stride, kernel // 2)
    expected = turned(layer, "xy")
    grid = torch.randn(2, 3, side, side + 1)
    with circular.padding(nn.Sequential(layer), "xy"):
        made = layer(grid)
    assert made.shape == layer(grid).shape and torch.allclose(made, expected(grid), atol=1e-5)
