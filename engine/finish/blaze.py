"""Small single-shot detectors of faces and palms, run from their weights (engine/finish/detectors/README.md) with
torch.

The layouts follow Bazarevsky et al. 2019 (BlazeFace, arXiv 1907.05047) and Zhang et al. 2020 (MediaPipe Hands, arXiv
2006.10214): every cell of a grid says for each of its anchors how sure it is and where the thing's box and points lie.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional

from engine.pixels.tiles import Box

FOLDER = Path(__file__).parent / "detectors"
# A grid of 1/8 with two anchors a cell, and one of 1/16 with six.
GRIDS = ((8, 2), (16, 6))
View = tuple[float, float, float]  # left, top and side of a square, in pixels
# The networks see 128 or 192 pixels a side, and little of what is smaller than a tenth of it. So they look at the whole
# picture, and at parts of it that overlap: (share of the side, parts along a side).
VIEWS = ((1.0, 1), (0.6, 2), (0.4, 3))
FACE, PALM, HAND = 0.6, 0.4, 0.5  # how sure they have to be
BILINEAR = Image.Resampling.BILINEAR


@dataclass(frozen=True, slots=True, eq=False)
class BlazeNetwork:
    """A network: its weights, its steps, the side in pixels it looks at, and the lowest value of a shade."""

    weights: Mapping[str, Tensor]
    steps: Sequence[Any]
    source: int
    outputs: Sequence[int]
    side: int
    lowest: float

    @torch.no_grad()
    def __call__(self, pictures: Sequence[Image.Image]) -> list[Tensor]:
        """Its answers to pictures of its side: each output with a row a picture, the widest first."""
        shades = np.stack([np.asarray(one, np.float32).transpose(2, 0, 1) for one in pictures]) / np.float32(255)
        values = {self.source: self.lowest + torch.from_numpy(shades) * (1 - self.lowest)}
        for kind, given, made, more in self.steps:
            values[made] = STEPS[kind](self.weights, [values[number] for number in given], more)
        return [values[number] for number in self.outputs]


@dataclass(frozen=True, slots=True)
class Found:
    """Something found: how sure (0…1), its box (left, top, right, bottom) and points, in pixels of the picture."""

    sure: float
    box: tuple[float, float, float, float]
    points: tuple[tuple[float, float], ...]


def network(name: str, lowest: float) -> BlazeNetwork:
    """A network of engine/finish/detectors."""
    return network_of(FOLDER / f"{name}.safetensors", lowest)


@cache
def network_of(path: Path, lowest: float) -> BlazeNetwork:
    """The network in a file that engine/finish/detectors/convert.py wrote."""
    with safe_open(path, framework="pt") as file:
        weights = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
        graph = json.loads(file.metadata()["graph"])
    return BlazeNetwork(weights, graph["steps"], graph["input"], graph["outputs"], graph["side"], lowest)


def detect(image: Image.Image, network: BlazeNetwork, least: float) -> list[Found]:
    """The things that a network finds and is at least so sure of, the surest first, each once."""
    views = list(_views(image, network.side))
    whole, sure = network([_seen(image, view, network.side) for view in views])
    chances = sure[..., 0].clamp(-100, 100).sigmoid()
    anchors = _anchors(network.side)
    found = []
    for number, index in torch.nonzero(chances >= least).tolist():
        left, top, side = views[number]
        numbers = (whole[number, index].view(-1, 2) / network.side).double()
        numbers[0] += anchors[index]
        numbers[2:] += anchors[index]
        (x, y), (width, height), *points = (numbers * side).tolist()
        box = (left + x - width / 2, top + y - height / 2, left + x + width / 2, top + y + height / 2)
        found.append(Found(float(chances[number, index]), box, tuple((left + x, top + y) for x, y in points)))
    return _once(found)


def _views(image: Image.Image, least: int) -> Iterator[View]:
    """The whole picture, and parts of it that have at least so many pixels a side."""
    longer = max(image.size)
    for share, count in VIEWS:
        side = longer * share
        if count > 1 and side < least:
            return
        for row in range(count):
            for column in range(count):
                left, top = (
                    (length - side) * (0.5 if length <= side else at / max(1, count - 1))
                    for length, at in ((image.width, column), (image.height, row))
                )
                yield left, top, side


def _seen(image: Image.Image, view: View, side: int) -> Image.Image:
    left, top, length = view
    box = (round(left), round(top), round(left + length), round(top + length))
    return image.crop(box).resize((side, side), BILINEAR)  # black beyond the edges


def _anchors(side: int) -> Tensor:
    """The middles of all anchors, (anchors, 2), in shares of the side."""
    made = []
    for stride, count in GRIDS:
        cells = side // stride
        middles = (torch.arange(cells, dtype=torch.float64) + 0.5) / cells
        rows, columns = torch.meshgrid(middles, middles, indexing="ij")
        made.append(torch.stack([columns, rows], -1).reshape(-1, 1, 2).expand(-1, count, -1).reshape(-1, 2))
    return torch.cat(made)


def _once(found: list[Found]) -> list[Found]:
    """Without those that lie for the most part in one that is surer, or have one in them."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: -one.sure):
        if all(_shared(one.box, other.box) < 0.5 for other in kept):
            kept.append(one)
    return kept


