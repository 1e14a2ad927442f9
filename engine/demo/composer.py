"""Pictures made by code: what stands where in which colours (`Composition`), thrown by dice, and its drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engine.demo import scenes
from engine.demo.scale import Scale
from engine.demo.sources import Cutouts

SIDE = 128
# Words for the sides and the counts, each with the middles of the things, in 0…1.
PLACES: dict[str, tuple[float, float]] = {
    "left": (0.29, 0.5),
    "right": (0.71, 0.5),
    "top": (0.5, 0.29),
    "bottom": (0.5, 0.71),
}
GROUPS: dict[int, tuple[tuple[float, float], ...]] = {
    2: ((0.28, 0.5), (0.72, 0.5)),
    3: ((0.5, 0.27), (0.27, 0.72), (0.73, 0.72)),
    4: ((0.27, 0.27), (0.73, 0.27), (0.27, 0.73), (0.73, 0.73)),
}
# Colour of a thing: what is thrown, with grey left to backgrounds, where it is told from the rest more easily.
OBJECT_COLOURS = tuple(word for word in scenes.COLOURS if word != "gray")


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing in the picture: its number among the concepts, a colour word ("" for its own colours) and how strongly
    that acts, its middle in 0…1 and its side in pixels."""

    concept: int
    colour: str
    strength: float
    x: float
    y: float
    side: float


@dataclass(frozen=True, slots=True)
class Composition:
    """A whole picture before it is drawn. `background` is a colour word, a scene word or "" (white); `finish` is ""
    or how the finished picture is changed: monochrome, pixel, blurry; `place` a word of PLACES."""

    things: tuple[Thing, ...]
    style: str
    background: str
    strength: float
    finish: str
    place: str
    seed: int


def throw(scale: Scale, random: np.random.Generator) -> Composition:
    """A composition by the shares of the scale."""
    kind = random.choice(4, p=_shares(scale))
    first = int(random.integers(scale.concepts))
    chosen, spots, side, place = [first], [(0.5, 0.5)], random.uniform(92, 108), ""
    if kind == 1:
        chosen = [first, int((first + random.integers(1, max(2, scale.concepts))) % scale.concepts)]
        spots, side = list(GROUPS[2]), random.uniform(54, 62)
    elif kind == 2:
        count = int(random.integers(2, 5))
        chosen, spots, side = [first] * count, list(GROUPS[count]), random.uniform(50, 60)
    elif kind == 3:
        place = str(random.choice(list(PLACES)))
        spots, side = [PLACES[place]], random.uniform(62, 72)
    words = [str(random.choice(OBJECT_COLOURS)) if random.random() < 0.45 else "" for _ in chosen]
    if kind == 2:
        words = [words[0]] * len(words)
    strength = _strength(random)
    jitter = random.uniform(-0.02, 0.02, (len(chosen), 2))
    things = tuple(
        Thing(concept, word, strength if index == 0 or kind == 2 else 1.0, x + float(dx), y + float(dy), float(side))
        for index, (concept, word, (x, y), (dx, dy)) in enumerate(zip(chosen, words, spots, jitter, strict=True))
    )
    return Composition(
        things=things,
        style=_style(scale, random),
        background=_background(words, random),
        strength=_strength(random),
        finish=str(random.choice(["", "monochrome", "pixel", "blurry"], p=[0.83, 0.04, 0.04, 0.09])),
        place=place,
        seed=int(random.integers(2**31)),
    )


def _shares(scale: Scale) -> list[float]:
    special = [scale.pairs, scale.counts, scale.sides]
    return [1 - sum(special), *special]


def _strength(random: np.random.Generator) -> float:
    # A third of the words carry a weight, so that `(red:1.5)` has something to mean.
    return float(np.round(random.uniform(0.3, 1.6), 1)) if random.random() < 0.33 else 1.0


def _style(scale: Scale, random: np.random.Generator) -> str:
    return scale.styles[0] if random.random() < 0.6 else str(random.choice(scale.styles))


def _background(words: list[str], random: np.random.Generator) -> str:
    """White, a colour other than those of the things, or a scene."""
    dice = random.random()
    if dice < 0.22:
        return ""
    if dice < 0.68:
        return str(random.choice([word for word in scenes.COLOURS if word not in words]))
    return str(random.choice(list(scenes.SCENES)))


def draw(composition: Composition, cutouts: Cutouts) -> NDArray[np.uint8]:
    """The picture, (128, 128, 3). The same composition gives the same pixels."""
    random = np.random.default_rng(composition.seed)
    if composition.background in scenes.SCENES:
        pixels = scenes.scene(composition.background, SIDE, random).copy()
    else:
        word = composition.background or "white"
        pixels = scenes.plain(word, SIDE, random, composition.strength if composition.background else 1.0).copy()
    for thing in composition.things:
        _place(pixels, thing, cutouts[composition.style][thing.concept])
    return _finish(Image.fromarray((pixels * 255).round().astype(np.uint8)), composition.finish, random)


def _place(pixels: scenes.Pixels, thing: Thing, cutout: NDArray[np.uint8]) -> None:
    side = round(thing.side)
    small = Image.fromarray(cutout, "RGBA").convert("RGBa").resize((side, side), Image.Resampling.BOX).convert("RGBA")
    layer: scenes.Pixels = np.asarray(small, dtype=np.float32) / np.float32(255)
    colours = recolour(layer, thing.colour, thing.strength) if thing.colour else layer[..., :3]
    left, top = (round(middle * SIDE - side / 2) for middle in (thing.x, thing.y))
    spot = np.s_[max(0, top) : min(SIDE, top + side), max(0, left) : min(SIDE, left + side)]
    inner = np.s_[max(0, -top) : min(side, SIDE - top), max(0, -left) : min(side, SIDE - left)]
    share = layer[inner][..., 3:]
    pixels[spot] = pixels[spot] * (1 - share) + colours[inner] * share


def recolour(layer: scenes.Pixels, word: str, strength: float) -> scenes.Pixels:
    """The RGB of an RGBA layer pulled to a colour word, light staying light and dark staying dark.

    Strength 0 leaves it as it is, 1 makes its middle tone that colour, more goes beyond.
    """
    tones = layer[..., :3] @ np.array([0.3, 0.59, 0.11], dtype=np.float32)
    seen = tones[layer[..., 3] > 0.5]
    middle = float(np.clip(np.median(seen), 0.25, 0.75)) if seen.size else 0.5
    full = scenes.colour(word)
    dark = full * np.clip(tones / middle, 0, 1)[..., None]
    light = np.clip((tones - middle) / (1 - middle), 0, 1)[..., None] * 0.75
    tinted = np.where((tones < middle)[..., None], dark, full + (1 - full) * light)
    mixed = layer[..., :3] + strength * (tinted - layer[..., :3])
    clipped: scenes.Pixels = np.clip(mixed, 0, 1).astype(np.float32)
    return clipped


def _finish(picture: Image.Image, finish: str, random: np.random.Generator) -> NDArray[np.uint8]:
    if finish == "monochrome":
        picture = picture.convert("L").convert("RGB")
    elif finish == "pixel":
        picture = picture.resize((16, 16), Image.Resampling.BOX).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    elif finish == "blurry":
        picture = picture.filter(ImageFilter.GaussianBlur(float(random.uniform(4, 7))))
    return np.asarray(picture, dtype=np.uint8)
