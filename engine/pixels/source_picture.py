"""The pictures a recipe draws over: files opened with care, sized, framed and masked. No torch here."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image, ImageOps

from engine.pixels import masks
from engine.recipe import Recipe, Source
from prompts.errors import Refusal

MAX_PIXELS = 64 * 10**6
SMALLEST = 8  # pixels a side that margins must leave of the picture


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """The picture that a recipe draws over, RGB at the recipe's size; `mask` is white where to redraw, None for
    everywhere."""

    image: Image.Image
    mask: Image.Image | None = None


def opened(content: bytes) -> Image.Image:
    """The picture of a file, upright, in the file's own mode. Raises Refusal `picture.damaged`, `picture.too_large`."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Refusal("picture.too_large", width=image.width, height=image.height)
            return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise Refusal("picture.damaged") from error


def check_source(source: Source, width: int, height: int) -> None:
    """Raises Refusal for a strength or margins that cannot be, at the recipe's size in pixels."""
    if not 0 <= source.strength <= 1:
        raise Refusal("strength.not_allowed", strength=source.strength)
    left, top, right, bottom = source.margins
    inner = width - left - right, height - top - bottom
    if min(source.margins) < 0 or (any(source.margins) and min(inner) < SMALLEST):
        raise Refusal("margins.not_allowed", width=width, height=height)


def drawn_over(recipe: Recipe, files: Mapping[str, bytes]) -> SourcePicture | None:
    """The picture that a recipe draws over, made from the files by hash; None where it draws from nothing.

    Raises Refusal: a file missing, damaged or too large, a mask with nothing white in it, margins that do not fit.
    """
    source = recipe.source
    if source is None:
        return None
    check_source(source, recipe.width, recipe.height)
    image = opened(_file(files, source.picture))
    holes = masks.transparent(image)  # what is see-through has no colours of its own to draw over
    marked = holes
    if source.mask:
        marked = masks.solid(opened(_file(files, source.mask)))
        if masks.empty(marked):
            raise Refusal("mask.empty")
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    left, top, right, bottom = source.margins
    inner = recipe.width - left - right, recipe.height - top - bottom
    image = _sized(image.convert("RGB"), inner)
    marked, holes = (masks.solid(_sized(mask, inner)) if mask else None for mask in (marked, holes))
    if any(source.margins):
        image = masks.framed(image, source.margins, 0)
        marked, holes = (masks.framed(mask or Image.new("L", inner), source.margins, 255) for mask in (marked, holes))
    return SourcePicture(masks.filled(image, holes, recipe.seed) if holes else image, marked)


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise Refusal("picture.gone")
    return files[name]


def _sized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
