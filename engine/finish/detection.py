"""Detection of what is worth drawing again larger: faces, hands, and whatever the networks in files were made for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from engine.files.detectors import Detector, chosen, kind
from engine.finish import blaze, yolo
from engine.pixels.tiles import Box
from prompts.errors import Refusal

MOST = 8  # the largest ones of a crowd: each costs as much as a picture
WORK_SIDE = 1024  # pictures are looked at in this size at most: faces that matter are large enough in it

# What finds the built-in rows of DETECTORS: the boxes of what it looks for.
BUILT_IN: dict[str, Callable[[Image.Image], list[Box]]] = {"face": blaze.faces, "hand": blaze.hands}


def find_boxes(name: str, image: Image.Image, folders: Sequence[Path] = ()) -> list[Box]:
    """The boxes that a detector finds, the largest first, cut to the picture. Raises Refusal as `chosen`, and
    `detector.damaged` for a file that is no such network."""
    looking = chosen(name, folders)
    shrink = min(1.0, WORK_SIDE / max(image.size))
    small = image.resize((round(image.width * shrink), round(image.height * shrink))) if shrink < 1 else image
    boxes = []
    for box in _found(looking, name, small.convert("RGB")):
        left, top, right, bottom = (round(edge / shrink) for edge in box.corners)
        inside = Box(max(0, left), max(0, top), min(image.width, right), min(image.height, bottom))
        if inside.width > 0 and inside.height > 0:
            boxes.append(inside)
    return sorted(boxes, key=lambda box: -box.width * box.height)[:MOST]


def _found(looking: Detector | Path, name: str, image: Image.Image) -> list[Box]:
    if isinstance(looking, Path):
        try:
            modified = looking.stat().st_mtime_ns
        except OSError as error:
            raise Refusal("detector.damaged", name=looking.stem) from error
        return yolo.load(looking, modified).find(image, kind(name))
    return BUILT_IN[looking.name](image)
