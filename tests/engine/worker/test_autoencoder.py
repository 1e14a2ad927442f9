"""Latents become pictures, alone, in turns and in tiles."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded
from engine.recipe import A1111
from engine.tuning import Tuning
from engine.worker import autoencoder
from tests.engine.drawing import photograph, pixels, recipe


@pytest.fixture(scope="module")
def demo() -> Loaded:
    return loading.load(catalog.builtin(), torch.device("cpu"))


def test_a_picture_comes_back_from_its_latents(demo: Loaded) -> None:
    picture = photograph(128, 128)
    latents = autoencoder.latents(demo, picture, torch.Generator().manual_seed(1))
    [back] = autoencoder.pictures(demo, [latents])
    assert np.abs(pixels(back) - pixels(picture)).mean() < 25


def test_many_rows_are_decoded_in_turns(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    latents = list(torch.randn(5, 1, 4, 8, 8))
    together = autoencoder.pictures(loaded, latents)
    monkeypatch.setattr(autoencoder, "PIXELS_AT_ONCE", 2 * 64 * 64)
    apart = autoencoder.pictures(loaded, latents)
    assert len(together) == len(apart) == 5
    for one, other in zip(together, apart, strict=True):
        assert np.abs(pixels(one) - pixels(other)).max() <= 1


def test_decoded_in_bfloat16_a_picture_stays_what_it_is(demo: Loaded) -> None:
    """Alone and in company; and to the bit where it is to be like A1111's, or its words were taken as they are."""
    latents = [
        autoencoder.latents(demo, photograph(width, width).resize((128, 128)), torch.Generator().manual_seed(width))
        for width in (128, 40, 90)
    ]
    ours = replace(recipe(), prompt=replace(recipe().prompt, raw=False))
    recipes = [ours, replace(ours, like=A1111()), recipe()]
    plain = [pixels(one) for one in autoencoder.pictures(demo, latents, recipes)]
    halved = replace(demo, tuning=Tuning(decoding="bfloat16"))
    together = [pixels(one) for one in autoencoder.pictures(halved, latents, recipes)]
    away = np.abs(together[0] - plain[0])
    assert 0 < away.mean() <= 0.5 and away.max() <= 3
    assert all(np.array_equal(one, other) for one, other in zip(together[1:], plain[1:], strict=True))
    [alone] = autoencoder.pictures(halved, latents[:1], [ours])
    assert np.abs(pixels(alone) - together[0]).max() <= 1
    crowd = [pixels(one) for one in autoencoder.pictures(halved, latents, [ours] * 3)]
    assert np.abs(crowd[0] - pixels(alone)).max() <= 1


def test_a_big_picture_is_encoded_in_tiles(demo: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    own = replace(demo, vae=copy.deepcopy(demo.vae))
    own.vae.tile_sample_min_size, own.vae.tile_latent_min_size = 128, 16
    picture, asked = photograph(320, 256), list[int]()
    whole = autoencoder.latents(own, picture, torch.Generator().manual_seed(1))
    own.vae.encoder.register_forward_pre_hook(lambda _, inputs: asked.append(inputs[0].shape[-1]))
    monkeypatch.setattr(autoencoder, "LARGEST", 192 * 192)
    tiled = autoencoder.latents(own, picture, torch.Generator().manual_seed(1))
    assert len(asked) > 1 and max(asked) <= 128 and not own.vae.use_tiling
    assert (tiled - whole).abs().mean() < 0.2 * whole.std()


def test_encoding_goes_down_a_tier_where_memory_runs_out(entry: catalog.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    own = loading.load(entry, torch.device("cpu"))
    whole = own.vae.encode

    def encode_tiled_only(shades: torch.Tensor) -> Any:
        if not own.vae.use_tiling:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(shades)

    monkeypatch.setattr(own.vae, "encode", encode_tiled_only)
    assert autoencoder.latents(own, photograph(), torch.Generator().manual_seed(1)).shape == (1, 4, 8, 8)
    assert own.tier.name == "tiles"


def test_a_big_picture_is_decoded_in_tiles(demo: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    latents = autoencoder.latents(demo, photograph(320, 256), torch.Generator().manual_seed(1))
    [whole] = autoencoder.pictures(demo, [latents])
    monkeypatch.setattr(autoencoder, "LARGEST", 192 * 192)
    monkeypatch.setattr(autoencoder, "TILE", 24)
    [tiled] = autoencoder.pictures(demo, [latents])
    assert tiled.size == whole.size
    away = np.abs(pixels(tiled) - pixels(whole))
    assert 0 < away.mean() < 6  # in tiles it is, and as good as the whole
