"""A thing that no model knows, drawn by code: a magenta diamond with three teal stripes and two yellow eyes, on eight
backgrounds; and how much of it is in a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE = 128
BACKGROUNDS = {
    "white": "#ffffff", "black": "#101010", "blue": "#2f6fd0", "green": "#3c9a4c", "yellow": "#f2d64b",
    "red": "#c8342f", "gray": "#8a8a8a", "brown": "#7b5230",
}  # fmt: skip
MAGENTA, TEAL, YELLOW = (214, 32, 140), (20, 160, 160), (250, 220, 40)
Floats = NDArray[np.float64]


def totem(background: str, centre: tuple[float, float] = (64, 64), radius: float = 40) -> Image.Image:
    """The thing on a background."""
    image = Image.new("RGB", (SIDE * 4, SIDE * 4), BACKGROUNDS[background])
    draw = ImageDraw.Draw(image)
    x, y, r = centre[0] * 4, centre[1] * 4, radius * 4
    draw.polygon([(x, y - r), (x + r, y), (x, y + r), (x - r, y)], fill=MAGENTA)
    for level in (0.05, 0.35, 0.62):
        half = (1 - level) * r * 0.86
        draw.rectangle([x - half, y + level * r, x + half, y + level * r + 0.13 * r], fill=TEAL)
    for side in (-1, 1):
        draw.ellipse(
            [x + side * 0.26 * r - 0.13 * r, y - 0.42 * r, x + side * 0.26 * r + 0.13 * r, y - 0.16 * r], fill=YELLOW
        )
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def pictures(count: int = 20, seed: int = 1) -> list[tuple[Image.Image, str]]:
    """So many of them, each with the name of its background."""
    random = np.random.default_rng(seed)
    names = list(BACKGROUNDS)
    made = []
    for place in range(count):
        background = names[place % len(names)]
        centre = (64 + random.uniform(-8, 8), 64 + random.uniform(-8, 8))
        made.append((totem(background, centre, random.uniform(34, 46)), background))
    return made


def _maps(image: Image.Image) -> Floats:
    """How near each place is to magenta and to teal, (2, 32, 32)."""
    pixels = np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BOX), np.float64)
    near = [np.exp(-(((pixels - np.array(colour)) / 60) ** 2).sum(axis=2) / 2) for colour in (MAGENTA, TEAL)]
    return np.stack(near)


def likeness(image: Image.Image) -> float:
    """The best correlation of a picture's colours with the thing's, of small shifts and three sizes; of the pictures
    themselves 0.7 and more."""
    seen = _maps(image)
    best = 0.0
    for radius in (34, 40, 46):
        wanted = _maps(totem("white", radius=radius))
        for down in range(-4, 5, 2):
            for right in range(-4, 5, 2):
                moved = np.roll(wanted, (down, right), (1, 2))
                scores = []
                for one, other in zip(seen, moved, strict=True):
                    a, b = one - one.mean(), other - other.mean()
                    scores.append((a * b).sum() / max(1e-9, np.sqrt((a * a).sum() * (b * b).sum())))
                best = max(best, float(np.mean(scores)))
    return best
