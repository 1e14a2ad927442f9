"""Parts of a picture drawn again: by themselves at the recipe's size, and from what they are told to begin with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.models.loaded import Loaded
from engine.pixels import masks
from engine.recipe import Hires, Source
from engine.worker import autoencoder, prepare
from tests.engine.drawing import draw, gap, over, photograph, pixels, recipe
from tests.engine.worker.test_stages import SOURCE, one


def patch(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


def test_only_what_is_masked_is_drawn_and_pasted_back(tiny_folder: Path, loaded: Loaded) -> None:
    image, mask = photograph(200, 160), patch((200, 160), (90, 60, 110, 80))
    files = (SOURCE, image), ("m", mask)
    own = recipe(steps=6, source=Source(SOURCE, 0.6, mask="m", padding=10))
    drawn, _ = one(tiny_folder.parent, own, *files)
    box = 80, 50, 120, 90
    large = image.crop(box).resize((64, 64), Image.Resampling.LANCZOS)
    inside = masks.solid(mask.crop(box).resize((64, 64), Image.Resampling.LANCZOS))
    [part] = draw(loaded, [replace(own, source=over(0.6))], source=large, mask=inside)
    expected = image.copy()
    small = Image.fromarray(part.astype(np.uint8)).resize((40, 40), Image.Resampling.LANCZOS)
    expected.paste(small, box[:2])
    expected = Image.composite(expected, image, masks.feathered(mask))
    assert drawn.shape == (160, 200, 3)
    assert gap(drawn, pixels(expected)) <= 2
    assert np.array_equal(drawn[np.asarray(mask) == 0], pixels(image)[np.asarray(mask) == 0])
    assert gap(drawn, pixels(image)) > 20
    larger, _ = one(tiny_folder.parent, replace(own, hires=Hires(1.5, 0.5, 3, "Latent")), *files)
    assert larger.shape == (160, 200, 3)  # the second pass is the part's
    assert np.array_equal(larger[np.asarray(mask) == 0], pixels(image)[np.asarray(mask) == 0])
    assert gap(larger, drawn) > 5
    as_it_is, _ = one(tiny_folder.parent, replace(own, source=replace(own.source, strength=0.0)), *files)  # type: ignore[type-var]
    assert np.array_equal(as_it_is, pixels(image))


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_what_is_redrawn_begins_as_it_is_told(strength: float, loaded: Loaded) -> None:
    mask = patch((64, 64), (16, 24, 48, 64))
    inside = torch.zeros(1, 1, 8, 8)
    inside[..., 3:8, 2:6] = 1
    generator = torch.Generator().manual_seed(1)
    clean = autoencoder.latents(loaded, photograph(), generator)
    noise = torch.randn(clean.shape, generator=generator)
    begins = {"": clean, "latent noise": clean * (1 - inside) + noise * inside, "latent nothing": clean * (1 - inside)}
    for fill, start in begins.items():
        own = recipe(source=replace(over(strength), fill=fill))
        row = prepare.start("job", 0, own, loaded, (), photograph(), mask)
        sigma = row.sampler.sigmas[row.sampler.begin_index or 0]
        if fill or strength < 1:
            torch.testing.assert_close(row.latents, start + noise * sigma, rtol=0, atol=1e-4)
        else:  # as diffusers has it, at full strength nothing of the picture is left
            torch.testing.assert_close(row.latents, noise * row.sampler.init_noise_sigma)
        assert row.keep
        kept = row.keep.clean * (1 - inside)
        torch.testing.assert_close(kept, clean * (1 - inside), rtol=0, atol=1e-5)


def test_what_is_smeared_in_is_drawn_over_and_never_pasted(tiny_folder: Path) -> None:
    image, mask = photograph(), patch((64, 64), (16, 24, 48, 64))
    own = recipe(source=Source(SOURCE, 0.5, mask="m"))
    plain, _ = one(tiny_folder.parent, own, (SOURCE, image), ("m", mask))
    for fill in ("fill", "latent noise", "latent nothing"):
        told = replace(own, source=replace(own.source, fill=fill))  # type: ignore[type-var]
        drawn, _ = one(tiny_folder.parent, told, (SOURCE, image), ("m", mask))
        assert gap(drawn, plain) > 5
        assert np.array_equal(drawn[np.asarray(mask) == 0], pixels(image)[np.asarray(mask) == 0])
