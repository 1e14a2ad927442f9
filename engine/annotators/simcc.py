"""People's poses by the owner's .onnx networks of the RTMPose family, DWPose among them (Jiang et al. 2023, arXiv
2303.07399; Yang et al. 2023, arXiv 2307.15880): for each point how likely it lies in each column and in each row."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.annotators.body_pose import LEAST
from engine.maps.shades import Numbers
from engine.pixels.tiles import Box
from engine.poses import layouts
from engine.poses.skeleton import Point, Pose, Skeleton
from prompts.errors import Refusal

log = logging.getLogger(__name__)

MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # of RGB in 0…255
ROOM = 1.25  # as large as somebody's box is what is looked at
FINE = 2  # columns a pixel
BODY = 17  # COCO's points come first, in all of them
WHOLE = 133  # with feet, face and hands
FACE, LEFT_HAND, RIGHT_HAND = slice(23, 91), slice(91, 112), slice(112, 133)
SURE = 0.3  # of points of hands and faces, as of COCO's
COUNTS = (17, 26, WHOLE)

Triple = tuple[float, float, float]


@lru_cache(maxsize=1)
def load(path: Path, modified: int) -> tuple[Any, str, int, int]:
    """The network in a file as it was at this time of change, with the name, height and width of its input. Raises
    Refusal `map.damaged`."""
    try:
        session = import_module("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
        [source] = session.get_inputs()
        _, channels, height, width = source.shape
        if channels != 3 or not (isinstance(height, int) and isinstance(width, int)):
            raise ValueError(f"an input of shape {source.shape}")
    except Exception as error:  # the runtime's errors have no common name
        log.warning("network %s cannot be loaded: %s", path.name, str(error)[:500])
        raise Refusal("map.damaged", name=path.stem) from error
    return session, source.name, height, width


def poses(path: Path, image: Image.Image, boxes: Sequence[Box] = ()) -> Pose:
    """The people in an RGB picture: one in each box, or one in all of it where there is none. Raises Refusal
    `map.damaged`."""
    try:
        network = load(path, path.stat().st_mtime_ns)
        found = [_person(network, image, box) for box in (boxes or (Box(0, 0, *image.size),))]
    except Refusal:
        raise
    except Exception as error:
        log.warning("network %s: %s", path.name, str(error)[:500])
        raise Refusal("map.damaged", name=path.stem) from error
    return Pose(tuple(one for one in found if one), *image.size)


def _person(network: tuple[Any, str, int, int], image: Image.Image, box: Box) -> Skeleton | None:
    session, source, height, width = network
    scale = max(box.width / width, box.height / height) * ROOM
    left = (box.left + box.right) / 2 - width * scale / 2
    top = (box.top + box.bottom) / 2 - height * scale / 2
    seen = image.transform(
        (width, height), Image.Transform.AFFINE, (scale, 0, left, 0, scale, top), Image.Resampling.BILINEAR
    )
    shades = ((np.asarray(seen, np.float32) - MEAN) / DEVIATION).astype(np.float32)
    across, down = (np.asarray(one, np.float32) for one in session.run(None, {source: shades.transpose(2, 0, 1)[None]}))
    triples = [(x * scale + left, y * scale + top, sure) for x, y, sure in _points(across[0], down[0])]
    if len(triples) not in COUNTS:
        raise ValueError(f"{len(triples)} points")
    body = _shares(layouts.body(triples[:BODY]), image.size)
    if sum(at is not None for at in body) < LEAST:
        return None
    if len(triples) != WHOLE:
        return Skeleton(body)
    left_hand, right_hand, face = (
        _shares(layouts.seen(triples[part], SURE), image.size) for part in (LEFT_HAND, RIGHT_HAND, FACE)
    )
    return Skeleton(body, left_hand, right_hand, face)


def _points(across: Numbers, down: Numbers) -> list[Triple]:
    """Where each point lies, in pixels of what was looked at, and how sure that is."""
    sure = np.minimum(across.max(axis=1), down.max(axis=1))
    places = np.stack([across.argmax(axis=1), down.argmax(axis=1)], axis=1) / FINE
    return [(float(x), float(y), float(one)) for (x, y), one in zip(places, sure, strict=True)]


def _shares(places: Sequence[tuple[float, float] | None], size: tuple[int, int]) -> tuple[Point, ...]:
    """Places as shares of the picture; what lies beyond it is not seen."""
    width, height = size
    return tuple(
        (at[0] / width, at[1] / height) if at and 0 <= at[0] <= width and 0 <= at[1] <= height else None
        for at in places
    )
