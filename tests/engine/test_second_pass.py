"""The second pass: A1111's sizes, and words, sampler and guidance of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import second_pass
from engine.files import catalog
from engine.files.sizes import finished_size
from engine.recipe import A1111, Hires, Recipe
from prompts.errors import Refusal
from prompts.prompt import LoraUse
from tests.engine.drawing import recipe
from tests.fakes import a_recipe

SIZES: tuple[tuple[tuple[int, int], Hires, tuple[int, int], tuple[int, int, int, int]], ...] = (
    ((512, 768), Hires(2.0, 0.5), (1024, 1536), (0, 0, 1024, 1536)),
    ((520, 512), Hires(1.3, 0.5), (676, 665), (0, 0, 672, 664)),  # pixels beyond the last eighth are lost
    ((512, 768), Hires(0.0, 0.5, width=1024), (1024, 1536), (0, 0, 1024, 1536)),
    ((512, 768), Hires(0.0, 0.5, height=1000), (666, 1000), (0, 0, 664, 1000)),
    ((512, 768), Hires(2.0, 0.5, width=1024, height=1024), (1024, 1536), (0, 256, 1024, 1280)),
    ((768, 512), Hires(2.0, 0.5, width=1024, height=1000), (1500, 1000), (232, 0, 1256, 1000)),
    ((512, 512), Hires(2.0, 0.5, width=1024, height=1000), (1024, 1024), (0, 8, 1024, 1008)),
)


@pytest.mark.parametrize(("base", "hires", "enlarged", "box"), SIZES)
def test_sizes_are_a1111s(
    base: tuple[int, int], hires: Hires, enlarged: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    own = recipe(width=base[0], height=base[1], like=A1111())
    assert second_pass.size(own, hires) == second_pass.SecondSize(enlarged, box)


def test_a_size_instead_of_a_factor_is_no_matter_of_whose_way() -> None:
    for base, hires, enlarged, box in SIZES[2:]:
        own = recipe(width=base[0], height=base[1])
        assert second_pass.size(own, hires) == second_pass.SecondSize(enlarged, box)
    assert second_pass.size(recipe(width=128, height=96), Hires(1.3, 0.5)).finished == (168, 128)


def second(own: Recipe, **hires: object) -> Recipe:
    return second_pass.recipe(own, Hires(2.0, 0.5, **hires))  # type: ignore[arg-type]


def test_nothing_said_is_the_pictures_own() -> None:
    own = recipe(sampler="DPM++ 2M Karras")
    made = second(own)
    assert (made.prompt, made.sampler, made.guidance, made.steps) == (own.prompt, own.sampler, own.guidance, own.steps)


@pytest.mark.parametrize(
    ("first", "sampler", "schedule", "drawn"),
    [
        ("DPM++ 2M Karras", "euler a", "", "Euler a"),
        ("DPM++ 2M Karras", "", "Exponential", "DPM++ 2M Exponential"),
        ("DPM++ 2M Karras", "", "Automatic", "DPM++ 2M"),
        ("Euler", "Heun", "Karras", "Heun Karras"),
    ],
)
def test_a_sampler_of_its_own_is_one_of_the_table(first: str, sampler: str, schedule: str, drawn: str) -> None:
    assert second(recipe(sampler=first), sampler=sampler, schedule=schedule).sampler == drawn


def test_in_a1111s_way_sampler_and_schedule_stand_apart() -> None:
    own = recipe(sampler="DPM++ 2M", like=A1111("Karras"))
    made = second(own, sampler="Euler", schedule="Beta")
    assert made.like and (made.sampler, made.like.schedule) == ("Euler", "Beta")
    made = second(own, sampler="Euler Exponential")
    assert made.like and (made.sampler, made.like.schedule) == ("Euler", "Exponential")
    made = second(own)
    assert made.like and (made.sampler, made.like.schedule) == ("DPM++ 2M", "Karras")


@pytest.mark.parametrize(
    ("hires", "key"),
    [
        (Hires(2.0, 0.5, sampler="Eulr"), "sampler.unknown"),
        (Hires(2.0, 0.5, schedule="Carras"), "schedule.unknown"),
        (Hires(2.0, 0.5, schedule="Beta"), "sampler.unknown"),
        (Hires(2.0, 0.5, guidance=99.0), "guidance.not_allowed"),
        (Hires(0.0, 0.5, width=20_000), "size.not_allowed"),
        (Hires(0.0, 0.5), "upscale.factor"),
    ],
)
def test_what_cannot_be_is_refused_before_anybody_waits(hires: Hires, key: str) -> None:
    own = replace(a_recipe(), hires=hires)
    with pytest.raises(Refusal) as caught:
        finished_size(own, catalog.builtin())
    assert caught.value.key == key


def test_words_of_its_own_bring_their_loras() -> None:
    own = recipe("a cat", negative="bad")
    own = replace(own, prompt=replace(own.prompt, loras=(LoraUse("first"),)))
    own = replace(own, hires=Hires(2.0, 0.5, prompt="a dog <lora:second:0.5>", negative="ugly"))
    words = second_pass.prompt(own)
    assert (words.positive, words.negative, words.loras) == ("a dog", "ugly", (LoraUse("second", 0.5),))
    whole = second_pass.all_words(own)
    assert "a cat" in whole.positive and "a dog" in whole.positive and len(whole.loras) == 2
    same = replace(own, hires=Hires(2.0, 0.5))
    assert second_pass.prompt(same) is second_pass.all_words(same) is same.prompt