def _shared(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """How much of the smaller of two boxes lies in the other, 0…1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return max(0.0, width) * max(0.0, height) / smaller if smaller > 0 else 1.0


def faces(image: Image.Image) -> list[Box]:
    """Faces from the front, photographed or painted; their boxes reach from the hair to the chin."""
    boxes = []
    for one in detect(image, network("face", -1.0), FACE):
        left, top, right, bottom = one.box
        side = right - left
        boxes.append(_box(left - side * 0.1, top - side * 0.3, right + side * 0.1, bottom + side * 0.1))
    return boxes


def hands(image: Image.Image) -> list[Box]:
    """Hands, wherever their fingers point: palms that a second network, which looks at each more closely, takes for
    hands too."""
    turned = [_turned(one) for one in detect(image, network("palm", 0.0), PALM)]
    if not turned:
        return []
    look = network("hand", 0.0)
    seen = [image.transform((look.side, look.side), Image.Transform.AFFINE, one, BILINEAR) for one in turned]
    points, _, there, _ = look(seen)
    found = []
    for (a, b, c, d, e, f), own, sure in zip(turned, points, there.flatten().tolist(), strict=True):
        spots = [(a * x + b * y + c, d * x + e * y + f) for x, y, _ in own.view(-1, 3).tolist()]
        across, down = zip(*spots, strict=True)
        edge = 0.15 * max(max(across) - min(across), max(down) - min(down))  # the points lie within the fingers
        found.append(Found(sure, (min(across) - edge, min(down) - edge, max(across) + edge, max(down) + edge), ()))
    return [_box(*one.box) for one in _once([one for one in found if one.sure >= HAND])]


def _turned(palm: Found) -> tuple[float, float, float, float, float, float]:
    """The affine map from the pixels that the second network sees to the picture's: a square around the hand, its
    fingers upwards."""
    left, top, right, bottom = palm.box
    (wrist_x, wrist_y), (finger_x, finger_y) = palm.points[0], palm.points[2]
    length = max(1e-6, ((finger_x - wrist_x) ** 2 + (finger_y - wrist_y) ** 2) ** 0.5)
    x, y = (finger_x - wrist_x) / length, (finger_y - wrist_y) / length
    size = max(right - left, bottom - top)
    middle = (left + right) / 2 + x * size / 2, (top + bottom) / 2 + y * size / 2
    side, scale = 2.6 * size, 2.6 * size / 224  # of the palm's, as the paper has it
    return (
        -y * scale, -x * scale, middle[0] + (y + x) * side / 2,
        x * scale, -y * scale, middle[1] + (y - x) * side / 2,
    )  # fmt: skip


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    return Box(round(left), round(top), round(right), round(bottom))


# --- what a network is made of ---

Weights = Mapping[str, Tensor]
Values = Mapping[str, Any]
THEN: dict[str, Callable[[Tensor], Tensor]] = {
    "": lambda value: value,
    "relu": functional.relu,
    "relu6": functional.relu6,
}


def _conv(weights: Weights, given: list[Tensor], values: Values) -> Tensor:
    [value], weight, stride = given, weights[values["weight"]], values["stride"]
    if values["same"]:  # as TensorFlow pads: what is left over goes to the right and below
        edges = []
        for side, kernel in zip(value.shape[:1:-1], weight.shape[:1:-1], strict=True):
            over = max(0, (-(-side // stride) - 1) * stride + kernel - side)
            edges += [over // 2, over - over // 2]
        value = functional.pad(value, edges)
    groups = 1 if values["deep"] else value.shape[1]
    return THEN[values["then"]](functional.conv2d(value, weight, weights[values["bias"]], stride, groups=groups))


def _resize(weights: Weights, given: list[Tensor], values: Values) -> Tensor:
    if not values["centres"]:
        raise ValueError("only half-pixel centres are known here")
    return functional.interpolate(given[0], size=values["size"], mode="bilinear", align_corners=False)


STEPS: dict[str, Callable[[Weights, list[Tensor], Values], Tensor]] = {
    "conv": _conv,
    "prelu": lambda weights, given, values: functional.prelu(given[0], weights[values["weight"]].flatten()),
    "relu": lambda weights, given, values: functional.relu(given[0]),
    "add": lambda weights, given, values: THEN[values["then"]](given[0] + given[1]),
    "pool": lambda weights, given, values: functional.max_pool2d(given[0], values["size"], values["stride"]),
    "pad": lambda weights, given, values: functional.pad(given[0], values["edges"]),
    "resize": _resize,
    "mean": lambda weights, given, values: given[0].mean((2, 3)),
    "linear": lambda weights, given, values: functional.linear(
        given[0], weights[values["weight"]], weights[values["bias"]]
    ),
    "sigmoid": lambda weights, given, values: given[0].sigmoid(),
    "rows": lambda weights, given, values: given[0].permute(0, 2, 3, 1).reshape(len(given[0]), -1, values["width"]),
    "join": lambda weights, given, values: torch.cat(given, dim=1),
}
