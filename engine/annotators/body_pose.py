"""The pose of people: BlazePose (Bazarevsky et al. 2020, arXiv 2006.10204), run from its weights with torch
(engine/annotators/networks/README.md). It looks at one person at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from engine.finish import blaze
from engine.pixels.tiles import Box
from engine.poses import layouts
from engine.poses.skeleton import Pose, Skeleton

FILE = Path(__file__).parent / "networks" / "pose.safetensors"
THERE = 0.5  # how sure it has to be that there is somebody
LEAST = 4  # points that somebody has to have of the 18
LOOKS = 3  # at the whole square, then twice at where the last look found them
WIDE = 1.25  # of the circle around somebody, what is looked at
CENTRE, REACH = 33, 34  # of the network's own points: the middle of the hips, and how far the body reaches from it
BILINEAR = Image.Resampling.BILINEAR


@dataclass(frozen=True, slots=True)
class PersonView:
    """A square that is looked at: its middle, side and turn (radians, with the clock), in pixels of the picture."""

    x: float
    y: float
    side: float
    turn: float = 0.0

    def seen(self, image: Image.Image, side: int) -> Image.Image:
        """What is in it, upright, of this side; black beyond the picture."""
        scale = self.side / side
        a, b = math.cos(self.turn) * scale, -math.sin(self.turn) * scale
        half = side / 2
        across, down = self.x - a * half - b * half, self.y + b * half - a * half
        return image.transform((side, side), Image.Transform.AFFINE, (a, b, across, -b, a, down), BILINEAR)

    def placed(self, x: float, y: float, side: int) -> tuple[float, float]:
        """Where something seen in it lies in the picture."""
        away, beyond = (x / side - 0.5) * self.side, (y / side - 0.5) * self.side
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        return self.x + away * cos - beyond * sin, self.y + away * sin + beyond * cos


def poses(image: Image.Image, boxes: Sequence[Box] = ()) -> Pose:
    """The people in an RGB picture: one in each box, or one in all of it where there is none."""
    whole = Box(0, 0, *image.size)
    people = [found for box in (boxes or (whole,)) if (found := _person(image, box))]
    return Pose(tuple(people), *image.size)


def _person(image: Image.Image, box: Box) -> Skeleton | None:
    network = blaze.network_of(FILE, 0.0)
    view = PersonView((box.left + box.right) / 2, (box.top + box.bottom) / 2, max(box.width, box.height))
    triples: list[tuple[float, float, float]] = []
    for _ in range(LOOKS):
        answers = [answer[0] for answer in network([view.seen(image, network.side)])]
        [sure] = (float(answer) for answer in answers if answer.numel() == 1)
        if sure < THERE:
            break
        points = answers[0].flatten().view(-1, 5).tolist()
        places = [view.placed(x, y, network.side) for x, y, *_ in points]
        triples = [
            (x, y, 1 / (1 + math.exp(-max(-50.0, min(50.0, point[3])))))
            for (x, y), point in zip(places[:33], points, strict=False)
        ]
        (x, y), (to_x, to_y) = places[CENTRE], places[REACH]
        reach = max(8.0, math.hypot(to_x - x, to_y - y))
        view = PersonView(x, y, 2 * WIDE * reach, math.atan2(to_x - x, y - to_y))
    return _skeleton(triples, image.size)


def _skeleton(triples: Sequence[tuple[float, float, float]], size: tuple[int, int]) -> Skeleton | None:
    if not triples:
        return None
    width, height = size
    body = [
        (at[0] / width, at[1] / height) if at and 0 <= at[0] <= width and 0 <= at[1] <= height else None
        for at in layouts.body(triples)
    ]
    return Skeleton(tuple(body)) if sum(at is not None for at in body) >= LEAST else None
