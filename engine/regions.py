"""Regions: which words of a prompt are for which part of the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, cast

from prompts import grammar, regions
from prompts.errors import Refusal
from prompts.prompt import Json, Prompt
from prompts.region_colours import COLOURS
from prompts.regions import AskedRegions
from prompts.regions import RegionPlace as RegionPlace

BASE = 0.2  # how much of the words for the whole picture there is in a region, where nothing is said
RegionBox = tuple[float, float, float, float]
EVERYWHERE: RegionBox = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Regions:
    """The first text that AND joins is for the whole picture, each further one for a place: a box, which is left, top,
    right and bottom in shares (0…1) of the picture's width and height, or what is painted in a colour of
    prompts/region_colours.py in `map`, the hash of a picture (engine/pixels/region_map.py) that is laid over the whole
    one, whatever its size. Within a place its words hold but for the share `base` (0…1), which the words for the whole
    picture have everywhere; outside all places they hold alone. Where places lie over each other their words share it.

    `part` is the box of the map that is drawn, where a part of the picture is drawn by itself."""

    places: tuple[RegionPlace, ...]
    base: float = BASE
    map: str = ""
    part: RegionBox = EVERYWHERE

    @classmethod
    def of(cls, value: str, base: float = BASE) -> Self:
        """Those of a text as `--regions` takes it, with this `base` where it says none. Raises Refusal."""
        said = regions.read("regions", value)
        return cls(said.places, base if said.base is None else said.base, said.map if len(said.map) == HASH else "")

    def __str__(self) -> str:
        """As `--regions` takes it, without the map: another's files are no words."""
        return str(AskedRegions(self.places, self.base))

    @property
    def colours(self) -> tuple[str, ...]:
        """The colours of the map that are places, each once."""
        return AskedRegions(self.places).colours

    @property
    def files(self) -> tuple[str, ...]:
        """The hashes of the files that it is drawn from."""
        return (self.map,) if self.map else ()

    def check(self, prompt: Prompt) -> None:
        """Raises Refusal `regions.count` where the prompt has not one text for each place and one for everywhere."""
        texts = len(grammar.multicond(prompt.positive)) - 1
        if texts != len(self.places):
            raise Refusal("regions.count", texts=texts, boxes=len(self.places))

    def within(self, part: RegionBox) -> Self:
        """The same for a part of the picture that is drawn by itself; a box that lies outside it becomes empty."""
        left, top, right, bottom = part

        def across(value: float) -> float:
            return min(max(0.0, (value - left) / (right - left)), 1.0)

        def down(value: float) -> float:
            return min(max(0.0, (value - top) / (bottom - top)), 1.0)

        places = tuple(
            one if isinstance(one, str) else (across(one[0]), down(one[1]), across(one[2]), down(one[3]))
            for one in self.places
        )
        return replace(self, places=places, part=_inner(self.part, part) if self.map else self.part)

    def to_json(self) -> dict[str, Json]:
        made: dict[str, Json] = {"boxes": [one if isinstance(one, str) else list(one) for one in self.places]}
        made |= {} if self.base == BASE else {"base": self.base}
        made |= {"map": self.map} if self.map else {}
        return made if self.part == EVERYWHERE else made | {"part": list(self.part)}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        """What `to_json` wrote. Raises ValueError for colours that this version does not know."""
        fields = cast(dict[str, Any], dict(value))
        places = tuple(one if isinstance(one, str) else tuple(one) for one in fields.pop("boxes", ()))
        if unknown := [one for one in places if isinstance(one, str) and one not in COLOURS]:
            raise ValueError(f"regions of unknown colours: {unknown}")
        part = tuple(fields.pop("part", EVERYWHERE))
        return cls(cast(tuple[RegionPlace, ...], places), part=cast(RegionBox, part), **fields)


HASH = 64  # signs of a whole hash


def _inner(whole: RegionBox, part: RegionBox) -> RegionBox:
    """A part's part, in shares of the whole."""
    left, top, right, bottom = whole
    wide, high = right - left, bottom - top
    return left + part[0] * wide, top + part[1] * high, left + part[2] * wide, top + part[3] * high


def shares(start: float, end: float, cells: int) -> list[float]:
    """How much of each of so many cells beside each other lies between two shares (0…1) of their row."""
    return [max(0.0, min(end * cells, cell + 1) - max(start * cells, cell)) for cell in range(cells)]
