"""What a sent file says of itself: all of it, the same hidden in its pixels, or nothing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.pixels import papers, png_recipe
from engine.pixels.dressing import dressed
from engine.policy import POLICIES, Policy, policy, stricter
from tests.engine.drawing import photograph, recipe

TELLING = (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"parameters", b"danqing", b"Steps")


def drawn(size: int = 160) -> bytes:
    return png_recipe.png(photograph(size, size - 30), recipe("雪地里的 a red fox, 🦊", negative="blurry"))


def pixels(content: bytes, mode: str = "RGB") -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert(mode))


def test_embedded_is_the_file_as_it_is() -> None:
    assert dressed(drawn(), "embed") == drawn()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
def test_stripped_is_the_same_picture_without_a_word(mode: str) -> None:
    said, out, exif = PngInfo(), io.BytesIO(), Image.Exif()
    said.add_text("parameters", "a cat\nSteps: 9, Sampler: Euler, Seed: 1")
    said.add_text("later", "x" * 200, zip=True)
    said.add_itxt("danqing", "{}")
    exif[0x010E] = "a cat"
    photograph().convert(mode).save(out, "PNG", pnginfo=said, exif=exif, dpi=(72, 72))
    bare = dressed(out.getvalue(), "strip")
    assert not any(sign in bare for sign in TELLING)
    assert papers.infotexts(bare) == () and png_recipe.read_recipe(bare) is None
    assert (pixels(bare, "RGBA") == pixels(out.getvalue(), "RGBA")).all()


def test_hidden_is_read_from_the_pixels_alone() -> None:
    content = drawn()
    [said], hidden = papers.infotexts(content), dressed(content, "stealth")
    assert not any(sign in hidden for sign in TELLING)
    assert papers.infotexts(hidden) == (said,)
    assert (pixels(hidden) == pixels(content)).all()
    assert pixels(hidden, "RGBA")[..., 3].min() >= 254
    resaved = io.BytesIO()
    Image.open(io.BytesIO(hidden)).save(resaved, "WEBP", lossless=True, exact=True)  # a platform that strips chunks
    assert papers.infotexts(resaved.getvalue()) == (said,)


def test_what_does_not_fit_into_the_pixels_is_not_told() -> None:
    small = png_recipe.png(photograph(16, 16), recipe())
    assert papers.infotexts(dressed(small, "stealth")) == ()
    assert (pixels(dressed(small, "stealth")) == pixels(small)).all()


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", drawn()[:300]])
@pytest.mark.parametrize("wanted", POLICIES)
def test_broken_files_break_nothing(content: bytes, wanted: Policy) -> None:
    assert isinstance(dressed(content, wanted), bytes)


def test_of_two_policies_the_one_that_tells_less_holds() -> None:
    assert stricter("embed", "strip") == stricter("strip", "stealth") == "strip"
    assert stricter("stealth", "embed") == "stealth"
    assert policy("nonsense", "stealth") == "stealth" and policy("strip") == "strip"


def test_long_words_are_hidden_whole() -> None:
    text = "一只猫, " * 300
    told = png_recipe.png(photograph(256, 256), recipe(text))
    assert papers.infotexts(dressed(told, "stealth"))[0].positive.startswith("一只猫, 一只猫")
