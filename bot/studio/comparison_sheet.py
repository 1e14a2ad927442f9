"""Pictures that differ in one or two things, in rows and columns with what each has beside it. Drawing a sheet takes a
moment: call it in a thread."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bot.studio.contact_sheet import flat

FONT = Path(__file__).parent / "fonts" / "wqy-microhei.ttf"  # has Chinese, and its licence beside it
GAP = 8  # pixels between pictures, and around what is written
SMALLEST, LARGEST, SHARE = 14, 64, 36  # pixels of the letters; so many of them are as wide as the pictures together
LINES = 3  # of a label
MOST_PIXELS = 64_000_000  # of the pictures on a sheet: Pillow warns of what it opens from 89 million on
GROUND, INK = (255, 255, 255), (20, 20, 20)
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class ComparisonSheet:
    """The sheet, and where each picture lies on it, row by row: left, top, width and height in pixels."""

    image: Image.Image
    boxes: tuple[Box, ...]


def lay_out(
    pictures: Sequence[bytes], columns: Sequence[str], rows: Sequence[str], heading: str = "", share: float = 1.0
) -> ComparisonSheet:
    """The pictures at their own size (or so much of its sides), row by row, with a label over each column and one
    before each row; the `heading` is above all. Labels that are empty everywhere take no place."""
    opened = [_opened(content, share) for content in pictures]
    grid = [opened[at : at + len(columns)] for at in range(0, len(opened), len(columns))]
    widths = [max(one.width for one in column) for column in zip(*grid, strict=True)]
    heights = [max(one.height for one in row) for row in grid]
    font = _font(min(max(SMALLEST, sum(widths) // SHARE), LARGEST))
    line = round(font.size * 1.4)
    over = [_lines(label, width, font) for label, width in zip(columns, widths, strict=True)]
    before = [_lines(label, max(widths) // 2, font) for label in rows]
    heights = [max(height, line * len(label)) for height, label in zip(heights, before, strict=True)]
    side = max((round(font.getlength(part)) for label in before for part in label), default=0)
    side += GAP if side else 0
    width = side + sum(widths) + GAP * (len(widths) + 1)
    title = _lines(heading, width - 2 * GAP, font)
    top = line * (len(title) + max(map(len, over)))
    lefts = [at + side + GAP for at in accumulate((each + GAP for each in widths[:-1]), initial=0)]
    tops = [at + top + GAP for at in accumulate((each + GAP for each in heights[:-1]), initial=0)]
    image = Image.new("RGB", (width, top + sum(heights) + GAP * (len(heights) + 1)), GROUND)
    pen = ImageDraw.Draw(image)
    _write(pen, title, (GAP, GAP // 2), font, line)
    for label, left in zip(over, lefts, strict=True):
        _write(pen, label, (left, top - line * len(label) + GAP // 2), font, line)
    for label, at, height in zip(before, tops, heights, strict=True):
        _write(pen, label, (GAP, at + (height - line * len(label)) // 2), font, line)
    boxes = []
    for row, at in zip(grid, tops, strict=True):
        for one, left in zip(row, lefts, strict=True):
            image.paste(one, (left, at))
            boxes.append((left, at, one.width, one.height))
    return ComparisonSheet(image, tuple(boxes))


def beneath(sheets: Sequence[ComparisonSheet]) -> Image.Image:
    """All sheets as one picture, one beneath the other."""
    width, height = max(one.image.width for one in sheets), sum(one.image.height for one in sheets)
    whole = Image.new("RGB", (width, height), GROUND)
    for one, top in zip(sheets, accumulate((each.image.height for each in sheets[:-1]), initial=0), strict=True):
        whole.paste(one.image, (0, top))
    return whole


def share(pictures: Sequence[bytes]) -> float:
    """How much of their sides pictures keep on one sheet that programs will open: all, where there is room."""
    pixels = 0
    for content in pictures:
        with Image.open(io.BytesIO(content)) as picture:
            pixels += picture.width * picture.height
    return min(1.0, math.sqrt(MOST_PIXELS / pixels))


def _opened(content: bytes, share: float) -> Image.Image:
    with Image.open(io.BytesIO(content)) as picture:
        if share == 1:
            return flat(picture)
        size = max(1, int(picture.width * share)), max(1, int(picture.height * share))
        return flat(picture).resize(size, Image.Resampling.LANCZOS)


@lru_cache(8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)


def _lines(text: str, width: int, font: ImageFont.FreeTypeFont) -> list[str]:
    """A label in lines of at most so many pixels, broken between words where there are some; what is too long ends in
    an ellipsis."""
    lines: list[str] = []
    left = " ".join(text.split())
    while left:
        end = len(left)
        while end > 1 and font.getlength(left[:end]) > width:
            end -= 1
        if end < len(left):
            space = left.rfind(" ", 1, end + 1)
            end = space if space > 0 else end
        lines.append(left[:end].rstrip())
        left = left[end:].lstrip()
        if left and len(lines) == LINES:
            last = lines[-1]
            while last and font.getlength(f"{last}…") > width:
                last = last[:-1]
            lines[-1] = f"{last}…"
            break
    return lines


def _write(
    pen: ImageDraw.ImageDraw, lines: Sequence[str], at: tuple[int, int], font: ImageFont.FreeTypeFont, line: int
) -> None:
    for number, text in enumerate(lines):
        pen.text((at[0], at[1] + number * line), text, INK, font)
