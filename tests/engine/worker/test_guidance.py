"""Guidance that acts on a part of the way: equal to diffusers with the guidance turned off there, for half the cost."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import diffusers
import pytest
import torch

from engine import samplers
from engine.guidance_curves import GUIDANCE_CURVES
from engine.models.loaded import Loaded
from engine.recipe import A1111, Recipe
from engine.worker import guidance, prepare
from engine.worker.rows import Rows
from tests.engine.drawing import Pixels, draw, gap, pixels, recipe
from tests.prompts.infotext.test_fields import asked

OWN = recipe(negative="a dog", guidance=9.0, steps=6, seed=4)
BETWEEN = replace(OWN, guidance_start=0.3, guidance_end=0.7)
STRANGERS = [recipe("a green boat", seed=3, guidance=5.0), recipe(seed=8, steps=4, guidance=1.0)]

MULTIPLIERS: dict[str, Callable[[float], float]] = {
    "": lambda share: 1,
    "linear down": lambda share: 1 - share,
    "cosine down": lambda share: math.sin((1 - share) * math.pi / 2),
    "linear up": lambda share: share,
    "cosine up": lambda share: 2 * math.sin(share * math.pi / 4) ** 2,
}


def reference(pipeline: Any, own: Recipe) -> Pixels:
    """diffusers' picture, its guidance set to 1 from outside before every call that lies outside."""
    other = diffusers.StableDiffusionPipeline(**pipeline.components, requires_safety_checker=False)
    row = samplers.SAMPLERS[own.sampler]
    other.scheduler = getattr(diffusers, row.scheduler).from_config(
        {**pipeline.scheduler.config, "clip_sample": False}, **row.overrides
    )
    other.set_progress_bar_config(disable=True)

    def scale(at: int) -> float:
        behind = (999 - float(other.scheduler.timesteps[at])) / 1000
        if not own.guidance_start <= behind < own.guidance_end:
            return 1.0
        return 1 + (own.guidance - 1) * MULTIPLIERS[own.guidance_curve](behind)

    def before_next(pipe: Any, at: int, _: Any, given: dict[str, Any]) -> dict[str, Any]:
        if at + 1 < own.steps:
            pipe._guidance_scale = scale(at + 1)
            given["prompt_embeds"] = both if pipe._guidance_scale > 1 else both[1:]
        return given

    texts = other.encode_prompt(own.prompt.positive, "cpu", 1, True, own.prompt.negative)
    both = torch.cat([texts[1], texts[0]])
    other.scheduler.set_timesteps(own.steps)
    return pixels(
        other(
            prompt=own.prompt.positive,
            negative_prompt=own.prompt.negative,
            num_inference_steps=own.steps,
            guidance_scale=scale(0),
            width=own.width,
            height=own.height,
            generator=torch.Generator("cpu").manual_seed(own.seed),
            callback_on_step_end=before_next,
            callback_on_step_end_tensor_inputs=["prompt_embeds"],
        ).images[0]
    )


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.5), (0.3, 1.0), (0.3, 0.7)])
def test_it_acts_between_as_in_diffusers(start: float, end: float, loaded: Loaded, pipeline: Any) -> None:
    own = replace(OWN, guidance_start=start, guidance_end=end)
    expected = reference(pipeline, own)
    assert gap(expected, reference(pipeline, OWN)) > 5
    assert gap(draw(loaded, [own])[0], expected) <= 1


@pytest.mark.parametrize("curve", list(filter(None, GUIDANCE_CURVES)))
def test_it_follows_its_curve_alone_and_beside_strangers(curve: str, loaded: Loaded, pipeline: Any) -> None:
    own = replace(OWN, guidance_start=0.1, guidance_curve=curve)
    expected = reference(pipeline, own)
    assert gap(expected, reference(pipeline, replace(own, guidance_curve=""))) > 3
    alone, *_, beside = (*draw(loaded, [own]), *draw(loaded, [*STRANGERS, own]))
    assert gap(alone, expected) <= 1 and gap(beside, expected) <= 1


@pytest.mark.parametrize("like", [None, A1111("Karras")], ids=["diffusers", "A1111"])
def test_beside_strangers_it_is_as_alone(like: A1111 | None, loaded: Loaded) -> None:
    own = replace(BETWEEN, like=like, sampler="Euler")
    assert gap(draw(loaded, [*STRANGERS, own])[-1], draw(loaded, [own])[0]) <= 1
    assert gap(draw(loaded, [own])[0], draw(loaded, [replace(OWN, like=like, sampler="Euler")])[0]) > 5


def test_over_the_whole_way_it_is_the_same_to_the_bit_and_nowhere_it_is_none(loaded: Loaded) -> None:
    [plain, whole] = (draw(loaded, [one])[0] for one in (OWN, replace(OWN, guidance_end=0.99999)))
    assert gap(plain, whole) == 0 and "guidance_end" not in OWN.to_json()
    late = draw(loaded, [replace(OWN, guidance_start=0.9999)])[0]
    assert gap(late, draw(loaded, [replace(OWN, guidance=1.0)])[0]) == 0


def test_a_call_without_guidance_has_one_entry(loaded: Loaded) -> None:
    row = prepare.start("job", 0, replace(BETWEEN, quality="fast"), loaded, ())
    at_work, widths = Rows(), list[int]()
    at_work.add(row)
    while not row.done:
        widths.append(row.width)
        assert not at_work.turn().failed  # the resting levels are of another width where guidance begins and ends
    assert set(widths) == {1, 2} and widths[0] == widths[-1] == 1


def test_a_call_is_charged_by_its_own_width(loaded: Loaded) -> None:
    ends, stays = (prepare.start("job", at, replace(OWN, guidance_end=(0.3, 1.0)[at]), loaded, ()) for at in (0, 1))
    at_work = Rows(iter(range(1000)).__next__)
    at_work.add(ends)
    at_work.add(stays)
    while not ends.done:
        widths, before = (ends.width, stays.width), (ends.seconds, stays.seconds)
        assert not at_work.turn().failed
        took = (ends.seconds - before[0], stays.seconds - before[1])
        assert took[0] * widths[1] == pytest.approx(took[1] * widths[0])


def test_an_infotext_may_name_every_curve() -> None:
    for name in GUIDANCE_CURVES:
        assert asked(f"Model: x, CFG schedule: {name or 'Constant'}")[1] == ()


def test_it_counts_the_timesteps_behind() -> None:
    half = replace(OWN, guidance_start=0.25, guidance_end=0.5)
    assert [guidance.acts(half, time, 1000) for time in (999.0, 750.0, 749.0, 500.0, 499.0, 0.0)] == [
        *(False, False, True, True, False, False)
    ]
