"""Pictures in the form that fits into a message."""

from __future__ import annotations

import io

from PIL import Image

from bot.platforms.discord.images import fitted
from tests.scene import data


def test_a_sheet_that_is_too_large_becomes_a_webp_however_wide_it_is() -> None:
    noise = Image.effect_noise((20_000, 64), 90).convert("RGB")
    sheet = data(noise)
    assert fitted(sheet, len(sheet)) == ("png", sheet)
    suffix, made = fitted(sheet, len(sheet) - 1)
    assert suffix == "webp" and len(made) < len(sheet)
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.width == 16_383
