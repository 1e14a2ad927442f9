"""Taggers that rate pictures, in .onnx files as the WD taggers are: a square picture in BGR, 0 to 255, on white; as
many answers as `selected_tags.csv` beside the file has rows, some of which are the ratings.

Source: the taggers' cards, as https://huggingface.co/SmilingWolf/wd-v1-4-moat-tagger-v2.
"""

from __future__ import annotations

import csv
import importlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.files.checkers import TAGS
from prompts.errors import Refusal

log = logging.getLogger(__name__)

RATINGS = ("general", "sensitive", "questionable", "explicit")
ADULT = frozenset({"questionable", "explicit"})  # nakedness and sex; "sensitive" is swimwear and the like


@dataclass(frozen=True, slots=True)
class Tagger:
    """A network that is loaded: the name and side of its input, and where among its answers the ratings stand."""

    name: str
    session: Any
    source: str
    side: int
    ratings: Mapping[str, int]

    def rating(self, image: Image.Image) -> str:
        """The likeliest rating of a picture. Raises Refusal `picture.checker_damaged`."""
        side = max(image.size)
        square = Image.new("RGB", (side, side), "white")
        square.paste(image.convert("RGB"), ((side - image.width) // 2, (side - image.height) // 2))
        pixels = np.asarray(square.resize((self.side, self.side), Image.Resampling.BICUBIC), np.float32)[:, :, ::-1]
        try:
            (answers,) = self.session.run(None, {self.source: np.ascontiguousarray(pixels[None])})
            return max(self.ratings, key=lambda name: float(answers[0][self.ratings[name]]))
        except Exception as error:  # the runtime's errors have no common name
            log.warning("tagger %s: %s", self.name, str(error)[:500])
            raise Refusal("picture.checker_damaged", name=self.name) from error


@lru_cache(maxsize=2)
def load(path: Path, modified: int) -> Tagger:
    """The tagger in a file as it was at this time of change. Raises Refusal `picture.checker_damaged`."""
    runtime = importlib.import_module("onnxruntime")
    try:
        session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        [source] = session.get_inputs()
        _, height, width, channels = source.shape
        if channels != 3 or height != width or not isinstance(height, int):
            raise ValueError(f"an input of shape {source.shape}")
        with (path.parent / TAGS).open(encoding="utf-8", newline="") as file:
            names = [row["name"].strip().casefold() for row in csv.DictReader(file)]
        ratings = {name: names.index(name) for name in RATINGS if name in names}
        if not ADULT & ratings.keys() or ratings.keys() <= ADULT:
            raise ValueError(f"no ratings among {len(names)} tags")
    except Exception as error:
        log.warning("tagger %s cannot be loaded: %s", path, str(error)[:500])
        raise Refusal("picture.checker_damaged", name=path.parent.name) from error
    return Tagger(path.parent.name, session, source.name, height, ratings)
