"""The texts inside every PNG: A1111's `parameters` and the recipe, so that a file can be drawn again."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import cast

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.files.hashes import Hashes
from engine.pixels import papers
from engine.pixels.parameters import parameters
from engine.recipe import Recipe
from prompts.infotext.block import written
from prompts.prompt import Json

CHUNK = papers.RECIPE
# zlib level: 4 takes half the time of Pillow's 6 for files about 3 % larger.
LEVEL = 4


def png(image: Image.Image, recipe: Recipe, hashes: Hashes = Hashes()) -> bytes:  # noqa: B008  (frozen)
    """The file of a finished picture, both texts in it."""
    texts = PngInfo()
    texts.add_itxt(papers.PARAMETERS, _writable(parameters(recipe, hashes)))
    texts.add_itxt(CHUNK, json.dumps(recipe.to_json(), ensure_ascii=True))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=texts, compress_level=LEVEL)
    return buffer.getvalue()


def with_texts(png: bytes, original: bytes) -> bytes:
    """A PNG that was made from another picture, with the recipe and the prompts that are in that one."""
    recipe, said, read = read_recipe(original), papers.texts(original), papers.infotexts(original)
    if recipe is None and not said:
        return png
    kept = PngInfo()
    if read:
        kept.add_itxt(papers.PARAMETERS, _writable(written(read[0])))
    if others := [text for text in said if not read or text != written(read[0])]:
        kept.add_itxt(papers.OTHERS, _writable("\n\n".join(others)))
    if recipe is not None:
        kept.add_itxt(CHUNK, json.dumps(recipe.to_json(), ensure_ascii=True))
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.save(buffer, "PNG", pnginfo=kept, compress_level=LEVEL)
    return buffer.getvalue()


def _writable(text: str) -> str:
    """Without surrogates (half an emoji), which can be typed into a prompt but not written as UTF-8."""
    return text.encode("utf-8", "replace").decode()


def read_recipe(content: bytes) -> Recipe | None:
    """The recipe inside a PNG that `png` wrote; None for any other bytes, broken ones included."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            text = cast(Mapping[str, str], getattr(image, "text", {})).get(CHUNK)
        return None if text is None else Recipe.from_json(cast(dict[str, Json], json.loads(text)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SyntaxError, Image.DecompressionBombError):
        return None
