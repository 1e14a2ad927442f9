"""What every PNG says about itself, to A1111's readers and to us."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from engine.files.hashes import Hashes
from engine.pixels import png_recipe
from engine.pixels.parameters import parameters
from engine.recipe import Recipe
from tests.engine.drawing import FULL, photograph, recipe

HASHES = Hashes("0123456789")


@pytest.mark.parametrize("own", [FULL, recipe(), recipe("half an emoji \ud83d, \x00 and a tab\t")])
def test_the_recipe_comes_back(own: Recipe) -> None:
    content = png_recipe.png(photograph(), own, HASHES)
    assert png_recipe.read_recipe(content) == own
    with Image.open(io.BytesIO(content)) as image:
        assert image.text["parameters"] == parameters(own, HASHES).replace("\ud83d", "?")  # type: ignore[attr-defined]


def test_other_files_have_no_recipe() -> None:
    plain, jpeg = io.BytesIO(), io.BytesIO()
    photograph().save(plain, "PNG")
    photograph().save(jpeg, "JPEG")
    stamped = png_recipe.png(photograph(), FULL)
    later = stamped.replace(b'"schema": 1', b'"schema": 7')  # the checksum breaks too
    for content in (b"", b"hello", plain.getvalue(), jpeg.getvalue(), later, stamped[:200]):
        assert png_recipe.read_recipe(content) is None


def test_a_recipe_of_another_schema_is_not_ours() -> None:
    content = png_recipe.png(photograph(), replace(FULL, schema=99))
    assert png_recipe.read_recipe(content) is None
