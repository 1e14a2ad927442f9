"""Backgrounds: plain colours and drawn scenes, as float pictures in 0…1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Colour = tuple[float, float, float]

# The colour words, as sRGB in 0…255.
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 38, 38), "orange": (245, 130, 30), "yellow": (250, 210, 40), "green": (50, 165, 70),
    "blue": (40, 95, 220), "purple": (135, 60, 190), "pink": (245, 130, 185), "brown": (125, 78, 45),
    "black": (28, 28, 32), "white": (245, 245, 245), "gray": (135, 138, 142),
}  # fmt: skip


def colour(word: str) -> NDArray[np.float32]:
    """The colour word as RGB in 0…1, (3,)."""
    return (np.array(COLOURS[word]) / 255).astype(np.float32)


def plain(word: str, side: int, random: np.random.Generator, strength: float = 1.0) -> Pixels:
    """A plain background, hardly lighter at one end; below strength 1 it fades to grey, above it gets fuller."""
    full = colour(word)
    faded = full.mean() + strength * (full - full.mean())
    shade = faded + random.normal(0, 0.02, 3)
    slope = random.uniform(-0.05, 0.05)
    rows = np.linspace(-slope, slope, side)[:, None, None]
    return np.broadcast_to(shade + rows, (side, side, 3)).clip(0, 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A square to draw on, with the coordinates of its pixels in 0…1."""

    pixels: Pixels
    x: Pixels
    y: Pixels

    def fill(self, where: NDArray[np.floating], paint: Colour) -> None:
        """Paint where the field is positive, with a rim of about a pixel."""
        side = len(self.pixels)
        share = np.clip(where * side * 0.7 + 0.5, 0, 1)[..., None]
        self.pixels[:] = self.pixels * (1 - share) + np.array(paint, dtype=np.float32) * share

    def disc(self, x: float, y: float, radius: float, paint: Colour) -> None:
        self.fill(radius - np.hypot(self.x - x, self.y - y), paint)


def _sky(side: int, top: Colour, bottom: Colour) -> Backdrop:
    across = np.linspace(0, 1, side, dtype=np.float32)
    x, y = np.meshgrid(across, across)
    down = np.clip(y / 0.7, 0, 1)[..., None]
    pixels = np.array(top, np.float32) * (1 - down) + np.array(bottom, np.float32) * down
    return Backdrop(pixels.astype(np.float32), x, y)


def _beach(side: int, random: np.random.Generator) -> Backdrop:
    canvas = _sky(side, (0.45, 0.78, 0.98), (0.75, 0.92, 1.0))
    canvas.fill(canvas.y - random.uniform(0.42, 0.48), (0.12, 0.55, 0.82))
    shore = random.uniform(0.66, 0.72) + 0.02 * np.sin(canvas.x * 6 + random.uniform(0, 6))
    canvas.fill(canvas.y - shore + 0.03, (0.85, 0.95, 0.98))
    canvas.fill(canvas.y - shore, (0.95, 0.84, 0.60))
    return canvas


def _meadow(side: int, random: np.random.Generator) -> Backdrop:
    canvas = _sky(side, (0.40, 0.74, 0.98), (0.80, 0.93, 1.0))
    for x in (random.uniform(0.05, 0.35), random.uniform(0.65, 0.95)):
        y = random.uniform(0.08, 0.2)
        for shift, radius in ((-0.07, 0.045), (0.0, 0.06), (0.07, 0.045)):
            canvas.disc(x + shift, y, radius, (1.0, 1.0, 1.0))
    hill = random.uniform(0.58, 0.66) + 0.04 * np.sin(canvas.x * 4 + random.uniform(0, 6))
    canvas.fill(canvas.y - hill, (0.38, 0.74, 0.30))
    return canvas


def _snow(side: int, random: np.random.Generator) -> Backdrop:
    canvas = _sky(side, (0.60, 0.72, 0.86), (0.80, 0.87, 0.94))
    hill = random.uniform(0.6, 0.68) + 0.03 * np.sin(canvas.x * 4 + random.uniform(0, 6))
    canvas.fill(canvas.y - hill, (0.97, 0.98, 1.0))
    for x, y in random.uniform(0, 1, (16, 2)):
        canvas.disc(x, y * 0.65, 0.016, (1.0, 1.0, 1.0))
    return canvas


