"""Where somebody painted over a picture: the difference between it and the painted copy."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import cast

from PIL import Image, ImageChops, ImageFilter, ImageStat

from bot.chat import Upload
from bot.studio.contact_sheet import encoded, flat
from engine.pixels import png_recipe

MARKED = 60  # of 255: what JPEG and a new size change stays far below, what a pen leaves far above
CLOSED = 11  # pixels: smaller gaps in a mark, where paint and picture are alike, belong to it
GROWN = 3  # pixels of its soft edge that do too
LEAST, MOST = 0.0005, 0.95  # share of the picture that marks may cover
QUIET = 12.0  # of 255, mean difference beside the marks: JPEG's is below 6, that of two photos of one place above 20
PAINTS, PAINTED = 3, 0.6  # so many colours make up this share of what was painted; of what a camera saw far less
COARSE = 0xE0  # bits of a colour that count for that


def marked(original: bytes, painted: bytes, *, sure: bool = False) -> bytes | None:
    """The original with a hole (transparent) wherever the painted copy differs; None where nothing does, or nearly
    all of it. A PNG. `sure` wants the marks to be of few colours too: nobody has said that it is a copy. Takes a
    moment: call it in a thread."""
    with Image.open(io.BytesIO(original)) as one, Image.open(io.BytesIO(painted)) as other:
        before, after = flat(one), flat(other)
    ratio = (before.width / before.height) / (after.width / after.height)
    if not 0.97 < ratio < 1.03:
        return None  # another picture, or a part of this one
    after = after.resize(before.size, Image.Resampling.LANCZOS)
    bands = ImageChops.difference(before, after).filter(ImageFilter.GaussianBlur(1)).split()
    apart = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    mask = apart.point(lambda value: 255 if value > MARKED else 0)
    mask = mask.filter(ImageFilter.MedianFilter(3))
    if sure and not _of_few_colours(after, mask):
        return None
    mask = mask.filter(ImageFilter.MaxFilter(CLOSED)).filter(ImageFilter.MinFilter(CLOSED))
    mask = mask.filter(ImageFilter.MaxFilter(GROWN))
    share = mask.histogram()[255] / (mask.width * mask.height)
    untouched = ImageChops.invert(mask)
    if not LEAST <= share <= MOST or ImageStat.Stat(apart, untouched).mean[0] > QUIET:
        return None
    before.putalpha(untouched)
    return png_recipe.with_texts(encoded(before, "PNG"), original)


def paired(files: Sequence[Upload]) -> tuple[Upload, ...]:
    """Pictures that came together, in order; one and its painted copy beside it become one with a hole. Takes a moment:
    call it in a thread."""
    found: list[Upload] = []
    left = list(files)
    while left:
        first, *left = left
        hole = None
        if left:
            one, other = first.content, left[0].content
            hole = marked(one, other, sure=True) or marked(other, one, sure=True)
        if hole is not None:
            del left[0]
        found.append(first if hole is None else Upload("marked.png", hole))
    return tuple(found)


def _of_few_colours(picture: Image.Image, mask: Image.Image) -> bool:
    """Whether a few colours make up most of what a picture shows under a mask."""
    coarse = picture.point(lambda value: value & COARSE)
    coarse.putalpha(mask)
    found = coarse.getcolors(picture.width * picture.height) or []
    colours = cast(list[tuple[int, tuple[int, int, int, int]]], found)
    counts = sorted((count for count, (*_, alpha) in colours if alpha), reverse=True)
    return bool(counts) and sum(counts[:PAINTS]) >= PAINTED * sum(counts)
