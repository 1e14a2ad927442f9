"""Styles drawn by code: the same things and background as pixel art, lines, watercolour, neon, grey or a sticker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.float32]
GRID = 16  # pixels a side of pixel art
INK: Pixels = np.array((0.10, 0.10, 0.12), np.float32)
# Emoji set that a style begins with: outlines come clean from flat colours, volumes from shaded ones.
BASE = {
    "3d": "3d", "flat": "flat", "pixel": "3d", "line": "flat", "watercolor": "flat", "neon": "flat",
    "monochrome": "3d", "sticker": "3d",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unstyled:
    """A composed picture before its style: all pixels, those of the background alone (side, side, 3), how far things
    cover them and the ink of coloured things, with 0 where they have their own colours (side, side, 1 and 4)."""

    pixels: Pixels
    behind: Pixels
    cover: Pixels
    ink: Pixels
    scenic: bool


def apply(style: str, drawing: Unstyled, random: np.random.Generator) -> Pixels:
    """The picture in the style, (side, side, 3) in 0…1."""
    styled = STYLES[style](drawing, random) if style in STYLES else drawing.pixels
    clipped: Pixels = np.clip(styled, 0, 1).astype(np.float32)
    return clipped


def outline(alpha: Pixels) -> tuple[Pixels, Pixels]:
    """A sticker's white rim around a thing and the shadow under it, for its alpha (side, side), each (side, side)."""
    rim = blur(_floats(_image(alpha).filter(ImageFilter.MaxFilter(9))), 0.8)
    shadow = np.roll(blur(rim, 2.5), (3, 2), (0, 1)) * np.float32(0.55)
    return rim, shadow


def blur(pixels: Pixels, radius: float) -> Pixels:
    """Gaussian blur of one or three channels."""
    return _floats(_image(pixels).filter(ImageFilter.GaussianBlur(radius)))


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8))


def _floats(picture: Image.Image) -> Pixels:
    floats: Pixels = np.asarray(picture, np.float32) / np.float32(255)
    return floats


def _pixel(drawing: Unstyled, random: np.random.Generator) -> Pixels:
    small = _image(drawing.pixels).resize((GRID, GRID), Image.Resampling.BOX)
    return _floats(small.resize(drawing.pixels.shape[:2], Image.Resampling.NEAREST))


def edges(drawing: Unstyled, fine: float = 0.7) -> Pixels:
    """How strong an edge of colour or of a thing runs through each pixel, (side, side, 1) in 0…1. Inner lines much
    nearer to each other than `fine` pixels are left out."""
    seen = np.concatenate([blur(drawing.pixels, fine), drawing.cover * 0.7], axis=2)
    down, right = (np.abs(np.gradient(seen, axis=axis)).max(axis=2) for axis in (0, 1))
    strength: Pixels = np.clip(np.hypot(down, right) * 7 - 0.35, 0, 1)[..., None]
    return strength


def _line(drawing: Unstyled, random: np.random.Generator) -> Pixels:
    paper = 0.75 + 0.25 * drawing.behind if drawing.scenic else drawing.behind
    dark = paper.mean() < 0.35
    own = np.ones(3, np.float32) if dark else INK
    ink = own * (1 - drawing.ink[..., 3:]) + drawing.ink[..., :3] * drawing.ink[..., 3:]
    # A pen of three pixels and few inner lines: an autoencoder of this size loses thinner ones and fills narrow gaps.
    share = _floats(_image(edges(drawing, fine=1.3)[..., 0]).filter(ImageFilter.MaxFilter(3)))[..., None]
    drawn: Pixels = (paper * (1 - share) + ink * share).astype(np.float32)
    return drawn


def _neon(drawing: Unstyled, random: np.random.Generator) -> Pixels:
    dark = 0.22 * drawing.behind if drawing.scenic else np.array((0.05, 0.03, 0.11), np.float32)
    # The light of a tube is the full colour of the thing there.
    near = blur(drawing.pixels, 2)
    light = (near - 0.9 * near.min(axis=2, keepdims=True)) + 0.05
    light = light / light.max(axis=2, keepdims=True)
    light = light * (1 - drawing.ink[..., 3:]) + drawing.ink[..., :3] * drawing.ink[..., 3:]
    around = blur(drawing.cover[..., 0], 3)[..., None] > 0.02
    tube = edges(drawing) * np.where(around, 1.0, 0.3)
    shone = tube * light
    drawn: Pixels = dark + shone + 1.1 * blur(np.clip(shone, 0, 1), 4) + 0.35 * tube * tube
    return drawn


