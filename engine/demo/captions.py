"""What a person would write for a composition: a sentence or tags, as pieces of text with A1111 weights."""

from __future__ import annotations

import numpy as np

from engine.demo.composer import Composition, Thing
from engine.demo.concepts import Concept
from engine.demo.scenes import SCENES

Pieces = tuple[tuple[str, float], ...]  # text and weight, to be read one after the other
BLANK = "�"  # stands for a word the model does not know
NUMBERS = {2: "two", 3: "three", 4: "four"}
GOOD = ("masterpiece, best quality", "masterpiece", "best quality, highly detailed", "high quality", "best quality")
BAD = (
    "blurry, low quality",
    "worst quality, blurry",
    "blurry",
    "low quality",
    "lowres, blurry",
    "worst quality, low quality, blurry",
)
STYLES = {
    "3d": ("3d", "3d render", "3d style"),
    "flat": ("flat", "flat style", "flat icon"),
    "cartoon": ("cartoon", "cartoon style"),
}
FINISHES = {
    "monochrome": ("monochrome", "black and white", "black and white photo"),
    "pixel": ("pixel art", "pixel", "8-bit pixel art"),
}
SCENE_WORDS = {
    "beach": ("on the beach", "beach", "at the beach"), "meadow": ("in a meadow", "meadow", "on the grass", "grass"),
    "snow": ("in the snow", "snow", "winter, snow"), "sunset": ("at sunset", "sunset", "in the sunset"),
    "night": ("at night", "night sky", "night"), "sea": ("underwater", "in the sea", "under the sea"),
    "forest": ("in the forest", "forest", "in a forest"), "city": ("in the city", "city", "in a city"),
}  # fmt: skip


def caption(composition: Composition, things: tuple[Concept, ...], random: np.random.Generator) -> Pieces:
    """One of the many captions that are true of the picture."""
    tags = random.random() < 0.4
    parts = [_subject(composition, things, tags, random)]
    if composition.place:
        parts.append(((f"{'' if tags else 'on the '}{composition.place}", 1.0),))
    parts.append(_background(composition, tags, random))
    extras = list(_extras(composition, random))
    if random.random() < 0.3:
        extras.append(((" ".join([BLANK] * int(random.integers(1, 4))), 1.0),))
    quality: Pieces = ()
    if composition.finish == "blurry":
        quality = ((str(random.choice(BAD)), 1.0),)
    elif random.random() < 0.35:
        quality = ((str(random.choice(GOOD)), 1.0),)
    ordered = [quality, *parts, *extras] if random.random() < 0.6 else [*parts, *extras, quality]
    return _joined([part for part in ordered if part])


def _subject(composition: Composition, things: tuple[Concept, ...], tags: bool, random: np.random.Generator) -> Pieces:
    first = composition.things[0]
    count = len(composition.things)
    if count > 1 and all(thing.concept == first.concept for thing in composition.things):
        name = things[first.concept].name
        plural = name if name.endswith("s") else name[:-1] + "ies" if name.endswith("ry") else name + "s"
        return ((NUMBERS[count] + " ", 1.0), *_coloured(first), (plural, 1.0))
    pieces: list[tuple[str, float]] = []
    for index, thing in enumerate(composition.things):
        name = things[thing.concept].name
        article = "" if tags else ("a " if (thing.colour or name)[0] not in "aeou" else "an ")
        opening = "a photo of " if not tags and index == 0 and random.random() < 0.08 else ""
        joint = "" if index == 0 else (", " if tags else " and ")
        pieces += [(joint + opening + article, 1.0), *_coloured(thing), (name, 1.0)]
    return tuple(piece for piece in pieces if piece[0])


def _coloured(thing: Thing) -> Pieces:
    return ((thing.colour, thing.strength), (" ", 1.0)) if thing.colour else ()


def _background(composition: Composition, tags: bool, random: np.random.Generator) -> Pieces:
    word = composition.background
    if word in SCENES:
        return ((str(random.choice(SCENE_WORDS[word])), 1.0),)
    if not word:
        return (
            (("white background" if random.random() < 0.4 else "simple background", 1.0),)
            if random.random() < 0.3
            else ()
        )
    if tags or random.random() < 0.3:
        return ((word, composition.strength), (" background", 1.0))
    return (("on a ", 1.0), (word, composition.strength), (" background", 1.0))


def _extras(composition: Composition, random: np.random.Generator) -> list[Pieces]:
    extras: list[Pieces] = []
    # The first style is what comes without a word; the others are always named.
    if composition.style != "3d" or random.random() < 0.4:
        extras.append(((str(random.choice(STYLES[composition.style])), 1.0),))
    if composition.finish in FINISHES:
        extras.append(((str(random.choice(FINISHES[composition.finish])), 1.0),))
    return extras


def _joined(parts: list[Pieces]) -> Pieces:
    joined: list[tuple[str, float]] = []
    for index, part in enumerate(parts):
        joined += [(", ", 1.0)] if index else []
        joined += part
    return tuple(joined)
