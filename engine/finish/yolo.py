"""Detectors of the YOLO family in ONNX files, as its trainers export them: YOLOv5, YOLOv8 and later, with or without
masks, with or without the sorting-out of doubles inside."""

from __future__ import annotations

import ast
import importlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.pixels.tiles import Box
from prompts.errors import Refusal

log = logging.getLogger(__name__)

Numbers = NDArray[np.float32]

SURE = 0.3  # ADetailer's own: what is found in vain costs time, what is missed cannot be mended
SAME = 0.45  # of their union that two boxes share at least when they mean one thing
SIDE = 640  # of networks that take any size
GREY = (114, 114, 114)  # what these networks are trained to see beyond the edges
SORTED_MOST = 1000  # networks that sort out doubles give so many rows at most, others have one for every cell


@dataclass(frozen=True, slots=True, eq=False)
class YoloNetwork:
    """A network in memory; `classes` names what it tells apart, by number (empty where the file does not say)."""

    name: str
    session: Any
    source: str
    side: tuple[int, int]
    classes: Mapping[int, str]

    def find(self, image: Image.Image, wanted: str = "") -> list[Box]:
        """The boxes of what it finds; only those of the classes that have `wanted` in their names, where there are
        such. Raises Refusal `detector.damaged` where its answer is none of a detector."""
        height, width = self.side
        scale = min(width / image.width, height / image.height)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        left, top = (width - size[0]) // 2, (height - size[1]) // 2
        seen = Image.new("RGB", (width, height), GREY)
        seen.paste(image.resize(size, Image.Resampling.BILINEAR), (left, top))
        shades = np.asarray(seen, np.float32).transpose(2, 0, 1)[None] / np.float32(255)
        try:
            answers = [np.asarray(one, np.float32) for one in self.session.run(None, {self.source: shades})]
            boxes, sure, classes = _read(answers, len(self.classes))
        except Exception as error:  # the runtime's errors have no common name
            log.warning("detector %s: %s", self.name, str(error)[:500])
            raise Refusal("detector.damaged", name=self.name) from error
        own = [number for number, name in self.classes.items() if wanted and wanted in name.casefold()]
        kept = _once(boxes, np.where(np.isin(classes, own), sure, 0) if own else sure)
        moved = (boxes[kept] - np.array([left, top, left, top], np.float32)) / np.float32(scale)
        return [Box(*(round(float(edge)) for edge in box)) for box in moved]


@lru_cache(maxsize=4)
def load(path: Path, modified: int) -> YoloNetwork:
    """The network in a file as it was at this time of change. Raises Refusal `detector.damaged`."""
    runtime = importlib.import_module("onnxruntime")
    try:
        session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        [source] = session.get_inputs()
        _, channels, height, width = source.shape
        if channels != 3:
            raise ValueError(f"{channels} channels")
        said = session.get_modelmeta().custom_metadata_map.get("names", "{}")
        classes = {int(number): str(name) for number, name in dict(ast.literal_eval(said)).items()}
    except Exception as error:
        log.warning("detector %s cannot be loaded: %s", path.name, str(error)[:500])
        raise Refusal("detector.damaged", name=path.stem) from error
    side = tuple(length if isinstance(length, int) else SIDE for length in (height, width))
    return YoloNetwork(path.stem, session, source.name, (side[0], side[1]), classes)


def _read(answers: list[Numbers], classes: int) -> tuple[Numbers, Numbers, NDArray[np.int64]]:
    """Boxes (left, top, right, bottom), how sure of each, and its class, from what such a network answers."""
    rows = answers[0][0]
    if rows.ndim != 2:
        raise ValueError(f"an answer of shape {answers[0].shape}")
    masks = answers[1].shape[1] if len(answers) > 1 and answers[1].ndim == 4 else 0
    if rows.shape[1] >= 6 and len(rows) <= SORTED_MOST and rows.shape[1] == 6 + masks:
        return rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64)
    if rows.shape[0] < rows.shape[1]:  # YOLOv8: a column for each box
        rows = rows.T
        chances = rows[:, 4 : rows.shape[1] - masks]
    else:  # YOLOv5: how sure of a thing at all, then of each class
        chances = rows[:, 5 : rows.shape[1] - masks] * rows[:, 4:5]
    if not chances.shape[1] or (classes and chances.shape[1] != classes):
        raise ValueError(f"{chances.shape[1]} classes where {classes} are named")
    middles, halves = rows[:, :2], rows[:, 2:4] / 2
    return np.hstack([middles - halves, middles + halves]), chances.max(axis=1), chances.argmax(axis=1)


def _once(boxes: Numbers, sure: Numbers) -> list[int]:
    """The numbers of the boxes that count, the surest first, without those that mean the same as one before."""
    kept: list[int] = []
    for number in np.argsort(-sure, kind="stable").tolist():
        if not sure[number] >= SURE:
            break
        if all(_shared(boxes[number], boxes[other]) < SAME for other in kept):
            kept.append(number)
    return kept


def _shared(one: Numbers, other: Numbers) -> float:
    """The part of the union of two boxes that lies in both."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, float(width)) * max(0.0, float(height))
    whole = sum(float((box[2] - box[0]) * (box[3] - box[1])) for box in (one, other)) - both
    return both / whole if whole > 0 else 1.0
