"""Pictures made by code: what stands where in which colours (`Composition`), thrown by dice, and its drawing."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engine.demo import scenes, styles
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
}
# Colour of a thing: what is thrown, with grey left to backgrounds, where it is told from the rest more easily.
GREYS = ("black", "white", "gray")
# How much oftener the styles that are hard to tell apart come, and how much the one without a word, than another style.
HARD, PLAIN = 2.2, 3.0
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
    """A whole picture before it is drawn. `background` is a colour word, a scene word or "" (what the style has
    without one); `flaw` is "" or how the finished picture is spoiled (blurry, jpeg, grainy), `place` one of PLACES."""

    things: tuple[Thing, ...]
    style: str
    background: str
    strength: float
    flaw: str
    place: str
    seed: int


def throw(scale: Scale, random: np.random.Generator) -> Composition:
    """A composition by the shares of the scale."""
    style = _style(scale, random)
    kind = random.choice(4, p=_shares(scale))
    first = int(random.integers(scale.concepts))
    chosen, spots, side, place = [first], [(0.5, 0.5)], random.uniform(92, 108), ""
    if kind == 1:
        chosen = [first, int((first + random.integers(1, max(2, scale.concepts))) % scale.concepts)]
        spots, side = list(GROUPS[2]), random.uniform(58, 66)
    elif kind == 2:
        count = int(random.choice(list(GROUPS)))
        chosen, spots, side = [first] * count, list(GROUPS[count]), random.uniform(50, 60)
    elif kind == 3:
        place = str(random.choice(list(PLACES)))
        spots, side = [PLACES[place]], random.uniform(62, 72)
    share = 0.0 if style == "monochrome" else 0.2 if kind == 1 else 0.4
    words = [str(random.choice(OBJECT_COLOURS)) if random.random() < share else "" for _ in chosen]
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
        style=style,
        background=_background(style, words, random),
        strength=_strength(random),
        flaw=str(random.choice(["", "blurry", "jpeg", "grainy"], p=[0.88, 0.06, 0.03, 0.03])),
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
    # The first is what comes without a word; the hard ones differ from it, and from each other, in little.
    shares = np.array([HARD if style in ("flat", "line", "watercolor") else 1.0 for style in scale.styles])
    shares[0] += PLAIN
    return str(random.choice(scale.styles, p=shares / shares.sum()))


def _background(style: str, words: list[str], random: np.random.Generator) -> str:
    """What the style has by itself, a colour other than those of the things, or a scene."""
    dice = random.random()
    if dice < 0.25:
        return ""
    plain = GREYS if style == "monochrome" else () if style == "neon" else tuple(scenes.COLOURS)
    if dice < 0.66 and plain:
        return str(random.choice([word for word in plain if word not in words]))
    return str(random.choice(list(scenes.SCENES)))


def draw(composition: Composition, cutouts: Cutouts) -> NDArray[np.uint8]:
    """The picture, (128, 128, 3). The same composition gives the same pixels."""
    random = np.random.default_rng(composition.seed)
    pixels = styles.apply(composition.style, compose(composition, cutouts, random), random)
    return spoil(Image.fromarray((pixels * 255).round().astype(np.uint8)), composition.flaw, random)


def compose(composition: Composition, cutouts: Cutouts, random: np.random.Generator) -> styles.Unstyled:
    """The things on their background, before the style is applied."""
    scenic = composition.background in scenes.SCENES
    if scenic:
        behind = scenes.scene(composition.background, SIDE, random)
    else:
        word = composition.background or "white"
        behind = scenes.plain(word, SIDE, random, composition.strength if composition.background else 1.0)
    drawing = styles.Unstyled(
        pixels=behind.copy(),
        behind=behind,
        cover=np.zeros((SIDE, SIDE, 1), np.float32),
        ink=np.zeros((SIDE, SIDE, 4), np.float32),
        scenic=scenic,
    )
    for thing in composition.things:
        _place(drawing, thing, cutouts[styles.BASE[composition.style]][thing.concept], composition.style)
    return drawing


def _place(drawing: styles.Unstyled, thing: Thing, cutout: NDArray[np.uint8], style: str) -> None:
    """Puts the thing into the drawing, a sticker with its rim."""
    layer = _layer(thing, cutout)
    colours = recolour(layer, thing.colour, thing.strength) if thing.colour else layer[..., :3]
    share = layer[..., 3:]
    if style == "sticker":
        rim, shadow = styles.outline(layer[..., 3])
        drawing.pixels[:] = drawing.pixels * (1 - shadow[..., None])
        drawing.pixels[:] = drawing.pixels * (1 - rim[..., None]) + rim[..., None]
    drawing.pixels[:] = drawing.pixels * (1 - share) + colours * share
    drawing.cover[:] = np.maximum(drawing.cover, share)
    if thing.colour:
        # As strong as the word is: half of red makes ink half red.
        near = np.clip(styles.blur(layer[..., 3], 3) * 4, 0, 1)[..., None]
        drawing.ink[:] = drawing.ink * (1 - near)
        drawing.ink[..., :3] += scenes.colour(thing.colour) * near
        drawing.ink[..., 3:] += min(1.0, thing.strength) * near


def _layer(thing: Thing, cutout: NDArray[np.uint8]) -> scenes.Pixels:
    """The thing in its size and place on a picture otherwise transparent, (128, 128, 4)."""
    side = round(thing.side)
    small = Image.fromarray(cutout, "RGBA").convert("RGBa").resize((side, side), Image.Resampling.BOX)
    whole = Image.new("RGBa", (SIDE, SIDE))
    whole.paste(small, (round(thing.x * SIDE - side / 2), round(thing.y * SIDE - side / 2)))
    layer: scenes.Pixels = np.asarray(whole.convert("RGBA"), dtype=np.float32) / np.float32(255)
    return layer


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


def spoil(picture: Image.Image, flaw: str, random: np.random.Generator) -> NDArray[np.uint8]:
    """The pixels with the flaw, (h, w, 3); without one as they were."""
    if flaw == "blurry":
        picture = picture.filter(ImageFilter.GaussianBlur(float(random.uniform(4, 7))))
    elif flaw == "jpeg":
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=int(random.integers(3, 8)))
        picture = Image.open(file).convert("RGB")
    pixels: NDArray[np.uint8] = np.asarray(picture, dtype=np.uint8)
    if flaw == "grainy":
        grain = random.normal(0, random.uniform(30, 50), (*pixels.shape[:2], 1))
        pixels = np.clip(pixels + grain, 0, 255).astype(np.uint8)
    return pixels
