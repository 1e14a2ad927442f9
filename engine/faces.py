"""Finding what is worth drawing again larger: faces. One table of detectors; none of them needs a network or torch."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from engine.recipe import Fix
from engine.tiles import Box
from prompts.errors import Refusal

MOST = 8  # the largest ones of a crowd: each costs as much as a picture
WORK_SIDE = 1024  # pictures are looked at in this size at most: faces that matter are large enough in it


@dataclass(frozen=True, slots=True)
class Detector:
    """One row of the table: `find` gives the boxes of what it looks for; `package` is what has to be installed."""

    name: str
    zh: str
    en: str
    package: str
    find: Callable[[Image.Image], list[Box]]


@cache
def _frontal() -> Any:
    return importlib.import_module("dlib").get_frontal_face_detector()


def _faces(image: Image.Image) -> list[Box]:
    """Frontal faces of 40 pixels or more by dlib's gradient histograms. Its boxes reach from the brows to the chin;
    these have the forehead too."""
    found = _frontal()(np.asarray(image.convert("RGB")), 1)
    boxes = []
    for face in found:
        side = face.right() - face.left()
        boxes.append(
            Box(face.left() - side // 10, face.top() - side // 3, face.right() + side // 10, face.bottom() + side // 8)
        )
    return boxes


DETECTORS: dict[str, Detector] = {
    row.name: row for row in (Detector("face", "人脸", "faces", "dlib", _faces),)
}  # fmt: skip


def detector(name: str) -> Detector:
    """The row of that name. Raises Refusal `detector.unknown`, or `detector.absent` where its package is missing."""
    row = DETECTORS.get(name.strip().casefold())
    if row is None:
        raise Refusal("detector.unknown", name=name[:80], known=", ".join(DETECTORS))
    if not available(row.name):
        raise Refusal("detector.absent", name=row.name, package=row.package)
    return row


def available(name: str) -> bool:
    """Whether this detector can be used here."""
    row = DETECTORS.get(name)
    return row is not None and (not row.package or importlib.util.find_spec(row.package) is not None)


def check(fix: Fix) -> None:
    """Raises Refusal for a detector that is not there or a strength out of range."""
    detector(fix.detector)
    if not 0 <= fix.strength <= 1:
        raise Refusal("strength.not_allowed", strength=fix.strength)


def find(name: str, image: Image.Image) -> list[Box]:
    """What the detector finds, the largest first, inside the picture."""
    row = detector(name)
    shrink = min(1.0, WORK_SIDE / max(image.size))
    small = image.resize((round(image.width * shrink), round(image.height * shrink))) if shrink < 1 else image
    boxes = []
    for box in row.find(small):
        left, top, right, bottom = (round(edge / shrink) for edge in box.corners)
        inside = Box(max(0, left), max(0, top), min(image.width, right), min(image.height, bottom))
        if inside.width > 0 and inside.height > 0:
            boxes.append(inside)
    return sorted(boxes, key=lambda box: -box.width * box.height)[:MOST]
