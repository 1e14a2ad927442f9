"""Part of a picture redrawn: as diffusers' own inpainting does it, alone and among strangers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.models.loaded import Loaded
from engine.recipe import A1111, Variation
from engine.worker import autoencoder, prepare
from tests import tiny
from tests.engine.drawing import draw, gap, over, photograph, pixels, recipe, reference


@pytest.fixture(scope="module")
def mask() -> Image.Image:
    made = Image.new("L", (64, 64))
    made.paste(255, (16, 24, 48, 64))
    return made


@pytest.fixture(scope="module")
def nine(loaded: Loaded) -> Iterator[Loaded]:
    """The tiny model with a UNet made for inpainting."""
    torch.manual_seed(3)
    yield replace(loaded, unet=wide_unet().eval().requires_grad_(False), adapted={})


def wide_unet() -> Any:
    made = tiny.unet()
    old = made.conv_in
    made.conv_in = torch.nn.Conv2d(9, old.out_channels, 3, padding=1)
    with torch.no_grad():
        made.conv_in.weight[:, :4] = old.weight
    made.register_to_config(in_channels=9)
    return made


@pytest.mark.parametrize(
    ("sampler", "strength"),
    [("Euler", 0.7), ("Euler", 1.0), ("DPM++ 2M Karras", 0.6), ("DDIM", 0.8), ("Heun", 0.7), ("UniPC", 1.0)],
)
def test_a_plain_model_keeps_what_is_not_masked(
    sampler: str, strength: float, loaded: Loaded, pipeline: Any, mask: Image.Image
) -> None:
    own = recipe(sampler=sampler, source=over(strength))
    stranger = recipe("a boat", seed=9, steps=7, source=over(0.5))
    expected = reference(pipeline, own, photograph(), mask)
    assert gap(expected, reference(pipeline, own, photograph())) > 5  # the mask does something
    alone, among = draw(loaded, [own], source=photograph(), mask=mask), None
    among = draw(loaded, [stranger, own], source=photograph(), mask=mask, late=[0])
    assert gap(alone[0], expected) <= 1
    assert gap(among[1], expected) <= 1


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_a_model_of_nine_channels(strength: float, nine: Loaded, pipeline: Any, mask: Image.Image) -> None:
    own = recipe(source=over(strength))
    parts = {**pipeline.components, "unet": nine.unet}
    other = type(pipeline)(**parts, requires_safety_checker=False)
    expected = reference(other, own, photograph(), mask)
    assert expected.std() > 20
    plain, drawn = draw(nine, [recipe(seed=5, steps=3), own], source=photograph(), mask=mask)
    assert gap(drawn, expected) <= 1
    assert plain.std() > 20  # without a picture it redraws everything


def test_nine_channels_see_the_mask(nine: Loaded, mask: Image.Image) -> None:
    row = prepare.start("job", 0, recipe(source=over(1.0)), nine, (), photograph(), mask)
    assert row.beside is not None and row.beside.shape == (1, 5, 8, 8)
    assert torch.equal(row.beside[0, 0, :, 2], torch.tensor([0.0] * 3 + [1.0] * 5))
    assert row.keep is None


def test_nine_channels_see_what_is_redrawn_as_far_as_a1111_was_told(nine: Loaded, mask: Image.Image) -> None:
    """The picture's latents with what is redrawn grey, grey by half, or as it is; the mask is seen whole."""
    photo = photograph()
    cells = torch.from_numpy(np.asarray(mask.convert("L"), np.float32) > 127).float()
    for weight in (1.0, 0.5, 0.0):
        own = recipe(source=over(0.6), like=A1111(rng="CPU", mask_weight=weight))
        row = prepare.start("job", 0, own, nine, (), photo, mask)
        seen = autoencoder.encoded(nine, autoencoder.pixels(photo) * (1 - weight * cells), None)
        assert row.beside is not None
        assert row.beside[:, 1:].allclose(seen, atol=1e-5)
        assert row.beside[0, 0].sum() > 0


def test_a_row_over_latents_is_a_row_over_their_picture(loaded: Loaded) -> None:
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    own = recipe(source=over(0.5), steps=6)
    row = prepare.start("job", 0, own, loaded, (), latents)
    assert row.steps == 3 and len(row.timesteps) == 3
    assert not torch.equal(row.latents, latents)
    again = prepare.start("job", 0, replace(own, variation=Variation(7, 1.0)), loaded, (), latents)
    assert not torch.equal(row.latents, again.latents)  # its noise is its own seed's


@pytest.mark.parametrize("sampler", ["Euler", "Heun", "DDIM", "Euler a", "LCM"])
def test_two_stretches_make_one_picture(sampler: str, loaded: Loaded) -> None:
    """What a refiner takes over from is where the first model left off."""
    own = recipe(sampler=sampler, steps=6)
    first = prepare.start("job", 0, own, loaded, (), stretch=(0.0, 0.5))
    assert first.steps == 3
    at_work = drawn_out(first)
    second = prepare.start("job", 0, own, loaded, (), stretch=(0.5, 1.0), brought=at_work)
    assert torch.equal(second.latents, at_work)
    [whole] = draw(loaded, [own])
    assert gap(picture(loaded, drawn_out(second)), whole) <= 1


@pytest.mark.parametrize("channels", [4, 9])
@pytest.mark.parametrize("strength", [0.7, 1.0])
def test_what_is_not_masked_is_kept_in_both_stretches(
    channels: int, strength: float, loaded: Loaded, nine: Loaded, mask: Image.Image
) -> None:
    used = loaded if channels == 4 else nine
    own = recipe(steps=6, sampler="Euler a", source=over(strength))
    share = 2 / prepare.drawn(6, strength)
    first = prepare.start("job", 0, own, used, (), photograph(), mask, (0.0, share))
    second = prepare.start("job", 0, own, used, (), photograph(), mask, (share, 1.0), drawn_out(first))
    [whole] = draw(used, [own], source=photograph(), mask=mask)
    assert gap(picture(used, drawn_out(second)), whole) <= 1


def drawn_out(row: Any) -> torch.Tensor:
    from engine.worker import rows

    at_work = rows.Rows()
    at_work.add(row)
    while not row.done:
        assert not at_work.turn().failed
    return torch.as_tensor(row.latents)


def picture(loaded: Loaded, latents: torch.Tensor) -> Any:
    from engine.worker import autoencoder

    assert np.isfinite(latents.numpy()).all()
    return pixels(autoencoder.pictures(loaded, [latents])[0])
