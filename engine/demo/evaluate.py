"""Whether the model draws what it is told: a figure for each kind of word, with chance beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.demo import composer, judge, scenes
from engine.demo.captions import FLAWS, NUMBERS, SCENE_WORDS, STYLES, plural
from engine.demo.concepts import Concept, concepts
from engine.demo.drawing import draw
from engine.demo.judge import Judge, Pictures
from engine.demo.scale import Scale
from engine.models.loaded import Loaded

NEGATIVE = "worst quality, blurry, low quality"
# Words told from each other by hue or lightness even where a thing has shadows and lights of its own.
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black", "white")
GRADED = ("red", "green", "blue", "yellow", "purple")
WEIGHTS = (0.5, 1.0, 1.5)
STEPS = 12  # a picture: enough to judge by
STRENGTHS = (0.25, 0.5, 0.9)
SEEDS = 1  # pictures a prompt: the many prompts are samples enough


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
    yield from _things(loaded, judged, things)
    yield from _colours(loaded, things)
    yield from _weights(loaded, things)
    yield from _backgrounds(loaded, judged, things)
    yield from _pairs(loaded, judged, things)
    yield from _layouts(loaded, judged, things)
    yield from _sharpness(loaded, things)
    yield from _styles(loaded, scale, judged, things)
    yield from _flaws(loaded, judged, things)
    yield from _seeds(loaded, things)
    yield from _strengths(loaded, things)


def _drawn(loaded: Loaded, prompts: Sequence[str], first: int = 100, negative: str = NEGATIVE) -> Pictures:
    """SEEDS pictures of every prompt, one seed after the other."""
    seeds = [first + turn for turn in range(SEEDS) for _ in prompts]
    return draw(loaded, list(prompts) * SEEDS, seeds, negative=negative, steps=STEPS)


def _things(loaded: Loaded, judged: Judge, things: Sequence[Concept]) -> Iterator[Figure]:
    right = np.tile(np.arange(len(things)), SEEDS)
    random = np.random.default_rng(1)
    plain = [a(thing) for thing in things]
    mixed = [
        f"a {colour} {thing.name} {SCENE_WORDS[scene][0]}"
        for thing, colour, scene in zip(
            things,
            random.choice(COLOURS, len(things)),
            random.choice(list(SCENE_WORDS), len(things)),
            strict=True,
        )
    ]
    for name, prompts in (("thing named alone", plain), ("thing named with colour and scene", mixed)):
        found = judge.look(judged, _drawn(loaded, prompts)).things
        yield Figure(name, float((found[:, 0] == right).mean()), 1 / len(things), len(found))
        yield Figure(f"{name}, among the first five", _among(found[:, :5], right), 5 / len(things), len(found))


def _among(found: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    return float((found == right[:, None]).any(axis=1).mean())


def a(thing: Concept) -> str:
    """The thing with its article."""
    return f"{'an' if thing.name[0] in 'aeio' else 'a'} {thing.name}"


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


def _backgrounds(loaded: Loaded, judged: Judge, things: Sequence[Concept]) -> Iterator[Figure]:
    some = things[:8]
    chance = 1 / len(judge.BACKGROUNDS)
    wanted = [word for word in COLOURS for _ in some]
    plain = _drawn(loaded, [f"a {thing.name}, {word} background" for word in COLOURS for thing in some])
    found = judge.look(judged, plain).backgrounds
    yield Figure("background of a colour", _same(found, wanted * SEEDS), chance, len(found))
    wanted = [word for word in SCENE_WORDS for _ in some]
    drawn = _drawn(loaded, [f"a {thing.name} {words[0]}" for words in SCENE_WORDS.values() for thing in some])
    found = judge.look(judged, drawn).backgrounds
    yield Figure("background of a scene", _same(found, wanted * SEEDS), chance, len(found))


def _same(found: Sequence[str], wanted: Sequence[str]) -> float:
    return float(np.mean([one == other for one, other in zip(found, wanted, strict=True)]))


def _pairs(loaded: Loaded, judged: Judge, things: Sequence[Concept]) -> Iterator[Figure]:
    random = np.random.default_rng(2)
    chosen = np.stack([random.choice(len(things), 2, replace=False) for _ in range(60)])
    drawn = _drawn(loaded, [f"{a(things[one])} and {a(things[other])}" for one, other in chosen])
    hits = paired(judged, drawn, np.tile(chosen, (SEEDS, 1)))
    chance = 2 / len(things)
    yield Figure("two things, both shown", float(hits.all(axis=1).mean()), chance * chance / 2, len(hits))
    yield Figure("two things, one of them shown", float(hits.any(axis=1).mean()), 2 * chance, len(hits))


def paired(judged: Judge, pictures: Pictures, wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each of the two things wanted (n, 2) is seen in the left or the right half, (n, 2)."""
    found = np.stack([judge.look(judged, half).things[:, 0] for half in judge.halves(pictures)], axis=1)
    hits: NDArray[np.bool_] = (found[:, None] == wanted[:, :, None]).any(axis=2)
    return hits


