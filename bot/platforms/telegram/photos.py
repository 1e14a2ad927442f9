"""Pictures as Telegram shows them: within its limits, several as one sheet. Everything here takes a moment: call it in
a thread."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from bot.studio.contact_sheet import GAP, encoded, flat, lay_out
from engine.pixels.dressing import dressed

PHOTO, DOCUMENT = 10_000_000, 50_000_000  # bytes
SIDES, RATIO = 10_000, 20  # of a photo: width and height together, the longer to the shorter
SHEET = 2560  # pixels, longest side of a sheet: what Telegram keeps of a photo
PREVIEW = 512  # pixels a preview is enlarged to, so that it does not jump when the picture comes
GROUND = (32, 32, 32)
QUALITY = 92


def photo(content: bytes) -> bytes:
    """The picture as it may be sent as a photo, with no text in it: itself where it is within the limits, else smaller
    or on white."""
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
        if len(content) <= PHOTO and width + height <= SIDES and max(width, height) <= RATIO * min(width, height):
            return dressed(content, "strip")  # Telegram keeps nothing of what a photo says
        rgb = flat(picture)
    if max(rgb.size) > SHEET:
        rgb.thumbnail((SHEET, SHEET), Image.Resampling.LANCZOS)
    if max(rgb.size) > RATIO * min(rgb.size):
        least = math.ceil(max(rgb.size) / RATIO)
        wide = Image.new("RGB", (max(rgb.width, least), max(rgb.height, least)), "white")
        wide.paste(rgb, ((wide.width - rgb.width) // 2, (wide.height - rgb.height) // 2))
        rgb = wide
    return jpeg(rgb)


def whole(content: bytes) -> bool:
    """Whether a photo shows all of a picture, rather than less of its pixels."""
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
    return len(content) <= PHOTO and max(width, height) <= min(SHEET, RATIO * min(width, height))


def document(content: bytes) -> tuple[str, bytes]:
    """The suffix and the bytes of a picture as it may be sent as a document: itself where it is within the limit."""
    if len(content) <= DOCUMENT:
        return "png", dressed(content, "strip")
    with Image.open(io.BytesIO(content)) as picture:
        return "jpg", jpeg(flat(picture))


def sheet(contents: Sequence[bytes]) -> bytes:
    """Several pictures on one, numbered row by row."""
    made = lay_out(contents, GROUND, GAP, SHEET)
    for number, (left, top) in enumerate(made.corners, start=1):
        _number(made.image, left, top, number, max(14, made.cell[1] // 16))
    return photo(jpeg(made.image))


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


def jpeg(picture: Image.Image) -> bytes:
    return encoded(picture, "JPEG", QUALITY)


def _number(whole: Image.Image, left: int, top: int, number: int, size: int) -> None:
    draw = ImageDraw.Draw(whole)
    font = ImageFont.load_default(size)
    draw.text(
        (left + size // 2, top + size // 3), str(number), "white", font, stroke_width=size // 10, stroke_fill="black"
    )
