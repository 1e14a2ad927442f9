"""Where somebody painted: a pen's marks are found, and nothing else is taken for them."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageDraw

from bot.chat import Upload
from bot.studio import painted_mask
from tests.fakes import a_png
from tests.scene import data, scene


def painted(image: Image.Image) -> Image.Image:
    copy = image.copy()
    ImageDraw.Draw(copy).line((50, 250, 120, 220, 180, 280), fill=(255, 0, 0), width=24)
    return copy


@pytest.mark.parametrize("side", [320, 200, 512])
def test_marks_are_found_in_a_copy_of_another_size_and_quality(side: int) -> None:
    original, truth = scene(), Image.new("L", (320, 320))
    copy = original.copy()
    for draw, colour in ((ImageDraw.Draw(copy), (255, 0, 0)), (ImageDraw.Draw(truth), 255)):
        draw.line((50, 250, 120, 220, 180, 280), fill=colour, width=24)
        draw.ellipse((220, 40, 290, 110), fill=colour)
    out = io.BytesIO()
    copy.resize((side, side), Image.Resampling.LANCZOS).save(out, "JPEG", quality=75)
    for sure in (False, True):
        hole = painted_mask.marked(data(original), out.getvalue(), sure=sure)
        assert hole is not None
        found = Image.open(io.BytesIO(hole)).getchannel("A").point(lambda alpha: 255 - alpha)
        both = sum(1 for a, b in zip(found.tobytes(), truth.tobytes(), strict=True) if a and b)
        either = sum(1 for a, b in zip(found.tobytes(), truth.tobytes(), strict=True) if a or b)
        assert both / either > 0.8


def test_a_copy_without_marks_and_another_picture_have_none() -> None:
    assert painted_mask.marked(data(scene()), data(scene(), "JPEG")) is None
    assert painted_mask.marked(data(scene()), a_png(side=320)) is None
    assert painted_mask.marked(data(scene()), data(scene().crop((0, 0, 320, 200)))) is None
    one, other = (scene(1280, seed).crop((220, 220, 540, 540)) for seed in (3, 4))
    assert painted_mask.marked(data(one), data(other)) is None


def test_two_photos_of_one_place_are_no_picture_and_its_painted_copy() -> None:
    moved = ImageChops.offset(scene(), 6, 3)
    turned = scene().copy()
    turned.paste(scene(seed=9).crop((60, 60, 200, 200)), (60, 60))  # something else stands there
    for other in (moved, turned):
        assert painted_mask.marked(data(scene()), data(other, "JPEG"), sure=True) is None


def test_a_picture_and_its_painted_copy_become_one_in_either_order() -> None:
    first, second, other = (Upload(name, data(image)) for name, image in (
        ("a.png", scene()), ("b.png", painted(scene())), ("c.png", scene(seed=4)),
    ))  # fmt: skip
    for files in ((first, second, other), (second, first, other)):
        merged, kept = painted_mask.paired(files)
        assert kept is other
        with Image.open(io.BytesIO(merged.content)) as picture:
            assert picture.getpixel((10, 10)) == (*scene().getpixel((10, 10)), 255)  # type: ignore[misc]
            assert picture.getchannel("A").getpixel((120, 220)) == 0
    assert painted_mask.paired((first, other)) == (first, other)
