"""Pictures as arrays of numbers, blurred and sampled: what several preprocessors are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Numbers = NDArray[np.float32]
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R 601, as Pillow's mode L


def shades(image: Image.Image) -> Numbers:
    """The pixels of an RGB picture, (height, width, 3) in 0…255."""
    return np.asarray(image, np.float32)


def grey(image: Image.Image) -> Numbers:
    """Its brightness, (height, width) in 0…255."""
    found: Numbers = shades(image) @ LUMA
    return found


def picture(numbers: Numbers) -> Image.Image:
    """An RGB picture of (height, width) or (height, width, 3) in 0…255; what is beyond is cut off."""
    whole = np.clip(np.rint(numbers), 0, 255).astype(np.uint8)
    return Image.fromarray(whole).convert("RGB")


def gaussian(numbers: Numbers, sigma: float) -> Numbers:
    """Blurred along the first two axes, with a kernel of three deviations to each side; edges are mirrored."""
    reach = max(1, round(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        numbers = _blurred(numbers, kernel, axis)
    return numbers


def _blurred(numbers: Numbers, kernel: Numbers, axis: int) -> Numbers:
    reach, length = len(kernel) // 2, numbers.shape[axis]
    if length == 1:
        return numbers
    beyond = [(0, 0)] * numbers.ndim
    beyond[axis] = reach, reach
    wide = np.moveaxis(np.pad(numbers, beyond, mode="reflect"), axis, 0)
    made = np.zeros_like(wide[:length])
    for at, share in enumerate(kernel):
        made += share * wide[at : at + length]
    return np.moveaxis(made, 0, axis)


def sampled(numbers: Numbers, rows: Numbers, columns: Numbers) -> Numbers:
    """The values (height, width, channels) at these places, which need not be whole: between four pixels."""
    height, width = numbers.shape[:2]
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    top, left = np.floor(rows).astype(np.intp), np.floor(columns).astype(np.intp)
    below, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    upper = numbers[top, left] * (1 - across) + numbers[top, right] * across
    lower = numbers[below, left] * (1 - across) + numbers[below, right] * across
    found: Numbers = (upper * (1 - down) + lower * down).astype(np.float32)
    return found
