"""Several pictures on one sheet."""

from __future__ import annotations

import io

from PIL import Image

from bot.studio.contact_sheet import CELL, GAP, encoded, flat, lay_out
from tests.fakes import a_png

GROUND = (1, 2, 3)


def test_pictures_lie_in_reading_order_in_the_middle_of_their_cells() -> None:
    made = lay_out([a_png((250, 0, 0), 64), a_png((0, 250, 0), 32), a_png((0, 0, 250), 64)], GROUND, rim=5)
    assert made.image.size == (2 * 64 + GAP + 10,) * 2 and made.cell == (64, 64)
    assert made.corners == ((5, 5), (69 + GAP, 5), (5, 69 + GAP))
    seen = [made.image.getpixel((left + 32, top + 32)) for left, top in made.corners]
    assert seen == [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    assert made.image.getpixel((0, 0)) == made.image.getpixel((made.corners[1][0] + 8, 37)) == GROUND


def test_large_pictures_shrink_into_their_cells_and_the_sheet_into_its_limit() -> None:
    large = [a_png(side=CELL + 100)] * 2
    assert lay_out(large, GROUND).cell == (CELL, CELL)
    made = lay_out(large, GROUND, rim=GAP, most=1000)
    assert 990 < max(made.image.size) <= 1000


def test_what_is_transparent_is_white_on_a_sheet() -> None:
    clear = encoded(Image.new("RGBA", (64, 64), (200, 0, 0, 0)), "PNG")
    assert lay_out([clear], GROUND).image.getpixel((32, 32)) == (255, 255, 255)
    palette = Image.new("P", (8, 8))
    palette.info["transparency"] = 0
    assert flat(palette).getpixel((4, 4)) == (255, 255, 255)


def test_a_file_is_of_the_kind_and_quality_that_was_asked_for() -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    with Image.open(io.BytesIO(encoded(noise, "WEBP", 90))) as opened:
        assert opened.format == "WEBP" and opened.size == (64, 64)
    assert len(encoded(noise, "JPEG", 30)) < len(encoded(noise, "JPEG", 95))
