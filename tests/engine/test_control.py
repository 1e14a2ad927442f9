"""What guides a picture's shapes, as a recipe has it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.control import Control
from engine.recipe import Recipe, Source
from tests.fakes import a_recipe

MAP, OTHER = "a" * 64, "b" * 64


def test_a_recipe_with_controls_is_read_back_and_one_without_keeps_its_code() -> None:
    plain = a_recipe()
    assert "controls" not in plain.to_json() and replace(plain, controls=()).code == plain.code
    controls = (Control("demo-edges", MAP), Control("pose", OTHER, 0.5, 0.1, 0.8, "control", low=0.0, mask=MAP))
    own = replace(plain, controls=controls)
    assert Recipe.from_json(own.to_json()) == own and own.code != plain.code
    assert own.to_json()["controls"][0] == {"net": "demo-edges", "picture": MAP}  # type: ignore[index,call-overload]


def test_a_recipe_knows_its_files_each_once() -> None:
    own = replace(a_recipe(), source=Source(OTHER, 0.5), controls=(Control("x", MAP, mask=OTHER), Control("y", MAP)))
    assert own.files == (OTHER, MAP)


@pytest.mark.parametrize(
    ("start", "end", "steps", "acting"),
    [(0.0, 1.0, 4, [0, 1, 2, 3]), (0.25, 0.75, 4, [1, 2]), (0.0, 0.5, 5, [0, 1]), (0.9, 1.0, 4, [])],
)
def test_it_acts_at_the_steps_that_diffusers_counts(start: float, end: float, steps: int, acting: list[int]) -> None:
    control = Control("x", MAP, start=start, end=end)
    assert [step for step in range(steps) if control.acts(step, steps)] == acting
    assert not any(replace(control, strength=0.0).acts(step, steps) for step in range(steps))
