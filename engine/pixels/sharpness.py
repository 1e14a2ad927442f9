"""How sharp a picture is."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 512  # pixels that the shorter side of larger pictures is looked at in
BLURRED = 0.02  # below it; measured on pictures of things: sharp ones have 0.056 and more, blurred by two pixels 0.009


def sharpness(image: Image.Image) -> float:
    """The variance of the lightness's Laplacian, as a share of the lightness's own; 0 of a plain colour."""
    scale = min(1.0, SIDE / min(image.size))
    size = tuple(max(3, round(side * scale)) for side in image.size)
    light = np.asarray(image.convert("L").resize((size[0], size[1]), Image.Resampling.LANCZOS), np.float64)
    if light.var() < 1.0:
        return 0.0
    middle = light[1:-1, 1:-1]
    curved = 4 * middle - light[:-2, 1:-1] - light[2:, 1:-1] - light[1:-1, :-2] - light[1:-1, 2:]
    return float(curved.var() / light.var())
