"""Sizes of enlarged pictures and of second passes, and those that are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.files import catalog
from engine.files.sizes import check_hires, check_upscale, finished_size
from engine.recipe import Hires, Source, Upscale
from prompts.errors import Refusal
from tests.fakes import a_recipe


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        (Upscale("Lanzos", 2.0), "upscaler.unknown"),
        (Upscale("Lanczos", 0.5), "upscale.factor"),
        (Upscale("Lanczos", float("nan")), "upscale.factor"),
        (Upscale("Lanczos", 8.0), "upscale.too_large"),
        (Upscale("Lanczos", 2.0, float("nan")), "strength.not_allowed"),
    ],
)
def test_what_cannot_be_enlarged_is_refused(asked: Upscale, key: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_upscale(asked, 2048, 2048)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        (Hires(9.0, 0.5), "upscale.factor"),
        (Hires(2.0, 1.5), "strength.not_allowed"),
        (Hires(2.0, 0.5, 1000), "steps.not_allowed"),
        (Hires(2.0, 0.5, upscaler="Latnt"), "upscaler.unknown"),
        (Hires(4.0, 0.5), "size.not_allowed"),
    ],
)
def test_second_passes_that_cannot_be_are_refused(asked: Hires, key: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_hires(replace(a_recipe(), width=256, height=256), asked, catalog.builtin())
    assert caught.value.key == key


def test_a_picture_taken_as_it_is_may_be_larger_than_the_model_draws() -> None:
    as_it_is = replace(a_recipe(), width=1024, height=1024, source=Source("a" * 64, 0.0))
    tiled = replace(as_it_is, upscale=Upscale("Lanczos", 2.0, 0.35))
    assert finished_size(tiled, catalog.builtin()) == (2048, 2048)
    for own in (replace(as_it_is, source=Source("a" * 64, 0.1)), replace(as_it_is, width=99_999)):
        with pytest.raises(Refusal):
            finished_size(own, catalog.builtin())


def test_a_second_pass_has_sides_of_eighths() -> None:
    own = replace(a_recipe(), width=128, height=96)
    assert check_hires(own, Hires(1.3, 0.5), catalog.builtin()) == (168, 128)
