"""Lines and shapes in black and white, computed without a network."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from engine.maps.shades import Numbers, gaussian, grey, picture, shades

STEEP = 0.08  # of 1 a pixel: what the built-in net was taught as an edge (engine/demo/control.py)
WHITE = 127.0  # brighter on average than this is a drawing on white
FINE, COARSE = 0.5, 5.0  # deviations of the two Gaussians that scribbles lie between
LIGHT, FAINT, LEAST, INK = 6.0, 8.0, 16.0, 127.0  # of lines: deviation, what is none, what counts as one, its shade
PENCIL = 8.0  # deviation of the paper that a sketch is held against
DRAWN = 0.06  # of 1: so much darker than its paper is a stroke


def edges(image: Image.Image) -> Image.Image:
    """White edges on black, as the built-in net was taught them: to the pixel what its training made."""
    light = shades(image.filter(ImageFilter.GaussianBlur(1.0))) / np.float32(255)
    across, down = (_slope(light, axis) for axis in (1, 0))
    steep = np.hypot(down, across)
    # Only the crest of each slope, across or down: a line of about a pixel.
    crest = (steep >= np.roll(steep, 1, 0)) & (steep >= np.roll(steep, -1, 0))
    crest |= (steep >= np.roll(steep, 1, 1)) & (steep >= np.roll(steep, -1, 1))
    return _white((steep > STEEP) & crest)


def _slope(light: Numbers, axis: int) -> Numbers:
    if light.shape[axis] == 1:
        return np.zeros(light.shape[:2], np.float32)
    found: Numbers = np.abs(np.gradient(light, axis=axis)).max(axis=2)
    return found


def _white(marks: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Image.Image:
    return Image.fromarray(marks.astype(np.uint8) * 255).convert("RGB")


def on_white(image: Image.Image) -> bool:
    """Whether a picture is a drawing on a light ground: nets want light lines on a dark one."""
    return float(grey(image).mean()) > WHITE


def inverted(image: Image.Image) -> Image.Image:
    """The picture with light and dark exchanged."""
    return ImageChops.invert(image)


def xdog(image: Image.Image, least: float) -> Image.Image:
    """A scribble: white where a picture is much darker than around it, by more than `least` of 64 (Winnemöller et al.
    2012 without its soft threshold)."""
    seen = shades(image)
    away = (gaussian(seen, COARSE) - gaussian(seen, FINE)).min(axis=2)
    return _white(np.clip(away, 0, 255) * 2 > least)


def standard(image: Image.Image) -> Image.Image:
    """White lines on black, as light as a picture is darker there than around it."""
    seen = shades(image)
    away = (gaussian(seen, LIGHT) - seen).min(axis=2).clip(0, 255)
    strong = away[away > FAINT]
    usual = max(LEAST, float(np.median(strong)) if strong.size else LEAST)
    return picture(away / np.float32(usual) * INK)


def sketch(image: Image.Image) -> Image.Image:
    """White strokes on black where a pencil would have drawn: what is darker than its surroundings, by its share of
    their light."""
    seen = grey(image)
    paper: Numbers = gaussian(seen, PENCIL).clip(1)
    return _white(gaussian(1 - seen / paper, 1.0) > DRAWN)


def threshold(image: Image.Image, least: float) -> Image.Image:
    """White where a picture is brighter than `least` of 255, else black."""
    return _white(grey(image) > least)
