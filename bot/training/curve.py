"""How a training goes, as a picture: the loss, smoothed, and what was drawn with it last. Takes a moment: call it in a
thread."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from bot.studio.comparison_sheet import FONT
from bot.studio.contact_sheet import encoded, flat

WIDTH, HEIGHT = 1280, 560  # pixels: three for each point of a phone
LEFT, RIGHT, TOP, BOTTOM = 116, 36, 76, 70
GAP = 10
LETTERS = 34
GROUND, GRID, INK, DIM = (28, 28, 30), (62, 62, 68), (240, 240, 242), (166, 168, 176)  # its own, by day as by night
RAW, LINE, MARK = (74, 92, 124), (110, 176, 255), (92, 210, 150)
SMOOTH = 0.05  # of the steps so far: how far back the line looks
POINTS = 1100  # of the line: more than there are pixels tell nothing


def curve(losses: Sequence[float], points: int, title: str, marks: Sequence[int] = (), each: int = 1) -> bytes:
    """The loss as a JPEG, over as many points as there will be, of `each` steps: each dimly, the line smoothed, and a
    sign at each of `marks`, points of which there is a file."""
    return encoded(_drawn(losses, points, title, marks, each), "JPEG", 90)


def course(
    losses: Sequence[float],
    points: int,
    title: str,
    marks: Sequence[int],
    samples: Sequence[tuple[bytes, str]],
    each: int = 1,
) -> bytes:
    """The curve, and beneath it pictures with a label each, two in a row, as a JPEG."""
    top = _drawn(losses, points, title, marks, each)
    if not samples:
        return encoded(top, "JPEG", 90)
    columns = 1 if len(samples) == 1 else 2
    side, label = (WIDTH - GAP * (columns + 1)) // columns, round(LETTERS * 1.5)
    opened = [_fitted(content, side) for content, _ in samples]
    rows = math.ceil(len(samples) / columns)
    high = max(one.height for one in opened) + label
    sheet = Image.new("RGB", (WIDTH, HEIGHT + rows * (high + GAP)), GROUND)
    sheet.paste(top, (0, 0))
    pen, font = ImageDraw.Draw(sheet), _font(LETTERS)
    for at, (one, (_, text)) in enumerate(zip(opened, samples, strict=True)):
        left, down = GAP + at % columns * (side + GAP), HEIGHT + at // columns * (high + GAP)
        pen.text((left + 6, down + label // 2), _short(text, side - 12, font), INK, font, anchor="lm")
        sheet.paste(one, (left + (side - one.width) // 2, down + label))
    return encoded(sheet, "JPEG", 90)


def smoothed(losses: Sequence[float]) -> list[float]:
    """The losses with their spread taken out: each mixed with those before it, in equal parts at the beginning."""
    keep = 1 - 1 / max(2.0, SMOOTH * len(losses))
    line: list[float] = []
    mean, weight = 0.0, 0.0
    for one in losses:
        mean, weight = keep * mean + (1 - keep) * one, keep * weight + (1 - keep)
        line.append(mean / weight)
    return line


def _drawn(losses: Sequence[float], points: int, title: str, marks: Sequence[int], each: int) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    pen, font = ImageDraw.Draw(image), _font(LETTERS)
    pen.text((GAP + 6, TOP // 2), _short(title, WIDTH - 2 * GAP, font), INK, font, anchor="lm")
    finite = [(at, one) for at, one in enumerate(losses, 1) if math.isfinite(one)]
    line = smoothed([one for _, one in finite])
    low, high = _range([one for _, one in finite], line)
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    whole = max(points, len(losses), 1)

    def at(step: float, loss: float) -> tuple[float, float]:
        share = (min(max(loss, low), high) - low) / (high - low)
        return LEFT + wide * step / whole, TOP + tall * (1 - share)

    for part in range(4):
        value = low + (high - low) * part / 3
        _, y = at(0, value)
        pen.line((LEFT, y, WIDTH - RIGHT, y), GRID, 2)
        pen.text((LEFT - 12, y), f"{value:.3f}" if high < 1 else f"{value:.2f}", DIM, _font(28), anchor="rm")
    for step in _ticks(whole * each):
        x, _ = at(step / each, low)
        pen.line((x, TOP, x, HEIGHT - BOTTOM), GRID, 2)
        anchor = "rt" if step == whole * each else "mt"
        pen.text((x, HEIGHT - BOTTOM + 14), str(step), DIM, _font(28), anchor=anchor)
    if finite:
        jump = max(1, math.ceil(len(finite) / POINTS))
        thin = range(0, len(finite), jump)
        if len(finite) > 1:
            pen.line([at(*finite[one]) for one in thin], RAW, 2)
            smooth = [at(finite[one][0], line[one]) for one in (*thin, len(finite) - 1)]
            pen.line(smooth, LINE, 6, joint="curve")
        for mark in marks:
            near = min(range(len(finite)), key=lambda one: abs(finite[one][0] - mark))
            _dot(pen, at(finite[near][0], line[near]), 10, MARK)
        _dot(pen, at(finite[-1][0], line[-1]), 12, INK)
    return image


def _dot(pen: ImageDraw.ImageDraw, middle: tuple[float, float], half: int, colour: tuple[int, int, int]) -> None:
    x, y = middle
    pen.ellipse((x - half, y - half, x + half, y + half), colour, GROUND, 3)


def _range(raw: Sequence[float], line: Sequence[float]) -> tuple[float, float]:
    """From what to what the picture shows: all of the line, and of the steps what is not far out."""
    if not raw:
        return 0.0, 0.2
    ordered = sorted(raw)
    low = min(min(line), ordered[len(ordered) // 20])
    high = max(max(line), ordered[-1 - len(ordered) // 20])
    rim = max((high - low) * 0.08, high * 0.05, 1e-3)
    return max(0.0, low - rim), high + rim


def _ticks(steps: int) -> list[int]:
    size = 10 ** math.floor(math.log10(steps)) if steps >= 10 else 1
    step = next(one for one in (size // 5, size // 2, size, 2 * size) if one and steps / one <= 6)
    found = list(range(0, steps, step))
    return [*(one for one in found if steps - one > step * 0.6), steps]


def _fitted(content: bytes, side: int) -> Image.Image:
    with Image.open(io.BytesIO(content)) as picture:
        rgb = flat(picture)
    factor = side / max(rgb.size)
    size = max(1, round(rgb.width * factor)), max(1, round(rgb.height * factor))
    return rgb.resize(size, Image.Resampling.LANCZOS)


def _short(text: str, room: int, font: ImageFont.FreeTypeFont) -> str:
    shown = text
    while len(shown) > 1 and font.getlength(shown) > room:
        shown = shown[:-2] + "…"
    return shown


@lru_cache(4)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)
