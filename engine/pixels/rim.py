"""The rim of a picture, which is its background where it is of one colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SMALL = 256  # pixels a side in which colours are looked at
RIM = 0.06  # of the shorter side: what lies so near the edge is background
EVEN = 14.0  # deviation of a rim of one colour, in shades of 0…255


def even_rim(pixels: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The colour of the rim of a picture in 0…255, (SMALL, SMALL, 3); None where it has several."""
    wide = round(RIM * SMALL)
    rim = np.concatenate([pixels[:wide].reshape(-1, 3), pixels[-wide:].reshape(-1, 3)])
    rim = np.concatenate([rim, pixels[:, :wide].reshape(-1, 3), pixels[:, -wide:].reshape(-1, 3)])
    if float(rim.std(axis=0).max()) > EVEN:
        return None
    colour: NDArray[np.float32] = rim.mean(axis=0)
    return colour


def small(image: Image.Image) -> NDArray[np.float32]:
    """An RGB picture in SMALL × SMALL pixels of 0…255."""
    return np.asarray(image.convert("RGB").resize((SMALL, SMALL), Image.Resampling.BOX), np.float32)
