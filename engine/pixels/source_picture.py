"""The pictures a recipe draws over: files opened with care, sized, framed and masked. No torch here."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image, ImageOps

from engine.pixels import masks, region
from engine.pixels.tiles import Box
from engine.recipe import Recipe, Source
from prompts.errors import Refusal
from prompts.option_values import SOFT

MAX_PIXELS = 64 * 10**6
SMALLEST = 8  # pixels a side that margins must leave of the picture
MOST_BLUR, MOST_PADDING = 64, 256  # pixels


FILLS = ("", "fill", "latent noise", "latent nothing")  # what is redrawn begins from, in A1111's words


@dataclass(frozen=True, slots=True)
class Whole:
    """The picture of which a part is redrawn: the `picture` itself, `mask`, how much shows of what is
    drawn (white: nothing else), and the `box` that is drawn where it is not the whole picture."""

    picture: Image.Image
    mask: Image.Image
    box: Box | None = None

    def part(self, image: Image.Image, recipe: Recipe) -> Image.Image:
        """What of another picture of this shape lies in the part that is drawn, at the recipe's size."""
        if self.box is None:
            return image
        image = _sized(image, self.picture.size)
        return region.filling(image.crop(self.box.corners), (recipe.width, recipe.height))

    def pasted(self, drawn: Image.Image) -> Image.Image:
        """The picture with what was drawn in it."""
        if self.box is None:
            return Image.composite(drawn, self.picture, self.mask)
        whole = self.picture.copy()
        whole.paste(region.covering(drawn, (self.box.width, self.box.height)), self.box.corners)
        return Image.composite(whole, self.picture, self.mask)


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """The picture that a recipe draws over, RGB at the recipe's size; `mask` is white where to redraw, None for
    everywhere, and `whole` what it is drawn into then."""

    image: Image.Image
    mask: Image.Image | None = None
    whole: Whole | None = None


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
    if source.fill not in FILLS:
        raise Refusal("option.bad_value", option="fill", value=source.fill)
    for name, value, most in (
        ("mask-blur", source.blur, MOST_BLUR),
        ("only-masked", source.padding or 0, MOST_PADDING),
    ):
        if not 0 <= value <= most:
            raise Refusal("option.out_of_range", option=name, value=value, low=0, high=most)
    for part, (low, high) in SOFT.items() if source.soft else ():
        if not low <= (value := getattr(source.soft, part)) <= high:
            raise Refusal("option.out_of_range", option=part, value=value, low=low, high=high)


def drawn_over(recipe: Recipe, files: Mapping[str, bytes]) -> SourcePicture | None:
    """The picture that a recipe draws over, made from the files by hash; None where it draws from nothing.

    Raises Refusal: a file missing, damaged or too large, a mask with nothing white in it, margins that do not fit.
    """
    source = recipe.source
    if source is None:
        return None
    check_source(source, recipe.width, recipe.height)
    if source.soft and recipe.like is None:
        raise Refusal("soft.like")
    image = opened(_file(files, source.picture))
    marked = masks.transparent(image, soft=source.soft is not None)
    # What is see-through has no colours of its own to draw over; where a mask is soft, what is half so has.
    holes = marked.point(lambda shade: 255 if shade == 255 else 0) if marked else None
    if source.mask:
        marked = opened(_file(files, source.mask)).convert("L")
        marked = marked if source.soft else masks.solid(marked)
        if masks.empty(marked):
            raise Refusal("mask.empty")
    if image.has_transparency_data and not source.soft:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    image = image.convert("RGBA").convert("RGB")
    size = recipe.width, recipe.height
    if source.padding is not None and marked and not any(source.margins):
        if holes:
            image = masks.filled(image, masks.solid(holes), recipe.seed)
        return _part(recipe, source.padding, image, marked)
    left, top, right, bottom = source.margins
    inner = size[0] - left - right, size[1] - top - bottom
    soft = None
    if marked and source.blur and not any(source.margins):  # the blur is in the picture's own pixels
        soft = _sized(masks.blurred(_sized(marked, image.size), source.blur), inner)
    image = _sized(image, inner)
    marked = _marked(marked, inner, source) if marked else None
    holes = masks.solid(_sized(holes, inner)) if holes else None
    if any(source.margins):
        image = masks.framed(image, source.margins, 0)
        marked, holes = (masks.framed(mask or Image.new("L", inner), source.margins, 255) for mask in (marked, holes))
    if holes:
        image = masks.filled(image, holes, recipe.seed)
    if marked is None:
        if source.fill or source.blur or source.padding is not None or source.soft:
            raise Refusal("mask.none")
        return SourcePicture(image)
    if source.padding is not None:
        return _part(recipe, source.padding, image, marked)
    if source.blur and soft is None:
        soft = masks.blurred(marked, source.blur)
    shows = masks.doubled(soft or marked) if recipe.like or soft else masks.feathered(marked)
    mask = soft if soft and recipe.like else marked
    return SourcePicture(_filled(recipe, image, mask), mask, Whole(image, shows))


def _part(recipe: Recipe, padding: int, image: Image.Image, marked: Image.Image) -> SourcePicture:
    """Only what the mask shows, and so many pixels around it, at the recipe's size."""
    assert recipe.source
    size = recipe.width, recipe.height
    marked = _marked(marked, image.size, recipe.source)
    soft = masks.blurred(marked, recipe.source.blur)
    box = region.around(soft, padding, size)
    if box is None:
        raise Refusal("mask.empty")
    shows = soft if recipe.like or recipe.source.blur else masks.feathered(marked)
    mask = region.filling(soft.crop(box.corners), size)
    mask = mask if recipe.like else masks.solid(mask)
    drawn = region.filling(image.crop(box.corners), size)
    return SourcePicture(_filled(recipe, drawn, mask), mask, Whole(image, shows, box))


def _marked(mask: Image.Image, size: tuple[int, int], source: Source) -> Image.Image:
    mask = _sized(mask, size)
    return mask if source.soft else masks.solid(mask)


def _filled(recipe: Recipe, image: Image.Image, mask: Image.Image) -> Image.Image:
    return masks.smeared(image, mask) if recipe.source and recipe.source.fill else image


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise Refusal("picture.gone")
    return files[name]


def _sized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
