"""Controls that never act are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.studio.guides import idle
from engine.control import Control
from engine.recipe import Fix, Hires, Upscale
from tests.fakes import a_recipe


@pytest.mark.parametrize(
    ("control", "never"),
    [
        (Control("x", "a"), False),
        (Control("x", "a", start=0.0, end=0.2), True),
        (Control("x", "a", start=0.0, end=0.25), False),
        (Control("x", "a", stages="first"), False),
        (Control("x", "a", stages="second"), True),
    ],
)
def test_one_whose_steps_never_come_is_idle(control: Control, never: bool) -> None:
    assert idle(control, a_recipe(steps=4)) is never


def test_what_is_drawn_again_is_a_second_pass() -> None:
    second, plain = Control("x", "a", stages="second"), a_recipe(steps=4)
    assert not idle(second, replace(plain, hires=Hires(2.0, 0.5)))
    assert not idle(second, replace(plain, fixes=(Fix("face", 0.4),)))
    assert not idle(second, replace(plain, upscale=Upscale("Lanczos", 2.0, 0.3)))
    assert idle(second, replace(plain, upscale=Upscale("Lanczos", 2.0)))
