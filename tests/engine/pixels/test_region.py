"""Only what a mask shows is drawn: its box and shape, its soft edge, and what it begins from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from engine.pixels import masks, region, source_picture
from engine.pixels.tiles import Box
from engine.recipe import A1111, Source
from prompts.errors import Refusal
from tests.engine.drawing import photograph, recipe
from tests.engine.worker.test_worker import png


def masked(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


@pytest.mark.parametrize(
    ("size", "box", "padding", "shape", "found"),
    [
        ((200, 100), (80, 40, 100, 60), 10, (64, 64), (70, 30, 110, 70)),
        ((200, 100), (80, 40, 100, 60), 0, (128, 64), (70, 40, 110, 60)),  # made wider on both sides
        ((200, 100), (0, 40, 20, 60), 0, (128, 64), (0, 40, 40, 60)),  # moved where there is no more on one side
        ((200, 100), (180, 40, 200, 60), 0, (128, 64), (160, 40, 200, 60)),
        ((200, 100), (0, 40, 200, 60), 4, (64, 64), (0, 0, 200, 100)),  # cut where the picture is too small
        ((200, 100), (80, 40, 101, 60), 0, (64, 64), (80, 40, 101, 61)),
    ],
)
def test_the_box_has_the_shape_that_is_drawn(
    size: tuple[int, int],
    box: tuple[int, int, int, int],
    padding: int,
    shape: tuple[int, int],
    found: tuple[int, int, int, int],
) -> None:
    assert region.around(masked(size, box), padding, shape) == Box(*found)
    assert region.around(Image.new("L", size), padding, shape) is None


def test_another_shape_is_filled_or_covered_in_the_middle() -> None:
    image = photograph(40, 20)
    filled = np.asarray(region.filling(image, (20, 20)))
    assert np.array_equal(filled[5:15], np.asarray(image.resize((20, 10), Image.Resampling.LANCZOS)))
    assert np.array_equal(filled[0], filled[5]) and np.array_equal(filled[19], filled[14])
    covered = np.asarray(region.covering(image, (20, 20)))
    assert np.array_equal(covered, np.asarray(image)[:, 10:30])
    assert region.filling(masked((40, 20), (0, 0, 5, 5)), (8, 8)).size == (8, 8)


@pytest.mark.parametrize("radius", [1, 4, 11])
def test_a_blurred_mask_is_a_gaussian(radius: int) -> None:
    shades = np.asarray(mask := masked((50, 37), (9, 3, 30, 37)), np.float64)
    reach = int(2.5 * radius + 0.5)
    weights = [np.exp(-(at**2) / (2 * radius**2)) for at in range(-reach, reach + 1)]
    for _ in range(2):  # along the rows, then along the columns
        lines = np.pad(shades, [(0, 0), (reach, reach)], mode="reflect")
        shades = np.array([np.convolve(line, np.array(weights) / sum(weights), "valid") for line in lines]).T
    assert np.abs(np.asarray(masks.blurred(mask, radius), np.float64) - shades).max() <= 1
    assert masks.blurred(mask, 0) is mask


def test_a_fill_smears_the_surroundings_over_what_is_hidden() -> None:
    """Layer over layer, each with the colours that are not hidden in it."""
    image, mask = photograph(96, 80), masked((96, 80), (30, 20, 70, 60))
    colours = np.dstack([np.asarray(image), np.full((80, 96), 255)]) * (np.asarray(mask) == 0)[..., None]
    whole = np.zeros((80, 96, 4))
    for radius, often in ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1)):
        bands = [Image.fromarray(colours[..., band].astype(np.uint8)) for band in range(4)]
        layer = np.dstack([np.asarray(band.filter(ImageFilter.GaussianBlur(radius)), np.float64) for band in bands])
        for _ in range(often):
            whole = layer + whole * (1 - layer[..., 3:] / 255)
    expected = whole[..., :3] / np.maximum(whole[..., 3:], 1) * 255
    filled = np.asarray(masks.smeared(image, mask), np.float64)
    assert np.abs(filled - expected)[np.asarray(mask) > 0].mean() < 3  # eight bits a layer
    outside = np.asarray(mask) == 0
    assert np.array_equal(filled[outside], np.asarray(image)[outside])
    everywhere = replace(recipe(source=Source("p", 0.5, mask="m", fill="fill")), width=96, height=80)
    base = source_picture.drawn_over(everywhere, {"p": png(image), "m": png(mask)})
    assert base and base.whole and np.array_equal(np.asarray(base.image), filled)
    assert np.array_equal(np.asarray(base.whole.picture), np.asarray(image))


def over(**source: object) -> Source:
    return Source("p", 0.5, mask="m", **source)  # type: ignore[arg-type]


def test_only_the_region_is_drawn_at_the_recipes_size() -> None:
    image, mask = photograph(300, 200), masked((300, 200), (100, 50, 140, 90))
    files = {"p": png(image), "m": png(mask)}
    base = source_picture.drawn_over(recipe(source=over(padding=20)), files)
    assert base and base.whole and base.mask and base.whole.box == Box(80, 30, 160, 110)
    assert base.image.size == base.mask.size == (64, 64)
    assert np.array_equal(
        np.asarray(base.image), np.asarray(image.crop((80, 30, 160, 110)).resize((64, 64), Image.Resampling.LANCZOS))
    )
    whole = np.asarray(base.whole.pasted(Image.new("RGB", (64, 64), "red")))
    assert whole.shape == (200, 300, 3) and tuple(whole[70, 120]) == (255, 0, 0)
    outside = np.asarray(mask) == 0
    assert np.array_equal(whole[outside], np.asarray(image)[outside])


@pytest.mark.parametrize("like", [None, A1111()])
def test_a_blur_shows_outside_the_mask_and_never_beyond_its_reach(like: A1111 | None) -> None:
    image, mask = photograph(128, 128), masked((128, 128), (40, 40, 90, 90))
    own = replace(recipe(source=over(blur=4), like=like), width=128, height=128)
    base = source_picture.drawn_over(own, {"p": png(image), "m": png(mask)})
    assert base and base.whole and base.mask
    shows = np.asarray(base.whole.mask)
    assert shows[45:85, 45:85].min() == 255 and 0 < shows[36, 60] < 255
    assert shows[:29].max() == shows[:, 101:].max() == 0
    assert (set(np.unique(np.asarray(base.mask))) == {0, 255}) is (like is None)  # A1111 rounds on the latents' grid
    hard = replace(own, source=over())
    plain = source_picture.drawn_over(hard, {"p": png(image), "m": png(mask)})
    assert plain and plain.whole
    assert (plain.whole.mask == masks.feathered(mask)) is (like is None)
    assert like is None or np.array_equal(np.asarray(plain.whole.mask), np.asarray(mask))


@pytest.mark.parametrize("told", [{"fill": "fill"}, {"blur": 4}, {"padding": 0}, {"padding": 32}])
def test_without_a_mask_there_is_nothing_of_it_to_do(told: dict[str, object]) -> None:
    own = recipe(source=Source("p", 0.5, **told))  # type: ignore[arg-type]
    with pytest.raises(Refusal) as caught:
        source_picture.drawn_over(own, {"p": png(photograph())})
    assert caught.value.key == "mask.none"


@pytest.mark.parametrize("told", [{"fill": "smear"}, {"blur": -1}, {"blur": 1000}, {"padding": -1}, {"padding": 999}])
def test_what_cannot_be_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(Refusal) as caught:
        source_picture.check_source(over(**told), 64, 64)
    assert caught.value.key.startswith("option.")
