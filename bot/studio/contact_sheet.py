"""Several pictures on one sheet, and a picture's pixels as a file. All of it takes a moment: call it in a thread."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

CELL = 1024  # pixels: the longest side of a picture on a sheet
GAP = 8


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """Pictures side by side in reading order, each in the middle of its cell; `corners` are the cells' upper left ones
    and `cell` is their width and height."""

    image: Image.Image
    corners: tuple[tuple[int, int], ...]
    cell: tuple[int, int]


def lay_out(
    contents: Sequence[bytes], ground: tuple[int, int, int], rim: int = 0, most: int | None = None
) -> ContactSheet:
    """The sheet of these pictures on a ground of that colour, which also shows `rim` pixels wide around them; no side
    is longer than `most`."""
    across = math.ceil(math.sqrt(len(contents)))
    down = math.ceil(len(contents) / across)
    side = CELL if most is None else min(CELL, (most - 2 * rim + GAP) // across - GAP)
    small = []
    for content in contents:
        with Image.open(io.BytesIO(content)) as picture:
            rgb = flat(picture)
        rgb.thumbnail((side, side), Image.Resampling.LANCZOS)
        small.append(rgb)
    width, height = max(one.width for one in small), max(one.height for one in small)
    size = (across * (width + GAP) - GAP + 2 * rim, down * (height + GAP) - GAP + 2 * rim)
    image = Image.new("RGB", size, ground)
    corners = []
    for at, one in enumerate(small):
        left, top = rim + at % across * (width + GAP), rim + at // across * (height + GAP)
        image.paste(one, (left + (width - one.width) // 2, top + (height - one.height) // 2))
        corners.append((left, top))
    return ContactSheet(image, tuple(corners), (width, height))


def flat(picture: Image.Image) -> Image.Image:
    """The picture without transparency, on white."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        white = Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=rgba)
        return white
    return picture.convert("RGB")


def encoded(picture: Image.Image, kind: str, quality: int | None = None) -> bytes:
    """The file of a picture: PNG, or JPEG or WEBP of that quality."""
    out = io.BytesIO()
    picture.save(out, kind, **({} if quality is None else {"quality": quality}))
    return out.getvalue()
