"""Pictures as Telegram shows them: within its limits, several as one sheet. Everything here takes a moment: call it in
a thread."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

PHOTO, DOCUMENT = 10_000_000, 50_000_000  # bytes
SIDES, RATIO = 10_000, 20  # of a photo: width and height together, the longer to the shorter
CELL = 1024  # pixels, longest side of a picture on a sheet of two by two
SHEET = 2560  # pixels, longest side of a sheet: what Telegram keeps of a photo
PREVIEW = 512  # pixels a preview is enlarged to, so that it does not jump when the picture comes
GAP = 8
QUALITY = 92


def photo(content: bytes) -> bytes:
    """The picture as it may be sent as a photo: itself where it is within the limits, else smaller or on white."""
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
        if len(content) <= PHOTO and width + height <= SIDES and max(width, height) <= RATIO * min(width, height):
            return content
        rgb = flat(picture)
    if max(rgb.size) > SHEET:
        rgb.thumbnail((SHEET, SHEET), Image.Resampling.LANCZOS)
    if max(rgb.size) > RATIO * min(rgb.size):
        least = math.ceil(max(rgb.size) / RATIO)
        wide = Image.new("RGB", (max(rgb.width, least), max(rgb.height, least)), "white")
        wide.paste(rgb, ((wide.width - rgb.width) // 2, (wide.height - rgb.height) // 2))
        rgb = wide
    return jpeg(rgb)


def sheet(contents: Sequence[bytes]) -> bytes:
    """Several pictures on one, numbered row by row."""
    columns = math.ceil(math.sqrt(len(contents)))
    cell = min(CELL, (SHEET - GAP * (columns + 1)) // columns)
    small = []
    for content in contents:
        with Image.open(io.BytesIO(content)) as picture:
            rgb = flat(picture)
        rgb.thumbnail((cell, cell), Image.Resampling.LANCZOS)
        small.append(rgb)
    width, height = max(one.width for one in small), max(one.height for one in small)
    rows = math.ceil(len(small) / columns)
    whole = Image.new("RGB", (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP), (32, 32, 32))
    for at, one in enumerate(small):
        left, top = GAP + at % columns * (width + GAP), GAP + at // columns * (height + GAP)
        whole.paste(one, (left + (width - one.width) // 2, top + (height - one.height) // 2))
        _number(whole, left, top, at + 1, max(14, height // 16))
    return photo(jpeg(whole))


def preview(content: bytes) -> bytes:
    """A preview at the size of a picture."""
    with Image.open(io.BytesIO(content)) as picture:
        rgb = flat(picture)
    factor = PREVIEW / max(rgb.size)
    if factor > 1:
        rgb = rgb.resize((max(1, round(rgb.width * factor)), max(1, round(rgb.height * factor))))
    return jpeg(rgb)


def blank() -> bytes:
    """What stands where a deleted picture stood."""
    return jpeg(Image.new("RGB", (320, 320), (48, 48, 48)))


def flat(picture: Image.Image) -> Image.Image:
    """The picture without transparency, on white."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        white = Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=rgba)
        return white
    return picture.convert("RGB")


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _number(whole: Image.Image, left: int, top: int, number: int, size: int) -> None:
    draw = ImageDraw.Draw(whole)
    font = ImageFont.load_default(size)
    draw.text(
        (left + size // 2, top + size // 3), str(number), "white", font, stroke_width=size // 10, stroke_fill="black"
    )
