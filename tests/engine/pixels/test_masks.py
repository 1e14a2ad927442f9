"""Masks: found from what somebody painted, feathered inside, and holes filled with what is around them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.pixels import masks, source_picture
from engine.recipe import Source
from prompts.errors import Refusal
from tests.engine.drawing import photograph, recipe
from tests.engine.worker.test_worker import png


def scene() -> Image.Image:
    """A photograph with grain."""
    shades = np.asarray(photograph(512, 384), np.float32)
    grain = np.random.default_rng(0).normal(0, 12, shades.shape)
    return Image.fromarray((shades + grain).clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image, scale: float, quality: int) -> Image.Image:
    small = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=quality)
    return Image.open(file)


def overlap(one: Image.Image, other: Image.Image) -> float:
    first, second = np.asarray(one) > 0, np.asarray(other) > 0
    return float((first & second).sum() / (first | second).sum())


@pytest.mark.parametrize(
    ("pen", "colour", "scale", "quality"),
    [(40, "red", 1.0, 70), (24, (230, 20, 30), 0.6, 60), (30, "red", 1.5, 40), (14, "black", 0.8, 80)],
)
def test_what_was_painted_over_is_found(pen: int, colour: str, scale: float, quality: int) -> None:
    original, truth = scene(), Image.new("L", (512, 384))
    painted = original.copy()
    for image, ink in ((painted, colour), (truth, 255)):
        drawn = ImageDraw.Draw(image)
        drawn.line([(80, 90), (200, 120), (260, 300)], fill=ink, width=pen, joint="curve")
        drawn.ellipse([330, 60, 330 + 4 * pen, 60 + 3 * pen], fill=ink)
    found = masks.difference(original, jpeg(painted, scale, quality))
    assert found.size == original.size and set(np.unique(np.asarray(found))) == {0, 255}
    assert overlap(found, truth) > 0.9


def test_nothing_painted_is_nothing_found() -> None:
    assert masks.empty(masks.difference(scene(), jpeg(scene(), 0.6, 40)))


def test_feathers_lie_inside() -> None:
    mask = Image.new("L", (64, 64))
    mask.paste(255, (16, 16, 48, 64))
    soft = np.asarray(masks.feathered(mask, 4))
    assert soft[:16].max() == soft[:, :16].max() == soft[:, 48:].max() == 0
    assert 0 < soft[30, 16] < soft[30, 18] < soft[30, 20] == 255
    assert soft[63, 30] == 255  # the edge of the picture is none of the mask's


def test_outside_the_mask_the_original_stays() -> None:
    mask = Image.new("L", (64, 64))
    mask.paste(255, (5, 9, 33, 41))
    pasted = np.asarray(masks.pasted(photograph(), Image.new("RGB", (64, 64), "red"), mask))
    outside = np.asarray(mask) == 0
    assert np.array_equal(pasted[outside], np.asarray(photograph())[outside])
    assert tuple(pasted[24, 18]) == (255, 0, 0)


def test_a_cell_is_redrawn_if_any_of_its_pixels_is() -> None:
    mask = Image.new("L", (64, 32))
    mask.paste(255, (15, 8, 24, 9))
    cells = masks.grown(mask, 8, 4)
    assert cells.shape == (4, 8) and set(map(tuple, np.argwhere(cells))) == {(1, 1), (1, 2)}


def test_a_hole_takes_the_colours_around_it() -> None:
    image = Image.new("RGB", (96, 64), "blue")
    image.paste("red", (48, 0, 96, 64))
    hole = Image.new("L", image.size)
    hole.paste(255, (0, 16, 96, 48))
    filled = np.asarray(masks.filled(image, hole, 1)).astype(int)
    known = np.asarray(hole) == 0
    assert np.array_equal(filled[known], np.asarray(image)[known])
    assert filled[32, 8, 2] > 180 > 80 > filled[32, 8, 0] and filled[32, 88, 0] > 180 > 80 > filled[32, 88, 2]
    assert filled[20:44, 4:30].std(axis=(0, 1)).max() > 3  # grain
    everything = Image.new("L", image.size, 255)
    assert masks.filled(image, everything, 1) is image


# --- the files of a recipe ---


def test_margins_are_exactly_so_many_pixels() -> None:
    own = recipe(width=104, height=80, source=Source("p", 0.5, margins=(24, 0, 16, 16)))
    base = source_picture.drawn_over(own, {"p": png(photograph())})
    assert base and base.mask and base.image.size == base.mask.size == (104, 80)
    assert np.array_equal(np.asarray(base.image)[:64, 24:88], np.asarray(photograph()))
    frame = np.asarray(base.mask)
    assert not frame[:64, 24:88].any() and frame[64:].all() and frame[:, :24].all() and frame[:, 88:].all()


def test_what_is_see_through_is_redrawn() -> None:
    image = photograph().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 32, 64))
    base = source_picture.drawn_over(recipe(source=Source("p", 0.5)), {"p": png(image)})
    assert base and base.mask and base.mask.getbbox() == (0, 0, 32, 64)
    assert np.array_equal(np.asarray(base.image)[:, 32:], np.asarray(photograph())[:, 32:])
    plain = source_picture.drawn_over(recipe(source=Source("p", 0.5)), {"p": png(photograph().convert("RGBA"))})
    assert plain and plain.mask is None


def test_a_mask_of_another_size_is_fitted() -> None:
    mask = Image.new("L", (128, 128))
    mask.paste(255, (64, 0, 128, 128))
    own = recipe(source=Source("p", 0.5, mask="m"))
    base = source_picture.drawn_over(own, {"p": png(photograph()), "m": png(mask)})
    assert base and base.mask and base.mask.getbbox() == (32, 0, 64, 64)
    assert np.array_equal(np.asarray(base.image), np.asarray(photograph()))  # it is drawn over, not filled


@pytest.mark.parametrize(
    ("source", "key"),
    [
        (Source("gone", 0.5), "picture.gone"),
        (Source("p", 0.5, mask="gone"), "picture.gone"),
        (Source("p", 0.5, mask="black"), "mask.empty"),
        (Source("p", 0.5, mask="cut"), "picture.damaged"),
        (Source("cut", 0.5), "picture.damaged"),
        (Source("p", 0.5, margins=(32, 0, 32, 0)), "margins.not_allowed"),
        (Source("p", 0.5, margins=(-8, 0, 0, 0)), "margins.not_allowed"),
        (Source("p", float("nan")), "strength.not_allowed"),
    ],
)
def test_what_cannot_be_drawn_over_is_refused(source: Source, key: str) -> None:
    whole = png(photograph())
    files = {"p": whole, "cut": whole[: len(whole) // 2], "black": png(Image.new("L", (64, 64)))}
    with pytest.raises(Refusal) as caught:
        source_picture.drawn_over(recipe(source=source), files)
    assert caught.value.key == key