def _layouts(loaded: Loaded, judged: Judge, things: Sequence[Concept]) -> Iterator[Figure]:
    some = things[:60:3]
    for count, word in NUMBERS.items():
        drawn = _drawn(loaded, [f"{word} {plural(thing.name)}" for thing in some])
        found = judge.look(judged, drawn).layouts
        yield Figure(f"{word} of a thing", _same(found, [judge.LAYOUTS[count]] * len(found)), 1 / 4, len(found))
    wanted = [place for place in composer.PLACES for _ in some]
    drawn = _drawn(loaded, [f"{a(thing)} on the {place}" for place in composer.PLACES for thing in some])
    found = judge.look(judged, drawn).layouts
    yield Figure("left, right, top, bottom", _same(found, wanted * SEEDS), 1 / 5, len(found))


def _sharpness(loaded: Loaded, things: Sequence[Concept]) -> Iterator[Figure]:
    prompts = [f"a {thing.name}, blue background" for thing in things[:20]]
    none, against = (
        judge.sharpness(_drawn(loaded, prompts, negative=negative)) for negative in ("", "blurry, low quality")
    )
    asked = judge.sharpness(_drawn(loaded, [f"{prompt}, blurry, low quality" for prompt in prompts], negative=""))
    yield Figure("sharpness with blur as the negative, ratio", float(against.mean() / none.mean()), 1, 2 * none.size)
    yield Figure("sharpness with blur in the prompt, ratio", float(asked.mean() / none.mean()), 1, 2 * none.size)


def _styles(loaded: Loaded, scale: Scale, judged: Judge, things: Sequence[Concept]) -> Iterator[Figure]:
    some = things[:60:3]
    rights = []
    for style in scale.styles:
        drawn = judge.look(judged, _drawn(loaded, [f"{a(thing)}, {STYLES[style][0]}" for thing in some]))
        rights.append(_same(drawn.styles, [style] * len(drawn.styles)))
        yield Figure(f"style {style}", rights[-1], 1 / len(scale.styles), len(drawn.styles))
    yield Figure("styles, all", float(np.mean(rights)), 1 / len(scale.styles), len(some) * SEEDS * len(rights))


def _flaws(loaded: Loaded, judged: Judge, things: Sequence[Concept]) -> Iterator[Figure]:
    for flaw, (word, *_) in FLAWS.items():
        prompts = [f"{a(thing)}, low quality, {word}" for thing in things[:60:3]]
        found = judge.look(judged, _drawn(loaded, prompts, negative="")).flaws
        yield Figure(f"{word} when asked for", _same(found, [flaw] * len(found)), 1 / len(judge.FLAWS), len(found))


def _seeds(loaded: Loaded, things: Sequence[Concept]) -> Iterator[Figure]:
    prompts = [f"a {thing.name}" for thing in things[:8]]
    once, again, other = (draw(loaded, prompts, [seed] * len(prompts)).astype(np.float32) for seed in (1, 1, 2))
    yield Figure("same seed, mean difference of 255", float(np.abs(once - again).mean()), 0, 16)
    yield Figure("other seed, mean difference of 255", float(np.abs(once - other).mean()), 0, 16)


def _strengths(loaded: Loaded, things: Sequence[Concept]) -> Iterator[Figure]:
    some, others = things[:16], things[16:32]
    source = _drawn(loaded, [f"{a(thing)}, blue background" for thing in some])
    prompts = [f"{a(thing)}, yellow background" for thing in others]
    gaps = []
    for strength in STRENGTHS:
        drawn = draw(loaded, prompts, [9] * len(prompts), steps=STEPS, source=source, strength=strength)
        gaps.append(np.abs(drawn.astype(np.float32) - source).mean(axis=(1, 2, 3)))
        yield Figure(f"img2img at {strength}, difference of 255", float(gaps[-1].mean()), 0, len(prompts))
    rising = np.all(np.diff(np.stack(gaps), axis=0) > 0, axis=0)
    yield Figure("img2img goes further with each strength", float(rising.mean()), 1 / 6, len(prompts))
