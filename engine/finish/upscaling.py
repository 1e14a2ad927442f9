"""Finished pictures made larger, by plain resampling or by a network in a file, tile by tile."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from engine.files.upscalers import Upscaler, find_upscaler
from engine.finish import esrgan
from engine.pixels.tiles import Joined, cut

# A network sees 15 pixels far in practice (Real-ESRGAN pads its tiles by 10), and activations for a tile of this side
# take about 1 GB at four times the size.
TILE, OVERLAP = 256, 32
Work = Generator[None, None, Image.Image]


def tiles(name: str, width: int, height: int, folders: Sequence[Path] = ()) -> int:
    """How many tiles `enlarge` takes; 0 for plain resampling."""
    return len(cut(width, height, TILE, OVERLAP)) if isinstance(find_upscaler(name, folders), Path) else 0


def enlarge(
    image: Image.Image, name: str, size: tuple[int, int], device: torch.device, folders: Sequence[Path] = ()
) -> Work:
    """The picture at exactly this size; it halts after every tile. What a network's own
    factor leaves is resampled. Raises Refusal for a file that is damaged or of another kind."""
    row = find_upscaler(name, folders)
    if isinstance(row, Upscaler):
        return row.enlarge(image, size)
    network = esrgan.load(row, device)
    shades = np.asarray(image, np.float32) / np.float32(255)
    whole = Joined(image.width * network.scale, image.height * network.scale, OVERLAP // 4 * network.scale)
    for box in cut(image.width, image.height, TILE, OVERLAP):
        whole.add(box.times(network.scale), network.enlarge(shades[box.top : box.bottom, box.left : box.right]))
        yield
    large = Image.fromarray((whole.shades * 255).round().clip(0, 255).astype(np.uint8))
    return large if large.size == size else large.resize(size, Image.Resampling.LANCZOS)
