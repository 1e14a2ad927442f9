"""Sizes of enlarged pictures and of second passes, and those that are refused."""

from __future__ import annotations

import pytest

from engine.files import catalog
from engine.files.sizes import check_hires, check_upscale
from engine.recipe import Hires, Upscale
from prompts.errors import Refusal


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
        check_hires(asked, catalog.builtin(), 256, 256)
    assert caught.value.key == key


def test_a_second_pass_has_sides_of_eighths() -> None:
    assert check_hires(Hires(1.3, 0.5), catalog.builtin(), 128, 96) == (168, 128)
