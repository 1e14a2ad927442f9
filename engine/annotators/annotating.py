"""A map made of a picture, by a network where its preprocessor needs one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from engine.annotators import body_pose, mlsd, owned, simcc
from engine.files import detectors
from engine.files.annotators import chosen
from engine.finish.detection import find_boxes
from engine.maps import making
from engine.maps.making import MadeMap
from engine.maps.sizing import Size, check_fit, check_size, filled, sized
from engine.pixels.tiles import Box
from engine.poses.drawing import draw
from engine.preprocessors import PURE, USUAL, Preprocessor
from prompts.errors import Refusal
from prompts.prompt import Note

PEOPLE = "person"  # what finds them, where the owner has a file for it


def made(
    row: Preprocessor,
    image: Image.Image,
    size: Size,
    low: float = USUAL,
    high: float = USUAL,
    seed: int = 0,
    *,
    fit: str = "",
    mask: Image.Image | None = None,
    folders: Sequence[Path] = (),
) -> MadeMap:
    """As engine/maps/making.py makes it, with the networks in `folders` and those of this project too. Raises Refusal
    `map.no_file`, `map.absent`, `map.nobody` where there is no pose to be found, and `map.damaged` for a file that is
    no such network."""
    if row.needs == PURE:
        return making.made(row, image, size, low, high, seed, fit=fit, mask=mask)
    numbers = row.numbers(low, high)
    check_size(size)
    check_fit(fit)
    path = chosen(row, folders)
    drawing = sized(making.opaque(image), size, fit)
    if row.name in BUILT_IN:
        found = BUILT_IN[row.name](drawing, *numbers, path, folders)
    else:
        assert path is not None
        found = MadeMap(owned.drawn(row, path, drawing))
    return MadeMap(filled(found.image, size), found.notes)


# --- what this project has networks of its own for ---


def _lines(image: Image.Image, low: float, high: float, path: Path | None, folders: Sequence[Path]) -> MadeMap:
    return MadeMap(mlsd.lines(image, low, high))


def _pose(image: Image.Image, low: float, high: float, path: Path | None, folders: Sequence[Path]) -> MadeMap:
    """The people that a detector of the owner's finds, or one, by the owner's network or this project's."""
    boxes: list[Box] = []
    finds = detectors.available(PEOPLE, folders)
    if finds:
        boxes = find_boxes(PEOPLE, image, folders)
    found = simcc.poses(path, image, boxes) if path else body_pose.poses(image, boxes)
    if not found.people:
        raise Refusal("map.nobody")
    return MadeMap(draw(found, *image.size), () if finds else (Note("map.one_person"),))


BUILT_IN: Mapping[str, Callable[[Image.Image, float, float, Path | None, Sequence[Path]], MadeMap]] = {
    "mlsd": _lines,
    "openpose": _pose,
}
