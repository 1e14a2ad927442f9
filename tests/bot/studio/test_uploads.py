"""What becomes of pictures that people attach."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from bot.chat import Upload
from bot.studio import uploads


@pytest.mark.parametrize("shade", [0, 0x1234, 0x8000, 0xFFFF])
def test_a_picture_of_sixteen_bits_keeps_its_shades(shade: int) -> None:
    out = io.BytesIO()
    Image.fromarray(np.full((32, 48), shade, np.uint16)).save(out, "PNG")
    with Image.open(io.BytesIO(uploads.checked(Upload("x.png", out.getvalue())).content)) as picture:
        assert picture.getpixel((5, 5)) == (round(shade / 257),) * 3


def test_a_picture_of_eight_bits_stays_as_it_came() -> None:
    out = io.BytesIO()
    Image.new("L", (32, 48), 77).save(out, "PNG")
    assert uploads.checked(Upload("x.png", out.getvalue())).content == out.getvalue()
