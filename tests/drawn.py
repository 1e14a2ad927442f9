"""Pictures drawn by code, in which there is something to find: faces and hands."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Spot = tuple[float, float]
FINE = 3  # drawn so many times as large, then made smaller


class Paper:
    """A square to draw on; places and lengths are counted from `at` in lengths of `unit` pixels, turned by degrees."""

    def __init__(self, size: int, at: Spot, unit: float, back: Colour, turn: float = 0.0) -> None:
        self.size, self.at, self.unit, self.turn = size, at, unit, math.radians(turn)
        self.image = Image.new("RGB", (size * FINE, size * FINE), back)
        self.draw = ImageDraw.Draw(self.image)

    def spot(self, x: float, y: float) -> Spot:
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        return (
            (self.at[0] + (x * cos - y * sin) * self.unit) * FINE,
            (self.at[1] + (x * sin + y * cos) * self.unit) * FINE,
        )

    def oval(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        self.draw.ellipse([*self.spot(x - width, y - height), *self.spot(x + width, y + height)], fill=colour)

    def shape(self, spots: Sequence[Spot], colour: Colour, ink: Colour) -> None:
        placed = [self.spot(*one) for one in spots]
        self.draw.polygon(placed, fill=colour)
        self.draw.line([*placed, placed[0]], fill=ink, width=self.width(0.03), joint="curve")

    def line(self, spots: Sequence[Spot], colour: Colour, width: float) -> None:
        self.draw.line([self.spot(*one) for one in spots], fill=colour, width=self.width(width), joint="curve")

    def limb(self, spots: Sequence[Spot], first: float, last: float, colour: Colour) -> None:
        """A round limb that goes through the spots and grows thinner."""
        many = 40 * (len(spots) - 1)
        for index in range(many + 1):
            at = min(index // 40, len(spots) - 2)
            share = index / 40 - at
            x, y = (a + (b - a) * share for a, b in zip(spots[at], spots[at + 1], strict=True))
            radius = (first + (last - first) * index / many) * self.unit * FINE / 2
            left, top = self.spot(x, y)
            self.draw.ellipse([left - radius, top - radius, left + radius, top + radius], fill=colour)

    def width(self, length: float) -> int:
        return max(1, int(length * self.unit * FINE))

    def done(self, blur: float) -> Image.Image:
        small = self.image.resize((self.size, self.size), Image.Resampling.LANCZOS)
        return small.filter(ImageFilter.GaussianBlur(blur))


def portrait(size: int, at: tuple[int, int], radius: int) -> Image.Image:
    """A face as a beginner paints it: skin, hair, brows, eyes, a nose and a mouth."""
    paper = Paper(size, at, radius, (90, 120, 150))
    skin, hair, shadow = (236, 188, 160), (50, 35, 30), (188, 150, 128)
    paper.oval(0, -0.2, 1.05, 1.2, hair)
    paper.oval(0, 0, 0.8, 1.15, skin)
    for side in (-0.35, 0.35):
        paper.oval(side, -0.41, 0.25, 0.05, hair)
        paper.oval(side, -0.14, 0.25, 0.06, shadow)
        paper.oval(side, 0.01, 0.2, 0.09, (245, 245, 245))
        paper.oval(side, 0, 0.09, 0.09, (40, 25, 20))
    paper.oval(0, 0.12, 0.1, 0.2, (220, 172, 146))
    paper.oval(0, 0.29, 0.16, 0.07, shadow)
    paper.oval(0, 0.61, 0.34, 0.11, (170, 70, 70))
    return paper.done(radius / 40)


def cartoon(size: int, at: tuple[int, int], radius: int, hair: Colour = (90, 60, 140)) -> Image.Image:
    """A face of a comic: large eyes, a fringe, ink around everything."""
    paper = Paper(size, at, radius, (200, 220, 240))
    ink, skin = (50, 30, 40), (253, 226, 208)
    paper.oval(0, -0.15, 1.25, 1.3, ink)
    paper.oval(0, -0.15, 1.22, 1.27, hair)
    cheek = [(0.9, -0.35), (0.88, 0.25), (0.62, 0.72), (0.2, 1.02)]
    chin = [*((-x, y) for x, y in cheek), (0.0, 1.08), *reversed(cheek)]
    paper.shape([*chin, (0.5, -0.8), (-0.5, -0.8)], skin, ink)
    for side in (-0.42, 0.42):
        paper.oval(side, 0.18, 0.24, 0.3, (255, 255, 255))
        paper.oval(side, 0.2, 0.19, 0.28, (70, 130, 200))
        paper.oval(side, 0.16, 0.1, 0.15, (25, 25, 50))
        paper.oval(side - 0.07, 0.05, 0.07, 0.09, (255, 255, 255))
        paper.line([(side - 0.27, 0.02), (side - 0.1, -0.14), (side + 0.1, -0.14), (side + 0.27, 0.02)], ink, 0.07)
        paper.line([(side - 0.2, -0.36), (side, -0.42), (side + 0.2, -0.36)], ink, 0.04)
    paper.line([(-0.02, 0.5), (0.03, 0.56)], ink, 0.03)
    paper.line([(-0.12, 0.74), (0, 0.79), (0.12, 0.74)], (160, 60, 60), 0.04)
    fringe = [(-1.05, -0.2), (-0.95, -0.95), (0.0, -1.3), (0.95, -0.95), (1.05, -0.2)]
    fringe += [(0.8, 0.1), (0.7, -0.35), (0.45, 0.02), (0.3, -0.4), (0.02, -0.02), (-0.2, -0.4)]
    paper.shape([*fringe, (-0.45, 0.02), (-0.65, -0.35), (-0.82, 0.1)], hair, ink)
    return paper.done(0.6)


def hand(size: int, at: tuple[int, int], palm: int, turn: float = 15.0) -> Image.Image:
    """An open hand on an arm, turned by degrees; `palm` is about as wide as its palm."""
    paper = Paper(size, at, palm, (230, 230, 225), turn)
    skin, dark = (214, 160, 128), (154, 115, 92)
    limbs = [
        [(-0.42, -0.05), (-0.55, -0.8), (-0.6, -1.25)],
        [(-0.14, -0.15), (-0.17, -1.0), (-0.18, -1.5)],
        [(0.14, -0.12), (0.2, -0.95), (0.23, -1.4)],
        [(0.40, 0.0), (0.55, -0.65), (0.62, -1.0)],
        [(-0.35, 0.6), (-0.85, 0.2), (-1.1, -0.15)],
    ]
    paper.limb([(0, 2.2), (0, 0.9)], 0.85, 0.75, dark)
    paper.limb([(0, 2.2), (0, 0.9)], 0.75, 0.66, skin)
    for limb in limbs:
        paper.limb(limb, 0.36, 0.28, dark)
    paper.limb([(0, 0.75), (0, 0.05)], 1.0, 1.12, dark)
    paper.limb([(0, 0.75), (0, 0.05)], 0.92, 1.04, skin)
    for limb in limbs:
        paper.limb(limb, 0.3, 0.22, skin)
    for crease in ([(-0.4, 0.15), (-0.1, 0.1), (0.3, 0.12)], [(-0.45, 0.35), (0, 0.4), (0.35, 0.3)]):
        paper.line(crease, dark, 0.035)
    return paper.done(palm / 40)


def rectangle(
    size: tuple[int, int], box: tuple[int, int, int, int], ground: str = "black", colour: str = "white"
) -> Image.Image:
    """A rectangle; the right and lower end of its box lie just outside."""
    image = Image.new("RGB", size, ground)
    image.paste(colour, box)
    return image


def outlined(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """The outline of such a rectangle, white on black, in grey."""
    image = Image.new("L", size)
    left, top, right, bottom = box
    ImageDraw.Draw(image).rectangle((left, top, right - 1, bottom - 1), outline=255)
    return image


def person(size: int) -> Image.Image:
    """Somebody who stands and waves with the left hand; places in eighths of the side from the middle of the chest."""
    paper = Paper(size, (size / 2, size * 0.45), size / 8, (205, 210, 215))
    skin, shirt, trousers, hair = (224, 172, 140), (60, 90, 150), (50, 50, 60), (60, 40, 30)
    for side in (-1, 1):
        paper.limb([(0.32 * side, 1.2), (0.45 * side, 2.2), (0.5 * side, 3.3)], 0.62, 0.4, trousers)
        paper.limb([(0.5 * side, 3.3), (0.6 * side, 3.5)], 0.4, 0.3, (30, 30, 30))
    paper.shape([(-0.75, -1.0), (0.75, -1.0), (0.6, 1.3), (-0.6, 1.3)], shirt, shirt)
    paper.limb([(-0.75, -0.8), (-1.15, 0.1), (-1.45, 1.0)], 0.45, 0.3, skin)
    paper.limb([(0.75, -0.8), (1.3, -1.2), (1.6, -2.2)], 0.45, 0.3, skin)
    paper.limb([(-0.75, -0.85), (-0.95, -0.3)], 0.5, 0.45, shirt)
    paper.limb([(0.75, -0.85), (1.1, -1.05)], 0.5, 0.45, shirt)
    paper.limb([(0, -1.0), (0, -1.5)], 0.35, 0.35, skin)
    paper.oval(0, -2.1, 0.52, 0.66, hair)
    paper.oval(0, -1.95, 0.43, 0.55, skin)
    for side in (-0.17, 0.17):
        paper.oval(side, -2.0, 0.07, 0.05, (250, 250, 250))
        paper.oval(side, -2.0, 0.04, 0.05, (40, 25, 20))
        paper.oval(side, -2.13, 0.1, 0.025, hair)
    paper.oval(0, -1.87, 0.05, 0.1, (200, 150, 125))
    paper.oval(0, -1.66, 0.14, 0.04, (170, 70, 70))
    return paper.done(1)


def scattered(number: int, side: int = 160) -> bytes:
    """A picture of discs, as a PNG, that is like none of another number."""
    made, out, dice = Image.new("RGB", (side, side), (number * 37 % 256, 120, 200)), io.BytesIO(), random.Random(number)
    pen = ImageDraw.Draw(made)
    for _ in range(12):
        x, y, half = dice.random() * side, dice.random() * side, 10 + dice.random() * 30
        red, green, blue = (dice.randrange(256) for _ in range(3))
        pen.ellipse((x - half, y - half, x + half, y + half), (red, green, blue))
    made.save(out, "PNG")
    return out.getvalue()
