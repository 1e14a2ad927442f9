"""Whether the model draws what it is told: a figure for each kind of word, with chance beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.demo import judge, scenes
from engine.demo.captions import SCENE_WORDS, STYLES
from engine.demo.concepts import Concept, concepts
from engine.demo.drawing import draw
from engine.demo.judge import Judge, Pictures
from engine.demo.scale import Scale
from engine.models import Loaded

NEGATIVE = "worst quality, blurry, low quality"
# Words told from each other by hue or lightness even where a thing has shadows and lights of its own.
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black", "white")
GRADED = ("red", "green", "blue", "yellow", "purple")
WEIGHTS = (0.5, 1.0, 1.5)
STEPS = 12  # a picture: enough to judge by
SEEDS = 1  # pictures a prompt: the many prompts are samples enough
# What the sample sheet shows: fixed, and not picked by the outcome.
SHEET = (
    "a cat", "an apple", "a red car", "a heart", "a panda", "a yellow star", "a house in the snow",
    "a fox in the forest", "a mushroom in a meadow", "a rocket at night", "a green frog", "a sunflower", "a pizza",
    "a dog on the beach", "a purple umbrella", "a pink cake", "a penguin in the snow", "a tree at sunset",
    "a red balloon, blue background", "an orange fish underwater", "a crown on a purple background", "a strawberry",
    "a pig in a meadow", "a moon at night", "a hamburger, yellow background", "a blue guitar",
    "a white rabbit, green background", "a sun on the beach", "a pink tulip", "a snowman in the snow",
    "a blue butterfly", "a pumpkin at night", "a ghost in the forest", "a watermelon on the beach",
    "a robot in the city", "a gift, red background", "a cactus at sunset", "a turtle underwater",
    "a football in a meadow", "a bell, flat", "a black cat, orange background", "a blue apple", "a cat, monochrome",
    "a panda, pixel art", "a car in the city, flat", "a green heart on a black background",
    "a red fox, blurry, low quality", "masterpiece, best quality, a brown dog, white background",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure: what it is, the outcome, chance (or what stands for it), and over how many pictures."""

    name: str
    value: float
    chance: float
    pictures: int

    def __str__(self) -> str:
        return f"{self.name:<44} {self.value:8.3f}   by chance {self.chance:6.3f}   {self.pictures} pictures"


def report(loaded: Loaded, scale: Scale, judged: Judge) -> Iterator[Figure]:
    """All figures, each as soon as it is known."""
    things = concepts(scale.concepts)
    yield from _things(loaded, scale, judged, things)
    yield from _colours(loaded, things)
    yield from _weights(loaded, things)
    yield from _backgrounds(loaded, scale, judged, things)
    yield from _sharpness(loaded, things)
    yield from _styles(loaded, scale, judged, things)
    yield from _seeds(loaded, things)


def _drawn(loaded: Loaded, prompts: Sequence[str], first: int = 100, negative: str = NEGATIVE) -> Pictures:
    """SEEDS pictures of every prompt, one seed after the other."""
    seeds = [first + turn for turn in range(SEEDS) for _ in prompts]
    return draw(loaded, list(prompts) * SEEDS, seeds, negative=negative, steps=STEPS)


def _things(loaded: Loaded, scale: Scale, judged: Judge, things: Sequence[Concept]) -> Iterator[Figure]:
    right = np.tile(np.arange(len(things)), SEEDS)
    random = np.random.default_rng(scale.seed)
    plain = [f"{_article(thing.name)} {thing.name}" for thing in things]
    mixed = [
        f"{colour} {thing.name} {SCENE_WORDS[scene][0]}"
        for thing, colour, scene in zip(
            things,
            random.choice(COLOURS, len(things)),
            random.choice(list(SCENE_WORDS), len(things)),
            strict=True,
        )
    ]
    for name, prompts in (("thing named alone", plain), ("thing named with colour and scene", mixed)):
        found = judge.things(judged, _drawn(loaded, prompts))
        yield Figure(name, float((found == right).mean()), 1 / len(things), len(found))


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _colours(loaded: Loaded, things: Sequence[Concept]) -> Iterator[Figure]:
    some = things[:8]
    without = judge.middle(_drawn(loaded, [f"a {thing.name}, white background" for thing in some]))
    moved = []
    for word in COLOURS:
        drawn = judge.middle(_drawn(loaded, [f"a {word} {thing.name}, white background" for thing in some]))
        moved.append(judge.nearer(drawn, without, word))
    yield Figure("colour word brings the thing nearer to it", float(np.mean(moved)), 0.5, np.size(moved))


