"""A picture of the engine equals that of diffusers' own pipeline: every sampler, alone and among strangers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.models.loaded import Loaded
from engine.recipe import Recipe
from engine.samplers import SAMPLERS
from tests.engine.drawing import Pixels, draw, gap, over, photograph, recipe, reference

LONG = "a cat, " * 30  # three chunks, which the short prompts beside it must not feel
STEPS = {name: 2 + index % 3 for index, name in enumerate(SAMPLERS)}
USUAL = [name for name in SAMPLERS if not name.endswith(" Exponential")]
GUIDANCE = {name: (7.0, 1.0, 3.0)[index % 3] for index, name in enumerate(SAMPLERS)}


def one(name: str, **changes: Any) -> Recipe:
    return recipe(
        "a red cat",
        negative="blurry",
        seed=len(name),
        sampler=name,
        steps=STEPS[name],
        guidance=GUIDANCE[name],
        **changes,
    )


@pytest.fixture(scope="module")
def crowd(loaded: Loaded) -> dict[str, Pixels]:
    """Every sampler at once, with other steps, seeds and guidance, beside a long prompt; a third joins late."""
    recipes = [*(one(name) for name in SAMPLERS), recipe(LONG, seed=8, steps=7, sampler="Euler a")]
    return dict(zip(SAMPLERS, draw(loaded, recipes, late=range(0, len(SAMPLERS), 3)), strict=False))


@pytest.fixture(scope="module")
def crowd_over(loaded: Loaded) -> dict[str, Pixels]:
    """The same over a picture."""
    recipes = [one(name, source=over(0.7)) for name in USUAL]
    return dict(zip(USUAL, draw(loaded, recipes, source=photograph()), strict=True))


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler(name: str, loaded: Loaded, pipeline: Any, crowd: dict[str, Pixels]) -> None:
    expected = reference(pipeline, one(name))
    assert expected.std() > 20  # a grey picture would prove nothing
    [alone] = draw(loaded, [one(name)])
    assert gap(alone, expected) <= 1
    assert gap(crowd[name], expected) <= 1


@pytest.mark.parametrize("name", USUAL)
def test_every_sampler_over_a_picture(name: str, pipeline: Any, crowd_over: dict[str, Pixels]) -> None:
    expected = reference(pipeline, one(name, source=over(0.7)), photograph())
    assert expected.std() > 20
    assert gap(crowd_over[name], expected) <= 1


@pytest.mark.parametrize(("guidance", "negative"), [(1.0, "blurry"), (0.5, ""), (1.5, ""), (12.0, "a dog")])
def test_guidance_and_negative(guidance: float, negative: str, loaded: Loaded, pipeline: Any) -> None:
    own = recipe(negative=negative, guidance=guidance, steps=3)
    assert gap(draw(loaded, [recipe(seed=3), own])[-1], reference(pipeline, own)) <= 1


@pytest.mark.parametrize("rescale", [0.3, 1.0])
def test_guidance_rescale(rescale: float, loaded: Loaded, pipeline: Any) -> None:
    own = recipe(negative="a dog", guidance=12.0, rescale=rescale, steps=3)
    expected = reference(pipeline, own)
    assert gap(expected, reference(pipeline, replace(own, rescale=0.0))) > 10
    assert gap(draw(loaded, [own])[0], expected) <= 1
    assert gap(draw(loaded, [recipe(seed=3, guidance=5.0), own])[-1], expected) <= 1


def test_sizes_that_are_not_square(loaded: Loaded, pipeline: Any) -> None:
    wide, tall = recipe(width=128, height=64, steps=3), recipe(width=64, height=96, steps=3)
    both = draw(loaded, [wide, tall])
    for own, drawn in zip((wide, tall), both, strict=True):
        assert drawn.shape == (own.height, own.width, 3)
        assert gap(drawn, reference(pipeline, own)) <= 1


def test_one_step(loaded: Loaded, pipeline: Any) -> None:
    for name in (name for name in USUAL if not name.endswith(" Karras")):
        own = recipe(sampler=name, steps=1, guidance=1.0)
        assert gap(draw(loaded, [own])[0], reference(pipeline, own)) <= 1, name


def test_seeds_and_prompts_matter(loaded: Loaded) -> None:
    first, seed, words = draw(loaded, [recipe(seed=1), recipe(seed=2), recipe("a green boat", seed=1)])
    assert gap(first, seed) > 30
    assert gap(first, words) > 10
