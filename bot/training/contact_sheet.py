"""The pictures of a training on one sheet, numbered, with what was found in them. Takes a moment: call it in a
thread."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from bot.studio.comparison_sheet import FONT
from bot.studio.contact_sheet import encoded, flat

WIDTH = 1280  # pixels: three for each point of a phone
GAP = 10
GROUND, CELL = (28, 28, 30), (44, 44, 48)  # its own, so that it is read in the dark as by day
PAPER, INK = (255, 255, 255), (24, 24, 26)
GOOD, WARNING = (60, 62, 68), (255, 176, 32)
FRAME, FACE = (92, 210, 150), (120, 180, 255)
LINES = 2  # of what was found in a picture
COLUMNS = ((4, 2), (12, 3), (24, 4), (45, 5), (84, 6))  # so many pictures at most: so many columns; more: eight
Share = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class SheetPicture:
    """A picture on the sheet: the number that it is called by, its file, what was found in it in a few words each, what
    is left of it when it is cut to fit, and where faces are, both in shares of its sides (left, top, right, bottom);
    how often it counts."""

    number: int
    content: bytes
    marks: tuple[str, ...] = ()
    crop: Share | None = None
    faces: tuple[Share, ...] = ()
    repeats: int = 1


def contact_sheet(pictures: Sequence[SheetPicture]) -> bytes:
    """The sheet as a JPEG."""
    columns = next((columns for most, columns in COLUMNS if len(pictures) <= most), 8)
    side = (WIDTH - GAP * (columns + 1)) // columns
    rows = math.ceil(len(pictures) / columns)
    sheet = Image.new("RGB", (WIDTH, rows * (side + GAP) + GAP), GROUND)
    for at, one in enumerate(pictures):
        left, top = GAP + at % columns * (side + GAP), GAP + at // columns * (side + GAP)
        sheet.paste(_cell(one, side), (left, top))
    return encoded(sheet, "JPEG", 90)


def _cell(one: SheetPicture, side: int) -> Image.Image:
    cell = Image.new("RGB", (side, side), CELL)
    with Image.open(io.BytesIO(one.content)) as picture:
        small = flat(picture)
    factor = side / max(small.size)
    size = max(1, round(small.width * factor)), max(1, round(small.height * factor))
    small = small.resize(size, Image.Resampling.LANCZOS)
    left, top = (side - small.width) // 2, (side - small.height) // 2
    cell.paste(_framed(small, one), (left, top))
    pen = ImageDraw.Draw(cell)
    letters = min(44, max(26, side // 8))
    font = _font(letters)
    _badge(pen, str(one.number), (0, 0), font, WARNING if one.marks else GOOD, INK if one.marks else PAPER)
    if one.repeats > 1:
        text = f"×{one.repeats}"
        _badge(pen, text, (side - round(font.getlength(text)) - letters // 2, 0), font, GOOD, PAPER)
    if one.marks:
        _marked(pen, one.marks, side, _font(max(24, letters * 4 // 5)))
    return cell


def _framed(small: Image.Image, one: SheetPicture) -> Image.Image:
    """The picture with what is cut off darkened, and thin boxes around the faces."""
    made = small
    line = max(3, small.width // 90)
    if one.crop is not None and one.crop != (0.0, 0.0, 1.0, 1.0):
        box = _box(one.crop, small.size)
        made = Image.blend(small, Image.new("RGB", small.size, GROUND), 0.62)
        made.paste(small.crop(box), box[:2])
        ImageDraw.Draw(made).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=FRAME, width=line)
    for face in one.faces:
        left, top, right, bottom = _box(face, small.size)
        ImageDraw.Draw(made).rectangle((left, top, right - 1, bottom - 1), outline=FACE, width=max(2, line // 2))
    return made


def _box(share: Share, size: tuple[int, int]) -> tuple[int, int, int, int]:
    width, height = size
    left, top = round(max(0.0, share[0]) * width), round(max(0.0, share[1]) * height)
    right, bottom = round(min(1.0, share[2]) * width), round(min(1.0, share[3]) * height)
    return min(left, width - 1), min(top, height - 1), max(right, left + 1), max(bottom, top + 1)


def _badge(
    pen: ImageDraw.ImageDraw,
    text: str,
    at: tuple[int, int],
    font: ImageFont.FreeTypeFont,
    ground: tuple[int, int, int],
    ink: tuple[int, int, int],
) -> None:
    size = round(font.size)
    width, height = round(font.getlength(text)) + size // 2, round(size * 1.3)
    pen.rounded_rectangle((at[0], at[1], at[0] + width, at[1] + height), size // 4, fill=ground)
    pen.text((at[0] + size // 4, at[1] + height // 2), text, ink, font, anchor="lm")


def _marked(pen: ImageDraw.ImageDraw, marks: Sequence[str], side: int, font: ImageFont.FreeTypeFont) -> None:
    """What was found, on a band along the lower edge."""
    room, high = side - round(font.size // 2), round(font.size * 1.3)
    lines: list[str] = []
    for mark in marks:
        joined = f"{lines[-1]} · {mark}" if lines else mark
        if lines and font.getlength(joined) <= room:
            lines[-1] = joined
        elif len(lines) < LINES:
            lines.append(mark)
        else:
            lines[-1] += " …"
            break
    top = side - high * len(lines) - 4
    pen.rectangle((0, top, side, side), fill=WARNING)
    for at, text in enumerate(lines):
        shown = text
        while len(shown) > 1 and font.getlength(shown) > room:
            shown = shown[:-2] + "…"
        pen.text((side // 2, top + 2 + at * high + high // 2), shown, INK, font, anchor="mm")


@lru_cache(12)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)
