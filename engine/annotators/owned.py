"""Maps that the owner's .onnx networks make: depth, normals, lines, soft edges, segmentation, what stands in front."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.annotators import hed
from engine.annotators.ade20k import COLOURS
from engine.files.annotators import CONVERTED
from engine.files.sidecars import said_beside
from engine.maps.shades import Numbers, gaussian, picture
from engine.preprocessors import Preprocessor
from prompts.errors import Refusal
from prompts.prompt import Json

log = logging.getLogger(__name__)

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # mean and deviation of RGB in 0…1
PLAIN = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
HALF = ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0))
SHOWN = {"isnet": HALF, "rmbg": HALF}  # by words in the name of a file
FAR = ("zoe", "metric")  # in the name of a network whose larger numbers are farther away
SPREAD = (2, 98)  # per cent of the pixels between which depth is spread: a few pixels do not decide
LIGHT, FAINT, STROKE = 127, 4, 3.0  # of a scribble made of soft edges: the least crest, the least shade, the deviation

STEPS = 2  # shades above black of soft edges in steps


@dataclass(frozen=True, slots=True)
class Manner:
    """How a picture is shown to networks of a kind, and what becomes of their answer: the shorter `side` of those that
    take any size, of which sides are multiples of `step`; mean and deviation, and `read`."""

    side: int
    step: int
    shades: tuple[tuple[float, ...], tuple[float, ...]]
    read: Callable[[Numbers], Numbers]
    nearest: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MapNetwork:
    """A network in memory, and the height and width it takes (0: any), channels first or last."""

    name: str
    session: Any
    source: str
    height: int
    width: int
    last: bool

    def answer(self, shades: Numbers) -> Numbers:
        """Its first answer to a picture (height, width, 3)."""
        shown = shades[None] if self.last else shades.transpose(2, 0, 1)[None]
        found: Numbers = np.asarray(self.session.run(None, {self.source: np.ascontiguousarray(shown)})[0])
        return found


@lru_cache(maxsize=2)
def load(path: Path, modified: int) -> MapNetwork:
    """The network in a file as it was at this time of change. Raises Refusal `map.damaged`."""
    runtime = importlib.import_module("onnxruntime")
    try:
        session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        source = session.get_inputs()[0]
        _, *sizes = source.shape
        last = sizes[-1] == 3
        channels, height, width = (sizes[2], *sizes[:2]) if last else sizes
        if channels not in (3, None) and not isinstance(channels, str):
            raise ValueError(f"{channels} channels")
    except Exception as error:  # the runtime's errors have no common name
        log.warning("network %s cannot be loaded: %s", path.name, str(error)[:500])
        raise Refusal("map.damaged", name=path.stem) from error
    high, wide = (one if isinstance(one, int) else 0 for one in (height, width))
    return MapNetwork(path.stem, session, source.name, high, wide, last)


def drawn(row: Preprocessor, path: Path, image: Image.Image) -> Image.Image:
    """The map that a network in a file makes of an RGB picture, at the picture's size. Raises Refusal `map.damaged`
    for a file that is no such network."""
    manner = MANNERS[row.name]
    try:
        changed = path.stat().st_mtime_ns
        if path.suffix.lower() == CONVERTED:
            answer = hed.edges(hed.load(path, changed), image)
        else:
            network = load(path, changed)
            answer = network.answer(_shown(image, network, manner, path))
        found = manner.read(answer)
        if _inverted(row, path):
            found = 255 - found
        resampling = Image.Resampling.NEAREST if manner.nearest else Image.Resampling.BICUBIC
        return picture(found).resize(image.size, resampling)
    except Refusal:
        raise
    except Exception as error:
        log.warning("network %s: %s", path.name, str(error)[:500])
        raise Refusal("map.damaged", name=path.stem) from error


def _shown(image: Image.Image, network: MapNetwork, manner: Manner, path: Path) -> Numbers:
    scale = manner.side / min(image.size)
    width, height = (max(1, round(length * scale / manner.step)) * manner.step for length in image.size)
    seen = image.resize((network.width or width, network.height or height), Image.Resampling.BICUBIC)
    mean, deviation = next((SHOWN[word] for word in SHOWN if word in path.stem.casefold()), manner.shades)
    mean, deviation = (_three(said_beside(path, key), usual) for key, usual in (("mean", mean), ("std", deviation)))
    shades = (np.asarray(seen, np.float32) / 255 - np.array(mean)) / np.array(deviation)
    found: Numbers = (shades[..., ::-1] if said_beside(path, "bgr") is True else shades).astype(np.float32)
    return found


def _three(said: Json, usual: tuple[float, ...]) -> tuple[float, ...]:
    """Three numbers that a note beside the file says."""
    if isinstance(said, list) and len(said) == 3 and all(isinstance(one, int | float) for one in said):
        return tuple(float(one) for one in said if isinstance(one, int | float))
    return usual


def _inverted(row: Preprocessor, path: Path) -> bool:
    """Whether light and dark have to be exchanged: maps of depth are light where it is near, lines light on black."""
    said = said_beside(path, "invert")
    if isinstance(said, bool):
        return said
    if row.name == "depth":
        return any(word in path.stem.casefold() for word in FAR)
    return row.name in ("lineart", "lineart_anime")


# --- what becomes of an answer ---


def _flat(answer: Numbers) -> Numbers:
    """(height, width) of an answer with one channel, or of the first of several. Raises ValueError."""
    while answer.ndim > 2:
        answer = answer[0]
    if answer.ndim != 2:
        raise ValueError(f"an answer of shape {answer.shape}")
    return answer.astype(np.float32)


def _depth(answer: Numbers) -> Numbers:
    far, near = np.percentile(flat := _flat(answer), SPREAD)
    found: Numbers = ((flat - far) / max(near - far, 1e-6) * 255).clip(0, 255)
    return found


def _lines(answer: Numbers) -> Numbers:
    """Lines in 0…1, or in 0…255 as some networks give them."""
    flat = _flat(answer)
    return (flat if flat.max() > 2 else flat * 255).clip(0, 255)


def _steps(answer: Numbers) -> Numbers:
    """Soft edges in three shades, so that no picture can hide in the soft ones."""
    found: Numbers = np.minimum(np.floor(_lines(answer) / 255 * (STEPS + 1)) / STEPS * 255, 255)
    return found


def _scribble(answer: Numbers) -> Numbers:
    """White strokes on black: the crests of soft edges, made a few pixels wide."""
    soft = gaussian(_lines(answer), STROKE)
    wide = np.pad(soft, 1)
    height, width = soft.shape
    crest = np.zeros(soft.shape, bool)
    for rows, columns in ((0, 1), (1, 0), (1, 1), (1, -1)):
        one = wide[1 + rows : 1 + rows + height, 1 + columns : 1 + columns + width]
        other = wide[1 - rows : 1 - rows + height, 1 - columns : 1 - columns + width]
        crest |= (soft >= one) & (soft >= other)
    thin = np.where(crest & (soft > LIGHT), np.float32(255), np.float32(0))
    return np.where(gaussian(thin, STROKE) > FAINT, np.float32(255), np.float32(0))


def _mask(answer: Numbers) -> Numbers:
    flat = _flat(answer)
    least, most = float(flat.min()), float(flat.max())
    found: Numbers = (flat - least) / max(most - least, 1e-6) * np.float32(255)
    return found


def _normals(answer: Numbers) -> Numbers:
    """X to the right, y upwards and z towards the eye in red, green and blue."""
    axes = answer[0]
    if axes.ndim != 3:
        raise ValueError(f"an answer of shape {answer.shape}")
    axes = axes if axes.shape[-1] == 3 else axes[:3].transpose(1, 2, 0)
    long = np.maximum(np.linalg.norm(axes, axis=2, keepdims=True), 1e-6)
    found: Numbers = ((axes / long + 1) * 127.5).astype(np.float32)
    return found


def _classes(answer: Numbers) -> Numbers:
    """The colour of each pixel's likeliest class; a network may have chosen itself."""
    classes = answer[0]
    if classes.ndim == 3 and classes.shape[0] > 1:
        numbers = classes[: len(COLOURS)].argmax(axis=0)
    else:
        numbers = _flat(classes).astype(np.int64)
    found: Numbers = COLOURS[numbers.clip(0, len(COLOURS) - 1)].astype(np.float32)
    return found


MANNERS: Mapping[str, Manner] = {
    "depth": Manner(518, 14, IMAGENET, _depth),
    "normal": Manner(512, 32, IMAGENET, _normals),
    "seg": Manner(512, 32, IMAGENET, _classes, nearest=True),
    "mask": Manner(1024, 32, IMAGENET, _mask),
    "lineart": Manner(512, 8, PLAIN, _lines),
    "lineart_anime": Manner(512, 256, HALF, _lines),
    "softedge_hed": Manner(512, 8, PLAIN, _lines),
    "softedge_pidinet": Manner(512, 8, PLAIN, _lines),
    "softedge_hedsafe": Manner(512, 8, PLAIN, _steps),
    "softedge_pidisafe": Manner(512, 8, PLAIN, _steps),
    "softedge_teed": Manner(512, 8, PLAIN, _lines),
    "scribble_hed": Manner(512, 8, PLAIN, _scribble),
    "scribble_pidinet": Manner(512, 8, PLAIN, _scribble),
}
