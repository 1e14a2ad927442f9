"""Previews: small pictures of the right colours, by the tiny decoder that goes with the model."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from PIL import Image

from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded
from engine.tuning import Tuning
from engine.worker import autoencoder, previews
from tests.engine.drawing import photograph, pixels


def fresh(loaded: Loaded, tuning: Tuning) -> Loaded:
    """The same model before anybody asked for a preview."""
    return replace(loaded, tuning=tuning, tiny=None, tiny_sought=False)


@pytest.fixture(scope="module")
def demo() -> Loaded:
    return loading.load(catalog.builtin(), torch.device("cpu"))


@pytest.fixture(scope="module")
def coarse(demo: Loaded) -> Loaded:
    return fresh(demo, Tuning(previews="colours"))


def stranger(folder: Path) -> Path:
    """A decoder of the built-in one's shape that belongs to no VAE."""
    torch.manual_seed(7)
    config = json.loads((previews.BUILTIN / "config.json").read_text())
    names = ("encoder_block_out_channels", "decoder_block_out_channels", "num_encoder_blocks", "num_decoder_blocks")
    AutoencoderTiny(**{name: config[name] for name in names}).save_pretrained(folder)
    return folder


def look(loaded: Loaded, latents: torch.Tensor) -> Image.Image:
    return Image.open(io.BytesIO(previews.preview(loaded, latents)))


@pytest.mark.parametrize("kind", ["demo", "coarse"])
@pytest.mark.parametrize("colour", [(220, 30, 30), (30, 60, 220), (240, 240, 240), (20, 20, 20)])
def test_a_preview_has_the_colours_of_the_picture(
    colour: tuple[int, int, int], kind: str, request: pytest.FixtureRequest
) -> None:
    own: Loaded = request.getfixturevalue(kind)
    picture = Image.new("RGB", (128, 64), colour)
    preview = look(own, autoencoder.latents(own, picture, torch.Generator().manual_seed(1)))
    assert preview.format == "JPEG" and preview.size == (128, 64)
    shown = np.asarray(preview.convert("RGB"))[8:-8, 8:-8].reshape(-1, 3).mean(axis=0)
    assert np.abs(shown - np.array(colour)).mean() < 60


def test_the_tiny_decoder_shows_edges_where_the_linear_map_blurs(demo: Loaded, coarse: Loaded) -> None:
    picture = Image.new("RGB", (128, 128), "white")
    picture.paste((200, 20, 20), (40, 40, 88, 88))
    latents = autoencoder.latents(demo, picture, torch.Generator().manual_seed(1))
    steepest = [np.abs(np.diff(pixels(look(own, latents))[64, 30:50, 1])).max() for own in (demo, coarse)]
    assert demo.tiny is not None and coarse.tiny is None
    assert steepest[0] > 1.2 * steepest[1]


def test_a_preview_is_small_even_of_a_large_picture_or_of_nonsense(demo: Loaded, coarse: Loaded) -> None:
    for own in (demo, coarse):
        for latents in (torch.randn(1, 4, 64, 96), torch.full((1, 4, 8, 8), torch.nan), torch.randn(1, 4, 1, 256)):
            assert max(look(own, latents).size) <= previews.SIDE


def test_a_decoder_in_the_models_folder_is_taken_if_it_fits_the_model(
    demo: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger(tmp_path / "taesd-of-another")
    monkeypatch.setattr(previews, "BUILTIN", stranger(tmp_path / "elsewhere" / "other"))
    other = fresh(demo, Tuning(tiny=(tmp_path,)))
    assert [one.name for one in catalog.decoders([tmp_path])] == ["other", "taesd-of-another"]
    latents = autoencoder.latents(demo, photograph(128, 128), torch.Generator().manual_seed(1))
    assert previews.preview(other, latents) and other.tiny is None  # neither is this VAE's

    shutil.copytree(catalog.COMPANIONS / "demo-tiny", tmp_path / "taesd")
    own = fresh(demo, Tuning(tiny=(tmp_path,)))
    assert previews.preview(own, latents) and own.tiny is not None
    assert torch.equal(own.tiny.decoder.layers[0].weight, demo.tiny.decoder.layers[0].weight)


def test_a_broken_decoder_only_costs_its_previews(demo: Loaded, tmp_path: Path) -> None:
    broken = stranger(tmp_path / "taesd") / "diffusion_pytorch_model.safetensors"
    broken.write_bytes(broken.read_bytes()[:1000])
    own = fresh(demo, Tuning(tiny=(tmp_path,)))
    assert look(own, torch.randn(1, 4, 16, 16)).size == (128, 128)


def test_decoders_of_another_shape_are_left_alone(demo: Loaded, tmp_path: Path) -> None:
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ).save_pretrained(tmp_path / "half")
    own = fresh(demo, Tuning(tiny=(tmp_path,)))
    assert look(own, torch.randn(1, 4, 16, 16)).size == (128, 128)


def test_no_previews_where_none_are_wanted(demo: Loaded) -> None:
    assert previews.preview(fresh(demo, Tuning(previews="none")), torch.randn(1, 4, 16, 16)) == b""
