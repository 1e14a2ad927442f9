"""Latents become pictures, alone, in turns and in tiles."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine import catalog, decode, models
from engine.models import Loaded
from tests.engine.drawing import photograph, pixels


@pytest.fixture(scope="module")
def demo() -> Loaded:
    return models.load(catalog.builtin(), torch.device("cpu"))


def test_a_picture_comes_back_from_its_latents(demo: Loaded) -> None:
    picture = photograph(128, 128)
    latents = decode.latents(demo, picture, torch.Generator().manual_seed(1))
    [back] = decode.pictures(demo, [latents])
    assert np.abs(pixels(back) - pixels(picture)).mean() < 25


def test_many_rows_are_decoded_in_turns(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    latents = list(torch.randn(5, 1, 4, 8, 8))
    together = decode.pictures(loaded, latents)
    monkeypatch.setattr(decode, "PIXELS_AT_ONCE", 2 * 64 * 64)
    apart = decode.pictures(loaded, latents)
    assert len(together) == len(apart) == 5
    for one, other in zip(together, apart, strict=True):
        assert np.abs(pixels(one) - pixels(other)).max() <= 1


def test_a_big_picture_is_decoded_in_tiles(demo: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    latents = decode.latents(demo, photograph(320, 256), torch.Generator().manual_seed(1))
    [whole] = decode.pictures(demo, [latents])
    monkeypatch.setattr(decode, "LARGEST", 192 * 192)
    monkeypatch.setattr(decode, "TILE", 24)
    [tiled] = decode.pictures(demo, [latents])
    assert tiled.size == whole.size
    away = np.abs(pixels(tiled) - pixels(whole))
    assert 0 < away.mean() < 6  # in tiles it is, and as good as the whole
