"""Soft edges: Holistically-Nested Edge Detection (Xie and Tu 2015, arXiv 1504.06375), run with torch from the weights
that engine/annotators/networks/convert_hed.py writes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from engine.maps.shades import Numbers
from prompts.errors import Refusal

log = logging.getLogger(__name__)

MEAN = (104.00699, 116.66877, 122.67892)  # of blue, green and red in 0…255
LAYERS = (2, 2, 3, 3, 3)  # of the five blocks
WORK_SIDE = 1024  # pixels of the longer side at most: it takes ten seconds of one core then


@lru_cache(maxsize=1)
def load(path: Path, modified: int) -> Mapping[str, Tensor]:
    """The weights in a file as it was at this time of change. Raises Refusal `map.damaged`."""
    try:
        weights = {name: value.float() for name, value in load_file(path).items()}
        expected = {f"block{block}.{layer}" for block, count in enumerate(LAYERS, 1) for layer in range(count)}
        expected |= {"fuse", *(f"side{block}" for block in range(1, 6))}
        if weights.keys() != {f"{name}.{part}" for name in expected for part in ("weight", "bias")}:
            raise ValueError("other layers")
    except (OSError, ValueError, SafetensorError) as error:
        log.warning("network %s cannot be loaded: %s", path.name, str(error)[:500])
        raise Refusal("map.damaged", name=path.stem) from error
    return weights


@torch.no_grad()
def edges(weights: Mapping[str, Tensor], image: Image.Image) -> Numbers:
    """How surely an edge runs through each pixel of an RGB picture, (height, width) in 0…1; of one that is larger than
    it is looked at, (height, width) of that size."""
    scale = min(1.0, WORK_SIDE / max(image.size))
    width, height = (max(1, round(length * scale)) for length in image.size)
    seen = image.resize((width, height), Image.Resampling.LANCZOS) if scale < 1 else image
    shades = np.asarray(seen, np.float32)[..., ::-1] - np.array(MEAN, np.float32)
    value = torch.from_numpy(np.ascontiguousarray(shades.transpose(2, 0, 1)))[None]
    sides = []
    for block, count in enumerate(LAYERS, start=1):
        if block > 1:
            value = functional.max_pool2d(value, 2, ceil_mode=True)
        for layer in range(count):
            value = functional.relu(_conv(weights, f"block{block}.{layer}", value))
        side = _conv(weights, f"side{block}", value)
        sides.append(functional.interpolate(side, size=(height, width), mode="bilinear", align_corners=False))
    found: Numbers = _conv(weights, "fuse", torch.cat(sides, dim=1)).sigmoid()[0, 0].numpy()
    return found


def _conv(weights: Mapping[str, Tensor], name: str, value: Tensor) -> Tensor:
    weight = weights[f"{name}.weight"]
    return functional.conv2d(value, weight, weights[f"{name}.bias"], padding=weight.shape[-1] // 2)