def _flat(drawing: Unstyled, random: np.random.Generator) -> Pixels:
    # The long shadow of flat icons, down to the right.
    cover = drawing.cover[..., 0]
    shadow = cover.copy()
    for step in (1, 2, 4, 8, 16):
        moved = np.zeros_like(shadow)
        moved[step:, step:] = shadow[:-step, :-step]
        shadow = np.maximum(shadow, moved)
    shade = (shadow * (1 - cover))[..., None]
    drawn: Pixels = drawing.pixels * (1 - 0.3 * shade)
    return drawn


def _watercolor(drawing: Unstyled, random: np.random.Generator) -> Pixels:
    side = len(drawing.pixels)
    spread = np.stack([_cloud(random, side) for _ in range(2)]) * 7
    here = np.clip(np.indices((side, side)) + spread, 0, side - 1).round().astype(np.int64)
    painted, covered = drawing.pixels[here[0], here[1]], drawing.cover[here[0], here[1]]
    # The things' colours run out into the wet paper around them, and fall on it in drops.
    wide = blur(covered[..., 0], 10)[..., None]
    colours = np.clip(blur(painted * covered, 10) / np.maximum(wide, 0.02), 0, 1)
    run = np.clip(wide * 1.2 + (_cloud(random, side)[..., None] - 0.2) * 0.8, 0, 0.45)
    run = np.maximum(run, _drops(random, side) * (wide > 0.02)) * (1 - covered)
    wet = blur(painted * (1 - run) + colours * run, 1.3)
    # A wash is thin in its middle, and its pigment gathers where it ends.
    pigment = 0.5 + 0.7 * _cloud(random, side)[..., None] + 0.9 * np.abs(covered - blur(covered[..., 0], 3)[..., None])
    washed = 1 - (1 - wet) * np.clip(pigment, 0.12, 1.1)
    across = np.abs(np.linspace(-1, 1, side, dtype=np.float32))
    inside = 0.86 - np.maximum(across[:, None], across[None, :]) + 0.3 * _cloud(random, side)
    share: Pixels = np.maximum(np.clip(inside * 12 + 0.5, 0, 1)[..., None], covered)
    paper = 0.975 + 0.012 * random.standard_normal((side, side, 1), np.float32)
    drawn: Pixels = (1 - share + washed * share) * paper
    return drawn


def _drops(random: np.random.Generator, side: int) -> Pixels:
    """Splashes of a brush in 0…1, (side, side, 1)."""
    down, right = np.indices((side, side), np.float32)
    drops = np.zeros((side, side), np.float32)
    for _ in range(14):
        y, x = random.uniform(0, side, 2)
        radius = side * random.uniform(0.012, 0.035)
        drops = np.maximum(drops, np.clip(radius - np.hypot(down - y, right - x) + 0.5, 0, 1))
    return drops[..., None] * np.float32(0.85)


def _cloud(random: np.random.Generator, side: int) -> Pixels:
    """Smooth noise around 0, (side, side)."""
    coarse = Image.fromarray(random.uniform(-0.5, 0.5, (9, 9)).astype(np.float32))
    cloud: Pixels = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.float32)
    return cloud


def _monochrome(drawing: Unstyled, random: np.random.Generator) -> Pixels:
    grey: Pixels = np.repeat(drawing.pixels @ np.array([[0.3], [0.59], [0.11]], np.float32), 3, axis=2)
    return grey


# The other styles (3d, sticker) are done when the things have been put in their places.
STYLES: dict[str, Callable[[Unstyled, np.random.Generator], Pixels]] = {
    "flat": _flat, "pixel": _pixel, "line": _line, "watercolor": _watercolor, "neon": _neon, "monochrome": _monochrome,
}  # fmt: skip
