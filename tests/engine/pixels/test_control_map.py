"""Maps laid on pictures: cut, filled up, stretched, and cut to parts."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engine.control import Control
from engine.pixels.control_map import ControlMap, PictureView, check, opened
from engine.pixels.tiles import Box
from prompts.errors import Refusal
from tests.engine.drawing import recipe

MAP, MASK = "c" * 64, "d" * 64


def file(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def wide() -> Image.Image:
    """Grey, 96 × 48, red on the left third and blue on the right one."""
    image = Image.new("RGB", (96, 48), (128, 128, 128))
    image.paste((255, 0, 0), (0, 8, 32, 40))
    image.paste((0, 0, 255), (64, 8, 96, 40))
    return image


def laid(fit: str, image: Image.Image | None = None, mask: Image.Image | None = None) -> ControlMap:
    own = recipe(controls=(Control("net", MAP, fit=fit, mask=MASK if mask else ""),))
    files = {MAP: file(image or wide())} | ({MASK: file(mask)} if mask else {})
    [found] = opened(own, files, (64, 64))
    return found


def test_a_map_of_another_shape_is_cut_in_the_middle() -> None:
    cut = laid("").image
    assert cut.size == (48, 48) and cut.getpixel((0, 24)) == (255, 0, 0) and cut.getpixel((24, 24)) == (128,) * 3
    assert cut.tobytes() == wide().crop((24, 0, 72, 48)).tobytes()


def test_it_is_filled_up_with_the_median_of_its_border() -> None:
    filled = laid("fill").image
    assert filled.size == (96, 96)
    assert filled.getpixel((48, 0)) == filled.getpixel((48, 95)) == (128, 128, 128)
    assert filled.crop((0, 24, 96, 72)).tobytes() == wide().tobytes()
    mask = laid("fill", mask=Image.new("L", (96, 48), 255)).mask
    assert mask is not None and mask.getpixel((0, 0)) == 0 and mask.getpixel((48, 48)) == 255


def test_it_is_stretched() -> None:
    shown = laid("stretch").sized((64, 64)).image
    assert shown.getpixel((2, 32)) == (255, 0, 0) and shown.getpixel((61, 32)) == (0, 0, 255)


def test_a_map_of_the_size_is_taken_as_it_is() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    assert laid("", noise).sized((64, 64)).image.tobytes() == noise.tobytes()
    part = laid("", noise).sized((16, 32), PictureView((64, 64), Box(8, 16, 24, 48))).image
    assert part.tobytes() == noise.crop((8, 16, 24, 48)).tobytes()


def test_what_is_see_through_says_nothing() -> None:
    image = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (0, 0, 32, 64))
    shown = laid("", image).image
    assert shown.mode == "RGB" and shown.getpixel((8, 8)) == (255,) * 3 and shown.getpixel((40, 8)) == (0,) * 3


def test_one_without_weight_needs_no_file() -> None:
    assert opened(recipe(controls=(Control("net", MAP, strength=0.0),)), {}, (64, 64)) == ()


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"strength": -0.1}, "option.out_of_range"),
        ({"strength": float("nan")}, "option.out_of_range"),
        ({"start": 0.6, "end": 0.4}, "option.bad_value"),
        ({"mode": "guess"}, "option.bad_value"),
        ({"fit": "tile"}, "option.bad_value"),
        ({"stages": "third"}, "option.bad_value"),
    ],
)
def test_what_cannot_be_is_refused(said: dict[str, float | str], key: str) -> None:
    with pytest.raises(Refusal) as caught:
        check([Control("net", MAP, **said)])  # type: ignore[arg-type]
    assert caught.value.key == key
