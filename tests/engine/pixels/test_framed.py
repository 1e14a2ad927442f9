"""What stands on the ground of a picture is found, level by level, whatever the picture is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.pixels.framed import framed


def on(ground: Image.Image, one: Image.Image, x: int, y: int) -> Image.Image:
    made = ground.copy()
    made.paste(one, (x, y))
    return made


def test_things_are_found_level_by_level_the_largest_first() -> None:
    inner, small = Image.new("RGB", (60, 80), "red"), Image.new("RGB", (60, 60), "blue")
    card = on(on(Image.new("RGB", (240, 200), "white"), inner, 20, 30), small, 150, 60)
    screen = on(Image.new("RGB", (400, 300), (60, 60, 60)), card, 100, 50)
    found = framed(screen, 9)
    sides = [one.size for one in found]
    for size, wanted in zip(sides, [(240, 200), (60, 80), (60, 60)], strict=True):
        assert np.allclose(size, wanted, atol=4), sides
    assert found[1].getpixel((30, 40)) == (255, 0, 0)
    assert len(framed(screen, 1)) == 1 and len(framed(screen, 9, deep=1)) == 1


def test_a_ring_is_one_thing_and_what_is_in_it_is_found() -> None:
    ring = on(Image.new("RGB", (100, 100), "black"), Image.new("RGB", (80, 80), "white"), 10, 10)
    picture = on(ring, Image.new("RGB", (50, 40), "green"), 25, 30)
    found = framed(on(Image.new("RGB", (200, 160), "white"), picture, 50, 30), 9)
    assert np.allclose(found[0].size, (100, 100), atol=3)
    assert any(np.allclose(one.size, (50, 40), atol=4) for one in found)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (3, 40), (16, 16), (1024, 700)])
def test_whatever_it_is_there_is_an_answer(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    for image in (Image.new("RGB", size, "white"), Image.fromarray(noise)):
        for one in framed(image, 16):
            assert min(one.size) >= 16
