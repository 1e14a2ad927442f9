"""Colours and light without the lines, or the lines without the colours: blurred, in blocks, grey, thrown about."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from engine.maps.shades import LUMA, Numbers, picture, sampled, shades

BLOCK = 64  # pixels a side of a block of colour
SMOOTH = 256  # pixels over which thrown-about content holds together
# Linear sRGB to the light Y of a D65 white, and where CIE L* ceases to be a cube root.
LIGHT = np.array([0.212671, 0.715160, 0.072169], np.float32)
KNEE = 216 / 24389


def tile(image: Image.Image, times: float) -> Image.Image:
    """The picture without what is finer than so many pixels."""
    if times <= 1:
        return image
    small = max(1, round(image.width / times)), max(1, round(image.height / times))
    return image.resize(small, Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC)


def blurred(image: Image.Image, sigma: float) -> Image.Image:
    """Blurred by so many pixels' deviation."""
    return image.filter(ImageFilter.GaussianBlur(sigma))


def lightness(image: Image.Image, gamma: float) -> Image.Image:
    """CIE L* of each pixel as a grey."""
    seen = shades(image) / np.float32(255)
    linear = np.where(seen > 0.04045, ((seen + 0.055) / 1.055) ** 2.4, seen / 12.92) @ LIGHT
    light = np.where(linear > KNEE, 1.16 * np.cbrt(linear) - 0.16, linear * 24389 / 2700)
    return _curved(light, gamma)


def intensity(image: Image.Image, gamma: float) -> Image.Image:
    """The brightest of each pixel's channels as a grey."""
    return _curved(shades(image).max(axis=2) / np.float32(255), gamma)


def brightness(image: Image.Image) -> Image.Image:
    """The picture in grey."""
    return picture(shades(image) @ LUMA)


def _curved(share: Numbers, gamma: float) -> Image.Image:
    return picture(np.clip(share, 0, 1) ** np.float32(gamma) * 255)


def grid(image: Image.Image) -> Image.Image:
    """Blocks of one colour each."""
    small = max(1, image.width // BLOCK), max(1, image.height // BLOCK)
    blocks = image.resize(small, Image.Resampling.BICUBIC)
    return blocks.resize(image.size, Image.Resampling.NEAREST)


def shuffled(image: Image.Image, seed: int) -> Image.Image:
    """The picture's content thrown about: each pixel comes from somewhere else, neighbours from near each other."""
    random = np.random.default_rng(seed)
    width, height = image.size
    rows = _smooth(random, height, width) * (height - 1)
    columns = _smooth(random, height, width) * (width - 1)
    return picture(sampled(shades(image), rows, columns))


def _smooth(random: np.random.Generator, height: int, width: int) -> Numbers:
    """Smooth noise that reaches from 0 to 1, (height, width)."""
    cells = random.random((height // SMOOTH + 3, width // SMOOTH + 3), dtype=np.float32)
    size = cells.shape[1] * SMOOTH, cells.shape[0] * SMOOTH
    whole = np.asarray(Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC))
    part = whole[SMOOTH : SMOOTH + height, SMOOTH : SMOOTH + width]
    low, high = float(part.min()), float(part.max())
    found: Numbers = ((part - low) / max(high - low, 1e-6)).clip(0, 1).astype(np.float32)
    return found
