"""Regions: which words of a prompt are for which part of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from prompts import grammar, regions
from prompts.errors import Refusal
from prompts.prompt import Json, Prompt

BASE = 0.2  # how much of the words for the whole picture there is in a region, where nothing is said
RegionBox = tuple[float, float, float, float]
EVERYWHERE: RegionBox = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Regions:
    """The first text that AND joins is for the whole picture, each further one for a box: left, top, right and bottom,
    in shares (0…1) of the picture's width and height. Within a box its words hold but for the share `base` (0…1), which
    the words for the whole picture have everywhere; outside all boxes they hold alone. Where boxes lie over each other
    their words share the place."""

    boxes: tuple[RegionBox, ...]
    base: float = BASE

    @classmethod
    def of(cls, value: str, base: float = BASE) -> Self:
        """Those of a text as `--regions` takes it, with this `base` where it says none. Raises Refusal."""
        boxes, said = regions.read("regions", value)
        return cls(boxes, base if said is None else said)

    def __str__(self) -> str:
        return regions.written(self.boxes, self.base)

    def check(self, prompt: Prompt) -> None:
        """Raises Refusal `regions.count` where the prompt has not one text for each box and one for everywhere."""
        texts = len(grammar.multicond(prompt.positive)) - 1
        if texts != len(self.boxes):
            raise Refusal("regions.count", texts=texts, boxes=len(self.boxes))

    def within(self, part: RegionBox) -> Self:
        """The same for a part of the picture that is drawn by itself; a box that lies outside it becomes empty."""
        left, top, right, bottom = part

        def across(value: float) -> float:
            return min(max(0.0, (value - left) / (right - left)), 1.0)

        def down(value: float) -> float:
            return min(max(0.0, (value - top) / (bottom - top)), 1.0)

        boxes = tuple((across(one[0]), down(one[1]), across(one[2]), down(one[3])) for one in self.boxes)
        return type(self)(boxes, self.base)

    def to_json(self) -> dict[str, Json]:
        made: dict[str, Json] = {"boxes": [list(box) for box in self.boxes]}
        return made if self.base == BASE else made | {"base": self.base}


def shares(start: float, end: float, cells: int) -> list[float]:
    """How much of each of so many cells beside each other lies between two shares (0…1) of their row."""
    return [max(0.0, min(end * cells, cell + 1) - max(start * cells, cell)) for cell in range(cells)]
