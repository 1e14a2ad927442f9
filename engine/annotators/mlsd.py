"""Straight lines, as of buildings and rooms: M-LSD (Gu et al. 2022, arXiv 2106.00186), run from its weights with torch
(engine/annotators/networks/README.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional

FILE = Path(__file__).parent / "networks" / "mlsd.safetensors"
SIDE = 512  # pixels a side that the network was trained at
MOST = 200  # lines of one picture, the surest
CENTRE, ENDS = 7, slice(8, 12)  # channels of its answer, which has half the side: how sure, and where both ends lie

Line = tuple[float, float, float, float]
Values = Mapping[str, Any]


def lines(image: Image.Image, sure: float, least: float) -> Image.Image:
    """White lines a pixel wide on black, of an RGB picture: those that are at least so `sure` (0…1) and longer than
    `least` pixels of 256 a side."""
    drawn = Image.new("RGB", image.size)
    pen = ImageDraw.Draw(drawn)
    for x, y, to_x, to_y in found(image, sure, least):
        pen.line((round(x), round(y), round(to_x), round(to_y)), fill="white")
    return drawn


def found(image: Image.Image, sure: float, least: float) -> list[Line]:
    """The lines of a picture, the surest first: the ends of each, in its pixels."""
    seen = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32)
    shades = np.concatenate([seen, np.ones_like(seen[..., :1])], axis=2) / np.float32(127.5) - 1
    answer = _answer(torch.from_numpy(shades).permute(2, 0, 1)[None])[0]
    chances = answer[CENTRE].sigmoid()
    crest = functional.max_pool2d(chances[None, None], 3, 1, 1)[0, 0] == chances
    best = (chances * crest).flatten().topk(MOST)
    side = chances.shape[1]
    rows, columns = best.indices // side, best.indices % side
    ends = answer[ENDS, rows, columns].T + torch.stack([columns, rows, columns, rows], dim=1)
    long = torch.linalg.vector_norm(ends[:, :2] - ends[:, 2:], dim=1)
    kept = ends[(best.values > sure) & (long > least)]
    scale = torch.tensor([image.width, image.height] * 2) / side
    return [(x, y, to_x, to_y) for x, y, to_x, to_y in (kept * scale).tolist()]


@torch.no_grad()
def _answer(shades: Tensor) -> Tensor:
    weights, steps = _network()
    values = {0: shades}
    for kind, given, made, more in steps:
        mine = {name: weights[f"{made}.{name}"] for name in ("weight", "bias") if f"{made}.{name}" in weights}
        values[made] = STEPS[kind]([values[number] for number in given], {**mine, **more})
    return values[steps[-1][2]]


@cache
def _network() -> tuple[dict[str, Tensor], list[Any]]:
    with safe_open(FILE, framework="pt") as file:
        weights = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
        return weights, json.loads(file.metadata()["steps"])


def _conv(given: list[Tensor], values: Values) -> Tensor:
    padded = functional.pad(given[0], values["pads"])
    return functional.conv2d(
        padded, values["weight"], values["bias"], values["stride"], 0, values["apart"], values["groups"]
    )


STEPS: dict[str, Callable[[list[Tensor], Values], Tensor]] = {
    "conv": _conv,
    "relu": lambda given, values: functional.relu(given[0]),
    "relu6": lambda given, values: functional.relu6(given[0]),
    "add": lambda given, values: given[0] + given[1],
    "join": lambda given, values: torch.cat(given, dim=1),
    "double": lambda given, values: functional.interpolate(given[0], scale_factor=2.0, mode="bilinear"),
}