def _weights(loaded: Loaded, things: Sequence[Concept]) -> Iterator[Figure]:
    some = things[:6]
    risen = []
    for word in GRADED:
        amounts = []
        for weight in WEIGHTS:
            drawn = judge.middle(
                _drawn(loaded, [f"a ({word}:{weight}) {thing.name}, white background" for thing in some])
            )
            amounts.append(fullness(drawn, word))
        yield Figure(
            f"amount of {word} at weights 0.5, 1, 1.5: rise",
            float(amounts[2].mean() - amounts[0].mean()),
            0,
            amounts[0].size * 3,
        )
        risen.append((amounts[0] < amounts[1]) & (amounts[1] < amounts[2]))
    yield Figure("weight on a colour word acts monotonically", float(np.mean(risen)), 1 / 6, np.size(risen) * 3)


def fullness(colours: NDArray[np.float32], word: str) -> NDArray[np.float32]:
    """How much of the word's colour there is beyond grey: the part of each colour's difference from its own grey that
    points the word's way, in 0…255."""
    aim = np.array(scenes.colour(word)) * 255
    way = aim - aim.mean()
    parts: NDArray[np.float32] = (colours - colours.mean(axis=1, keepdims=True)) @ (way / np.linalg.norm(way))
    return parts


def _backgrounds(loaded: Loaded, scale: Scale, judged: Judge, things: Sequence[Concept]) -> Iterator[Figure]:
    some = things[:8]
    chance = 1 / len(judge.BACKGROUNDS)
    wanted = [word for word in COLOURS for _ in some]
    plain = _drawn(loaded, [f"a {thing.name}, {word} background" for word in COLOURS for thing in some])
    found = judge.backgrounds(judged, plain)
    yield Figure("background of a colour", _same(found, wanted * SEEDS), chance, len(found))
    wanted = [word for word in SCENE_WORDS for _ in some]
    drawn = _drawn(loaded, [f"a {thing.name} {words[0]}" for words in SCENE_WORDS.values() for thing in some])
    found = judge.backgrounds(judged, drawn)
    yield Figure("background of a scene", _same(found, wanted * SEEDS), chance, len(found))


def _same(found: Sequence[str], wanted: Sequence[str]) -> float:
    return float(np.mean([one == other for one, other in zip(found, wanted, strict=True)]))


def _sharpness(loaded: Loaded, things: Sequence[Concept]) -> Iterator[Figure]:
    prompts = [f"a {thing.name}, blue background" for thing in things[:20]]
    none, against = (
        judge.sharpness(_drawn(loaded, prompts, negative=negative)) for negative in ("", "blurry, low quality")
    )
    asked = judge.sharpness(_drawn(loaded, [f"{prompt}, blurry, low quality" for prompt in prompts], negative=""))
    yield Figure("sharpness with blur as the negative, ratio", float(against.mean() / none.mean()), 1, 2 * none.size)
    yield Figure("sharpness with blur in the prompt, ratio", float(asked.mean() / none.mean()), 1, 2 * none.size)


def _styles(loaded: Loaded, scale: Scale, judged: Judge, things: Sequence[Concept]) -> Iterator[Figure]:
    asked = {**{style: STYLES[style][0] for style in scale.styles}, "monochrome": "monochrome", "pixel": "pixel art"}
    some = things[:16]
    for style, word in asked.items():
        found = judge.styles(judged, _drawn(loaded, [f"a {thing.name}, {word}" for thing in some]), scale.styles)
        yield Figure(f"style {style}", _same(found, [style] * len(found)), 1 / len(asked), len(found))


def _seeds(loaded: Loaded, things: Sequence[Concept]) -> Iterator[Figure]:
    prompts = [f"a {thing.name}" for thing in things[:8]]
    once, again, other = (draw(loaded, prompts, [seed] * len(prompts)).astype(np.float32) for seed in (1, 1, 2))
    yield Figure("same seed, mean difference of 255", float(np.abs(once - again).mean()), 0, 16)
    yield Figure("other seed, mean difference of 255", float(np.abs(once - other).mean()), 0, 16)
