"""The map of painted regions: a picture in flat colours, laid over the one that is drawn and cut to parts of it. No
torch here.

In a map that is kept every pixel of a region has the shade of its colour (prompts/region_colours.py) and is opaque."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.pixels import source_picture
from engine.regions import RegionBox, Regions
from prompts.errors import Refusal
from prompts.region_colours import COLOURS, told

Mask = NDArray[np.bool_]  # (height, width), true where painted
PaintedMap = Mapping[str, Mask]  # by colours, all of one size
NOTHING: PaintedMap = MappingProxyType({})
DIGITS = 9  # of a share
SEEN = 128  # of 255: less opaque is a hole


@dataclass(frozen=True, slots=True, eq=False)
class PaintedArea:
    """What is painted in one colour, of a map of which the box `part` is drawn."""

    mask: Mask
    part: RegionBox
    _known: dict[tuple[int, int], NDArray[np.float32]] = field(default_factory=dict)

    @property
    def everywhere(self) -> bool:
        """Whether it is the whole part."""
        return float(self.covered((1, 1))[0, 0]) == 1.0

    def covered(self, cells: tuple[int, int]) -> NDArray[np.float32]:
        """How much (0…1) of each cell of the part lies in it, (height, width), exact to the pixels of the map."""
        if cells not in self._known:
            left, top, right, bottom = self.part
            down = _overlaps(top, bottom, cells[0], self.mask.shape[0])
            across = _overlaps(left, right, cells[1], self.mask.shape[1])
            made = (down @ self.mask @ across.T).round(DIGITS)  # many shares add up to a hair beside 1
            self._known[cells] = made.clip(0, 1).astype(np.float32)
        return self._known[cells]


RegionArea = RegionBox | PaintedArea


def opened(regions: Regions | None, files: Mapping[str, bytes]) -> PaintedMap:
    """What is painted in the colours of these regions, from the files by hash. Raises Refusal: `regions.no_map`,
    `picture.gone`, a file damaged or too large, `regions.not_painted` for a colour of which there is nothing."""
    if regions is None or not regions.colours:
        return NOTHING
    if not regions.map:
        raise Refusal("regions.no_map", colours=told(regions.colours))
    if regions.map not in files:
        raise Refusal("picture.gone")
    shades = np.asarray(source_picture.opened(files[regions.map]).convert("RGBA"))
    masks = {name: exactly(shades, name) for name in regions.colours}
    if missing := [name for name, mask in masks.items() if not mask.any()]:
        raise Refusal("regions.not_painted", colours=told(missing), least="0")
    return masks


def exactly(shades: NDArray[np.uint8], name: str) -> Mask:
    """Where a picture, (height, width, 4) as RGBA, has just the shade of a colour."""
    painted: Mask = (shades[..., :3] == COLOURS[name].shade).all(axis=-1) & (shades[..., 3] >= SEEN)
    return painted


def areas(regions: Regions, painted: PaintedMap) -> tuple[RegionArea, ...]:
    """Where each of the regions is. Raises Refusal `regions.no_map` where its map was not opened."""
    if any(one not in painted for one in regions.colours):
        raise Refusal("regions.no_map", colours=told(regions.colours))
    return tuple(PaintedArea(painted[one], regions.part) if isinstance(one, str) else one for one in regions.places)


def middle(area: RegionArea) -> float:
    """How far (0…1) from the left of the part that is drawn the middle of an area lies, of what is in the part."""
    if not isinstance(area, PaintedArea):
        return (area[0] + area[2]) / 2
    columns, wide = np.flatnonzero(area.mask.any(axis=0)), area.part[2] - area.part[0]
    sides = np.array((columns[0], columns[-1] + 1)) / area.mask.shape[1] - area.part[0]
    return float(np.clip(sides / wide, 0, 1).mean())


def _overlaps(start: float, end: float, cells: int, pixels: int) -> NDArray[np.float64]:
    """How much of each of so many cells between two shares of a row lies on each of its pixels, (cells, pixels)."""
    sides = (start + np.arange(cells + 1) * (end - start) / cells) * pixels
    pixel = np.arange(pixels)
    upto, since = np.minimum(sides[1:, None], pixel + 1), np.maximum(sides[:-1, None], pixel)
    return np.asarray(np.maximum(0, upto - since) / ((end - start) / cells * pixels))
