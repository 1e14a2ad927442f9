"""The owner's taggers in .onnx files, as the WD taggers are: a square picture on white; as many answers as the list
beside the file has rows.

What a file wants is read from its graph. Channels last is what TensorFlow and the makers of the WD taggers write: blue
first, 0 to 255. Channels first is how timm's models are exported: blue first, -1 to 1. A note beside the file may say
otherwise (`"bgr": false`, `"mean"`, `"std"`, `"side"`). Source: the taggers' cards, as
https://huggingface.co/SmilingWolf/wd-v1-4-moat-tagger-v2 and https://huggingface.co/SmilingWolf/wd-vit-tagger-v3.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine import machine
from engine.files.sidecars import said_beside
from engine.files.taggers import TaggerFile, rows
from engine.tagging import SeenTag, TagKind
from prompts.errors import Refusal
from prompts.prompt import Json

log = logging.getLogger(__name__)

Scores = NDArray[np.float32]
SIDE = 448  # pixels, where a graph takes any
LARGEST = 2048  # pixels a side that a graph may ask for
NEARLY = 1e-3  # how far a chance may lie outside 0…1: what lies farther is no chance
THREADS = 2  # of the processor's cores the rest goes on drawing


@dataclass(frozen=True, slots=True, eq=False)
class Tagger:
    """A network that is loaded: the name and side of its input, how many pictures it takes at once (0: any), where
    channels stand, how shades are brought to it, and what its answers mean."""

    name: str
    session: Any
    source: str
    side: int
    batch: int
    last: bool
    bgr: bool
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    labels: tuple[SeenTag, ...]

    def look(self, image: Image.Image) -> tuple[SeenTag, ...]:
        """Every tag it knows with how likely the picture has it. Raises Refusal `tags.damaged`."""
        try:
            shown = self._shown(image)[None].repeat(max(1, self.batch), axis=0)
            outputs = self.session.get_outputs()
            answers = self.session.run(None, {self.source: np.ascontiguousarray(shown)})
            found = _chances(self._joined([one.name for one in outputs], answers))
        except Refusal:
            raise
        except Exception as error:  # the runtime's errors have no common name
            log.warning("tagger %s: %s", self.name, str(error)[:500])
            raise Refusal("tags.damaged", name=self.name) from error
        return tuple(replace(tag, score=float(score)) for tag, score in zip(self.labels, found, strict=True))

    def _shown(self, image: Image.Image) -> Scores:
        """The picture as the network wants it."""
        pixels = np.asarray(square(image).resize((self.side, self.side), Image.Resampling.BICUBIC), np.float32)
        pixels = pixels[:, :, ::-1] if self.bgr else pixels
        shades: Scores = ((pixels - np.array(self.mean)) / np.array(self.deviation)).astype(np.float32)
        return shades if self.last else np.transpose(shades, (2, 0, 1))

    def _joined(self, names: Sequence[str], answers: Sequence[Any]) -> Scores:
        """One number a tag, of the first picture: from the output that has as many, from outputs that are called as
        the kinds of tags are, or from all in their order. Raises Refusal `tags.other_list`."""
        count = len(self.labels)
        first: dict[str, Scores] = {}
        for name, one in zip(names, answers, strict=True):
            whole = np.asarray(one, np.float32)
            if whole.ndim > 1:
                first[name] = whole.reshape(whole.shape[0], -1)[0]
        for one in first.values():
            if one.size == count:
                return one
        if all(_kind(name) for name in first) and first:
            joined = np.zeros(count, np.float32)
            for name, one in first.items():
                where = [at for at, tag in enumerate(self.labels) if tag.kind == _kind(name)]
                if len(where) != one.size:
                    raise Refusal("tags.other_list", name=self.name, count=one.size, rows=len(where))
                joined[where] = one
            return joined
        total = sum(one.size for one in first.values())
        if total != count:
            raise Refusal("tags.other_list", name=self.name, count=total, rows=count)
        return np.concatenate(list(first.values()))


def square(image: Image.Image) -> Image.Image:
    """A picture in the middle of a white square, what is see-through white as well."""
    whole = image.convert("RGBA")
    side = max(whole.size)
    made = Image.new("RGB", (side, side), "white")
    made.paste(whole, ((side - whole.width) // 2, (side - whole.height) // 2), whole)
    return made


def load(file: TaggerFile) -> Tagger:
    """The tagger in a file as it is now. Raises Refusal `tags.damaged`, `tags.labels`, and `tags.other_list` where its
    list has another number of rows than it has answers."""
    labels = rows(file.labels)
    try:
        changed = file.network.stat().st_mtime_ns
    except OSError as error:
        raise Refusal("tags.damaged", name=file.name) from error
    side, bgr = said_beside(file.network, "side"), said_beside(file.network, "bgr")
    note = _Note(
        side if isinstance(side, int) else SIDE,
        bgr is not False,
        _three(said_beside(file.network, "mean")),
        _three(said_beside(file.network, "std")),
    )
    return _loaded(file, changed, labels, note)


@dataclass(frozen=True, slots=True)
class _Note:
    """What a note beside the file says, or what is usual."""

    side: int
    bgr: bool
    mean: tuple[float, ...] | None
    deviation: tuple[float, ...] | None


@lru_cache(maxsize=2)
def _loaded(file: TaggerFile, modified: int, labels: tuple[SeenTag, ...], note: _Note) -> Tagger:
    runtime = importlib.import_module("onnxruntime")
    try:
        options = runtime.SessionOptions()
        options.intra_op_num_threads = min(THREADS, machine.cores())
        session = runtime.InferenceSession(str(file.network), options, providers=["CPUExecutionProvider"])
        [source] = session.get_inputs()
        batch, *sizes = source.shape
        last = sizes[-1] == 3
        channels, high, wide = (sizes[2], *sizes[:2]) if last else sizes
        if channels != 3:
            raise ValueError(f"an input of shape {source.shape}")
        side = _side(high, wide, note.side)
    except Exception as error:
        log.warning("tagger %s cannot be loaded: %s", file.network, str(error)[:500])
        raise Refusal("tags.damaged", name=file.name) from error
    widths = [one.shape[-1] for one in session.get_outputs() if one.shape]
    known = [width for width in widths if isinstance(width, int)]
    if len(known) == len(widths) and len(labels) not in (*known, sum(known)):
        raise Refusal("tags.other_list", name=file.name, count=max(known, default=0), rows=len(labels))
    mean, deviation = ((0.0,) * 3, (1.0,) * 3) if last else ((127.5,) * 3, (127.5,) * 3)
    return Tagger(
        file.name,
        session,
        source.name,
        side,
        batch if isinstance(batch, int) else 0,
        last,
        note.bgr,
        note.mean or mean,
        note.deviation or deviation,
        labels,
    )


def _side(high: Any, wide: Any, said: int) -> int:
    """The side of the square that a graph takes. Raises ValueError."""
    sizes = {one for one in (high, wide) if isinstance(one, int) and one > 0}
    side = sizes.pop() if sizes else said
    if sizes or not 1 <= side <= LARGEST:
        raise ValueError(f"an input of {wide} × {high}")
    return int(side)


def _three(said: Json) -> tuple[float, ...] | None:
    """Three numbers for 0…1 that a note beside the file says, for 0…255; None where it says none."""
    if isinstance(said, list) and len(said) == 3 and all(isinstance(one, int | float) for one in said):
        return tuple(255.0 * float(one) for one in said if isinstance(one, int | float))
    return None


def _kind(name: str) -> TagKind | None:
    """The kind of tags that an output is called after."""
    kinds: tuple[TagKind, ...] = ("rating", "character", "copyright", "artist", "species", "meta", "general")
    return next((kind for kind in kinds if kind in name.casefold()), None)


def _chances(answers: Scores) -> Scores:
    """Chances in 0…1: as they are, or of numbers that are none yet, as networks without their last step give them.
    Raises ValueError for what is no number."""
    if not np.isfinite(answers).all():
        raise ValueError("answers that are no numbers")
    if answers.min() < -NEARLY or answers.max() > 1 + NEARLY:
        answers = 1 / (1 + np.exp(-answers.clip(-60, 60)))
    found: Scores = answers.clip(0, 1).astype(np.float32)
    return found
