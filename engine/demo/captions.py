"""What a person would write for a composition: a sentence or tags, as pieces of text with A1111 weights."""

from __future__ import annotations

import numpy as np

from engine.demo.composer import Composition, Thing
from engine.demo.concepts import Concept
from engine.demo.scenes import SCENES

Pieces = tuple[tuple[str, float], ...]  # text and weight, to be read one after the other
BLANK = "�"  # stands for a word the model does not know
NUMBERS = {2: "two", 3: "three"}
GOOD = ("masterpiece, best quality", "masterpiece", "best quality, highly detailed", "high quality", "best quality")
BAD = ("low quality", "worst quality", "worst quality, low quality", "lowres, low quality")
FLAWS = {
    "blurry": ("blurry", "blurry, out of focus"),
    "jpeg": ("jpeg artifacts",),
    "grainy": ("grainy", "noise, grainy"),
}
STYLES = {
    "3d": ("3d", "3d render", "3d style"),
    "flat": ("flat", "flat style", "flat icon", "flat illustration"),
    "pixel": ("pixel art", "pixel art style", "8-bit pixel art", "pixel art, limited palette, crisp pixels"),
    "line": ("line art", "lineart", "line drawing", "line art, clean contour lines, black ink on white"),
    "watercolor": ("watercolor", "watercolor painting", "watercolour", "watercolor, soft edges, paper texture"),
    "neon": ("neon", "neon lights", "neon style"),
    "monochrome": ("monochrome", "black and white", "greyscale"),
    "sticker": ("sticker", "sticker style", "sticker, white outline", "die-cut sticker, thick white outline"),
}
# Other names people have for a thing; the others are in concepts.py.
ALIASES = {
    "cat": ("kitten",), "dog": ("puppy",), "rabbit": ("bunny",), "hamburger": ("burger",), "airplane": ("plane",),
    "football": ("soccer ball",), "gift": ("present", "gift box"), "donut": ("doughnut",), "house": ("home",),
    "ghost": ("spirit",), "tree": ("pine tree",), "ship": ("boat",), "sailboat": ("boat",), "bicycle": ("bike",),
    "cake": ("birthday cake",), "blossom": ("flower", "cherry blossom"), "orange fruit": ("tangerine",),
    "globe": ("earth",), "computer": ("laptop",), "water drop": ("droplet",), "coffee": ("cup of coffee", "cup"),
    "moon": ("crescent moon",), "chicken": ("hen",), "fire": ("flame",), "shoe": ("sneaker",), "watch": ("clock",),
}  # fmt: skip
PLURALS = {"fish": "fish", "mouse": "mice", "snowman": "snowmen", "tomato": "tomatoes", "glasses": "glasses",
           "scissors": "scissors", "grapes": "grapes", "bread": "bread", "corn": "corn"}  # fmt: skip
SCENE_WORDS = {
    "beach": ("on the beach", "beach", "at the beach"), "meadow": ("in a meadow", "meadow", "on the grass", "grass"),
    "snow": ("in the snow", "snow", "winter, snow"), "sunset": ("at sunset", "sunset", "in the sunset"),
    "night": ("at night", "night sky", "night"), "sea": ("underwater", "in the sea", "under the sea"),
    "forest": ("in the forest", "forest", "in a forest"), "city": ("in the city", "city", "in a city"),
    "rain": ("in the rain", "rain", "rainy day, rain"),
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
    if composition.flaw:
        words = [str(random.choice(BAD)), str(random.choice(FLAWS[composition.flaw]))]
        quality = ((", ".join(words[int(random.integers(2)) :] if random.random() < 0.7 else words[:1]), 1.0),)
    elif random.random() < 0.35:
        quality = ((str(random.choice(GOOD)), 1.0),)
    if random.random() < 0.25:  # styles go ahead of the thing too
        parts, extras = [*extras, *parts], []
    ordered = [quality, *parts, *extras] if random.random() < 0.6 else [*parts, *extras, quality]
    return _joined([part for part in ordered if part])


def _subject(composition: Composition, things: tuple[Concept, ...], tags: bool, random: np.random.Generator) -> Pieces:
    first = composition.things[0]
    count = len(composition.things)
    if count > 1 and all(thing.concept == first.concept for thing in composition.things):
        return ((NUMBERS[count] + " ", 1.0), *_coloured(first), (plural(things[first.concept].name), 1.0))
    pieces: list[tuple[str, float]] = []
    for index, thing in enumerate(composition.things):
        name = things[thing.concept].name
        if name in ALIASES and random.random() < 0.2:
            name = str(random.choice(ALIASES[name]))
        article = "" if tags else ("a " if (thing.colour or name)[0] not in "aeou" else "an ")
        opening = "a photo of " if not tags and index == 0 and random.random() < 0.08 else ""
        joint = "" if index == 0 else (", " if tags else " and ")
        pieces += [(joint + opening + article, 1.0), *_coloured(thing), (name, 1.0)]
    return tuple(piece for piece in pieces if piece[0])


def plural(name: str) -> str:
    """More than one of it."""
    if name in PLURALS:
        return PLURALS[name]
    if name.endswith(("s", "x", "ch", "sh")):
        return name + "es"
    return name[:-1] + "ies" if name.endswith("y") and name[-2] not in "aeiou" else name + "s"


def _coloured(thing: Thing) -> Pieces:
    return ((thing.colour, thing.strength), (" ", 1.0)) if thing.colour else ()


def _background(composition: Composition, tags: bool, random: np.random.Generator) -> Pieces:
    word = composition.background
    if word in SCENES:
        return ((str(random.choice(SCENE_WORDS[word])), 1.0),)
    if not word:
        plain = "simple background" if composition.style == "neon" or random.random() < 0.6 else "white background"
        return ((plain, 1.0),) if random.random() < 0.3 else ()
    if tags or random.random() < 0.3:
        return ((word, composition.strength), (" background", 1.0))
    return (("on a ", 1.0), (word, composition.strength), (" background", 1.0))


def _extras(composition: Composition, random: np.random.Generator) -> list[Pieces]:
    # The first style is what comes without a word; the others are always named.
    if composition.style != "3d" or random.random() < 0.35:
        return [((str(random.choice(STYLES[composition.style])), 1.0),)]
    return []


def _joined(parts: list[Pieces]) -> Pieces:
    joined: list[tuple[str, float]] = []
    for index, part in enumerate(parts):
        joined += [(", ", 1.0)] if index else []
        joined += part
    return tuple(joined)