def _sunset(side: int, random: np.random.Generator) -> Backdrop:
    canvas = _sky(side, (0.36, 0.16, 0.48), (1.0, 0.58, 0.20))
    canvas.disc(random.uniform(0.3, 0.7), 0.62, 0.16, (1.0, 0.86, 0.42))
    canvas.fill(canvas.y - random.uniform(0.66, 0.7), (0.28, 0.10, 0.26))
    return canvas


def _night(side: int, random: np.random.Generator) -> Backdrop:
    canvas = _sky(side, (0.03, 0.04, 0.16), (0.12, 0.14, 0.38))
    for x, y in random.uniform(0, 1, (14, 2)):
        canvas.disc(x, y * 0.8, 0.014, (1.0, 0.98, 0.80))
    canvas.fill(canvas.y - random.uniform(0.82, 0.88), (0.03, 0.06, 0.10))
    return canvas


def _sea(side: int, random: np.random.Generator) -> Backdrop:
    canvas = _sky(side, (0.10, 0.60, 0.85), (0.03, 0.22, 0.52))
    for x, y in random.uniform(0, 1, (8, 2)):
        canvas.disc(x, y, random.uniform(0.014, 0.03), (0.55, 0.85, 0.95))
    canvas.fill(canvas.y - random.uniform(0.88, 0.92), (0.80, 0.72, 0.50))
    return canvas


def _forest(side: int, random: np.random.Generator) -> Backdrop:
    canvas = _sky(side, (0.62, 0.82, 0.72), (0.45, 0.68, 0.50))
    for x in np.linspace(0.0, 1.0, 7) + random.uniform(-0.05, 0.05, 7):
        top = random.uniform(0.05, 0.25)
        green: Colour = (0.08, random.uniform(0.30, 0.42), 0.20)
        canvas.fill(np.minimum((canvas.y - top) * 0.22 - np.abs(canvas.x - x), 0.78 - canvas.y), green)
    canvas.fill(canvas.y - 0.74, (0.26, 0.40, 0.20))
    return canvas


def _city(side: int, random: np.random.Generator) -> Backdrop:
    canvas = _sky(side, (0.55, 0.75, 0.92), (0.86, 0.90, 0.95))
    for left in np.linspace(-0.02, 0.86, 6):
        top, grey = random.uniform(0.12, 0.45), random.uniform(0.35, 0.55)
        inside = np.minimum.reduce([canvas.x - left, left + 0.15 - canvas.x, canvas.y - top])
        canvas.fill(inside, (grey, grey, grey + 0.07))
    canvas.fill(canvas.y - 0.8, (0.30, 0.30, 0.33))
    return canvas


def _rain(side: int, random: np.random.Generator) -> Backdrop:
    canvas = _sky(side, (0.36, 0.42, 0.50), (0.56, 0.62, 0.68))
    for x in (-0.05, 0.2, 0.45, 0.7, 0.95):
        canvas.disc(x + random.uniform(-0.05, 0.05), random.uniform(-0.02, 0.06), 0.16, (0.28, 0.32, 0.38))
    canvas.fill(canvas.y - random.uniform(0.84, 0.88), (0.26, 0.34, 0.38))
    for x, y in random.uniform(0, 1.1, (34, 2)):
        along, beside = canvas.y - y, canvas.x - x + (canvas.y - y) * 0.25
        canvas.fill(np.minimum(0.05 - np.abs(along), 0.006 - np.abs(beside)), (0.78, 0.88, 0.98))
    return canvas


SCENES: dict[str, Callable[[int, np.random.Generator], Backdrop]] = {
    "beach": _beach, "meadow": _meadow, "snow": _snow, "sunset": _sunset, "night": _night, "sea": _sea,
    "forest": _forest, "city": _city, "rain": _rain,
}  # fmt: skip


def scene(word: str, side: int, random: np.random.Generator) -> Pixels:
    """A drawn scene, (side, side, 3)."""
    return SCENES[word](side, random).pixels
