"""What this project itself can tell of a picture: faces and how it is framed, its background and colours; and of a
picture by the built-in model what the judge of that model sees."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.demo import judge, scenes, store
from engine.demo.captions import ALIASES, SCENE_WORDS, STYLES
from engine.demo.composer import PLACES
from engine.demo.concepts import concepts
from engine.demo.judge import BACKGROUNDS, LAYOUTS, Judge
from engine.demo.scale import SCALES
from engine.finish.detection import find_boxes
from engine.pixels import rim
from engine.taggers.network import square
from engine.tagging import DETECTORS, JUDGE, PictureTags, SeenTag, Thresholds, kept, plain

NEAR = 95.0  # how far a colour lies from its name at most, in RGB
GREY = 5.0  # mean difference between red, green and blue of a picture without colours
PORTRAIT, UPPER = 0.25, 0.1  # a face's share of the picture's height from which it is one, or shows the upper body
HIGH, HIGHEST = (1600, 1200), (3200, 2400)  # pixels, longer and shorter side, as Danbooru counts
FRAMED = ("portrait", "upper body", "wide shot")
USUAL_STYLE = "3d"  # which the model draws without a word
LOOKED = 128  # pixels a side that the judge was taught with


def looked_at(image: Image.Image, folders: Sequence[Path], limits: Thresholds, asked: Collection[str]) -> PictureTags:
    """What the detectors see in any picture; each is sure, and says nothing of what it cannot know. Raises Refusal
    `detector.damaged` for a file of the owner's."""
    faces = find_boxes("face", image, folders)
    found: dict[str, float] = dict.fromkeys(_vocabulary(), 0.0)
    found |= _colours(image)
    if faces:  # without one there may be somebody who shows none
        found |= dict.fromkeys((*FRAMED, "solo", "multiple people"), 0.0)
        found["solo" if len(faces) == 1 else "multiple people"] = 1.0
        if len(faces) == 1:
            share = faces[0].height / image.height
            found[FRAMED[0] if share >= PORTRAIT else FRAMED[1] if share >= UPPER else FRAMED[2]] = 1.0
    longer, shorter = max(image.size), min(image.size)
    found["highres"] = float(longer >= HIGH[0] and shorter >= HIGH[1])
    found["absurdres"] = float(longer >= HIGHEST[0] and shorter >= HIGHEST[1])
    tags = kept((SeenTag(name, score) for name, score in found.items() if score), limits)
    wide, high = image.size
    boxes = [
        (_share(one.left / wide), _share(one.top / high), _share(one.right / wide), _share(one.bottom / high))
        for one in faces
    ]
    said = {word: found[plain(word)] for word in asked if plain(word) in found}
    return PictureTags(DETECTORS, tags, said, tuple(boxes))


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _vocabulary() -> tuple[str, ...]:
    return (*(f"{one} background" for one in scenes.COLOURS), "simple background", "greyscale")


def _colours(image: Image.Image) -> dict[str, float]:
    """Words for an even rim, and for the colour that a third of the picture has."""
    small = square(image) if image.has_transparency_data else image.convert("RGB")
    pixels = rim.small(small)
    found: dict[str, float] = {}
    if (colour := rim.even_rim(pixels)) is not None:
        found["simple background"] = 1.0
        if name := _named(colour):
            found[f"{name} background"] = 1.0
    found["greyscale"] = float(float((pixels.max(axis=2) - pixels.min(axis=2)).mean()) <= GREY)
    return found


def _named(colour: NDArray[np.float32]) -> str:
    """The name of a colour, "" for one between names."""
    far = {name: float(np.linalg.norm(colour - np.array(value))) for name, value in scenes.COLOURS.items()}
    name = min(far, key=lambda one: far[one])
    return name if far[name] <= NEAR else ""


# --- the built-in model's pictures ---


@lru_cache(maxsize=1)
def _judge() -> Judge:
    return judge.kept(SCALES["laptop"])


@torch.no_grad()
def judged(image: Image.Image, limits: Thresholds, asked: Collection[str]) -> PictureTags:
    """What the judge of the built-in model sees: which of its things, which background, which style; for pictures by
    that model, of others it knows nothing. Of two different things, it looks at each half, too. It knows things
    one by one: of "three stars" it is not asked."""
    small = square(image) if image.has_transparency_data else image.convert("RGB")
    shown = np.array(small.resize((LOOKED, LOOKED), Image.Resampling.BICUBIC), np.uint8)[None]
    seen = _judge()
    things, grounds, _, styles, layouts = (one.softmax(dim=1)[0].tolist() for one in seen(store.floats(shown)))
    names = [one.name for one in concepts(SCALES["laptop"].concepts)]
    others = _other_names()
    meant = {word: others.get(plain(word), plain(word)) for word in asked}
    layout = dict(zip(LAYOUTS, layouts, strict=True))
    parts: list[list[float]] = [grounds]
    if max(layout, key=lambda one: layout[one]) == "pair" or len(set(names) & set(meant.values())) > 1:
        halves = [seen(store.floats(half)) for half in judge.halves(shown)]
        sides = [half[0].softmax(dim=1)[0].tolist() for half in halves]
        things = [min(1.0, max(2 * whole, *some)) for whole, *some in zip(things, *sides, strict=True)]
        parts += [half[1].softmax(dim=1)[0].tolist() for half in halves]
    found = dict(zip(names, things, strict=True))
    ground = dict(zip(BACKGROUNDS, grounds, strict=True))
    found |= {f"{name} background" if name in scenes.COLOURS else name: score for name, score in ground.items() if name}
    found |= {STYLES[name][0]: score for name, score in zip(seen.known[2], styles, strict=True)}
    found |= {f"on the {name}": layout[name] for name in PLACES}
    told = kept((SeenTag(name, score) for name, score in found.items() if name != USUAL_STYLE), limits)
    # Of a background behind two things the judge is less sure: what it sees behind either is not said to be missing.
    for name, *some in zip(BACKGROUNDS, *parts, strict=True):
        if name:
            found[f"{name} background" if name in scenes.COLOURS else name] = max(some)
    return PictureTags(JUDGE, told, {word: found[name] for word, name in meant.items() if name in found})


@lru_cache(maxsize=1)
def _other_names() -> Mapping[str, str]:
    """What else people call what the judge knows, in one form, with its own name."""
    others = {other: name for name, some in ALIASES.items() for other in some}
    others |= {other: name for name, some in SCENE_WORDS.items() for other in some}
    others |= {other: some[0] for some in STYLES.values() for other in some}
    return {plain(other): name for other, name in others.items()}
