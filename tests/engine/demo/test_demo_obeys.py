"""What the shipped weights of the built-in model truly do, by a judge taught with the real pictures and plain measures.

The thresholds lie well under the figures of the model card and far above chance. Eight steps are enough to judge by.
"""

from __future__ import annotations

import numpy as np
import pytest

from engine.demo import captions, composer, drawing, export, judge, scenes
from engine.demo.concepts import concepts
from engine.demo.evaluate import NEGATIVE, a, fullness, paired
from engine.demo.scale import SCALES
from engine.files import catalog
from engine.models.loaded import Loaded

SCALE = SCALES["laptop"]
THINGS = concepts(SCALE.concepts)
PLAIN = ("cat", "apple", "star", "balloon")
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def shipped() -> Loaded:
    return drawing.load(catalog.DEMO)


@pytest.fixture(scope="module")
def judged() -> judge.Judge:
    return judge.kept(SCALE)


def drawn(shipped: Loaded, prompts: list[str], seed: int = 5, negative: str = NEGATIVE) -> judge.Pictures:
    return drawing.draw(shipped, prompts, [seed] * len(prompts), negative=negative, steps=8)


def test_it_fits_and_has_the_layout_of_stable_diffusion_1(shipped: Loaded) -> None:
    assert sum(path.stat().st_size for path in catalog.DEMO.rglob("*") if path.is_file()) <= export.LARGEST
    assert shipped.schedule["prediction_type"] == "epsilon" and shipped.schedule["beta_schedule"] == "scaled_linear"
    assert shipped.scale == 8 and shipped.unet.config.in_channels == 4
    assert shipped.text_encoder.config.vocab_size == len(shipped.tokenizer) == 49408


def test_it_draws_what_is_named(shipped: Loaded, judged: judge.Judge) -> None:
    assert len(THINGS) >= 100
    found = judge.look(judged, drawn(shipped, [a(thing) for thing in THINGS])).things[:, 0]
    assert (found == np.arange(len(THINGS))).mean() >= 0.85


def test_colour_words_colour_the_thing(shipped: Loaded) -> None:
    words = ("red", "green", "blue")
    prompts = [f"a {word} {thing}, white background" for word in words for thing in PLAIN]
    seen = judge.middle(drawn(shipped, prompts)).reshape(3, len(PLAIN), 3)
    right = seen.argmax(axis=2) == np.arange(3)[:, None]  # the channel of the word is the strongest
    assert right.mean() >= 0.75


def test_background_words_colour_the_background(shipped: Loaded) -> None:
    words = ("red", "green", "blue", "yellow", "black", "white")
    prompts = [f"a {thing}, {word} background" for word in words for thing in PLAIN[:2]]
    seen = judge.rim(drawn(shipped, prompts, 6))
    aims = np.stack([scenes.colour(word) * 255 for word in words])
    nearest = np.linalg.norm(seen[:, None] - aims, axis=2).argmin(axis=1)
    assert (nearest == np.repeat(np.arange(len(words)), 2)).mean() >= 0.75


def test_scene_words_make_the_scene(shipped: Loaded, judged: judge.Judge) -> None:
    wanted = [scene for scene in captions.SCENE_WORDS for _ in range(2)]
    prompts = [f"{a(THINGS[index])} {captions.SCENE_WORDS[scene][0]}" for index, scene in enumerate(wanted)]
    found = judge.look(judged, drawn(shipped, prompts)).backgrounds
    assert np.mean(np.array(found) == wanted) >= 0.6


def test_a_weight_on_a_colour_acts(shipped: Loaded) -> None:
    amounts = []
    for weight in (0.5, 1.0, 1.5):
        prompts = [f"a ({word}:{weight}) {thing}, white background" for word in ("red", "blue") for thing in PLAIN]
        halves = np.split(judge.middle(drawn(shipped, prompts, 7)), 2)
        amounts.append(
            np.mean([fullness(half, word).mean() for half, word in zip(halves, ("red", "blue"), strict=True)])
        )
    assert amounts[0] < amounts[1] < amounts[2]


def test_two_things_are_both_shown(shipped: Loaded, judged: judge.Judge) -> None:
    pairs = np.random.default_rng(4).permutation(len(THINGS))[:48].reshape(-1, 2)
    pictures = drawn(shipped, [f"{a(THINGS[one])} and {a(THINGS[other])}" for one, other in pairs])
    hits = paired(judged, pictures, pairs)
    # By chance both are seen in one of 7,000 pictures.
    assert hits.all(axis=1).mean() >= 0.45 and hits.any(axis=1).mean() >= 0.8


def test_counts_and_places_beat_chance(shipped: Loaded, judged: judge.Judge) -> None:
    some = THINGS[:6]
    wanted = ["two"] * 6 + ["three"] * 6 + [place for place in composer.PLACES for _ in some]
    prompts = [f"{word} {captions.plural(thing.name)}" for word in ("two", "three") for thing in some]
    prompts += [f"{a(thing)} on the {place}" for place in composer.PLACES for thing in some]
    found = judge.look(judged, drawn(shipped, prompts)).layouts
    assert np.mean(np.array(found) == wanted) >= 0.5  # by chance 1 of 8


def test_style_words_make_the_style(shipped: Loaded, judged: judge.Judge) -> None:
    some = THINGS[:3]
    wanted = [style for style in SCALE.styles for _ in some]
    prompts = [f"{a(thing)}, {words[0]}" for words in captions.STYLES.values() for thing in some]
    found = judge.look(judged, drawn(shipped, prompts)).styles
    assert np.mean(np.array(found) == wanted) >= 0.75  # by chance 1 of 8


def test_blur_in_the_prompt_blurs_and_as_the_negative_sharpens(shipped: Loaded) -> None:
    plain = [f"a {thing}, blue background" for thing in PLAIN]
    none = judge.sharpness(drawn(shipped, plain, 8, "")).mean()
    against = judge.sharpness(drawn(shipped, plain, 8, "blurry, low quality")).mean()
    asked = judge.sharpness(drawn(shipped, [f"{one}, blurry, low quality" for one in plain], 8, "")).mean()
    assert asked < 0.6 * none < none < against


def test_seeds_decide_the_picture(shipped: Loaded) -> None:
    one, again, other = drawing.draw(shipped, ["a cat"] * 3, [1, 1, 2]).astype(np.int16)
    assert np.abs(one - again).max() <= 1 and np.abs(one - other).mean() > 2


def test_a_picture_to_begin_with_is_kept_by_the_strength(shipped: Loaded) -> None:
    source = drawn(shipped, [f"{a(thing)}, blue background" for thing in THINGS[:4]])
    prompts = [f"{a(thing)}, yellow background" for thing in THINGS[4:8]]
    gaps = []
    for strength in (0.25, 0.5, 0.9):
        changed = drawing.draw(shipped, prompts, [9] * 4, steps=12, source=source, strength=strength)
        gaps.append(np.abs(changed.astype(np.float32) - source).mean())
    assert gaps[0] * 1.3 < gaps[1] and gaps[1] * 1.3 < gaps[2]
