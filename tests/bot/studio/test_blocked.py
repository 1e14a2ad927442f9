"""What somebody never wants to see is left out of every text that a picture is drawn by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.studio.blocked import without
from engine.recipe import Fix, Hires, Recipe
from engine.regions import Regions
from prompts.errors import Refusal
from prompts.prompt import Fragment, Prompt
from tests.fakes import a_recipe

HAT = {"hat": "hat"}


def recipe(words: str, **more: object) -> Recipe:
    return replace(a_recipe(), prompt=Prompt(words, (Fragment(words),), raw=True), **more)


def test_in_a_second_pass_and_in_what_is_fixed_too() -> None:
    fixes = Fix("face", 0.4, "[PROMPT], hat, smile"), Fix("hand", 0.4)
    made = without(recipe("a cat", hires=Hires(2.0, 0.5, prompt="a cat, hat"), fixes=fixes), HAT)
    assert made.hires and made.hires.prompt == "a cat"
    assert [one.prompt for one in made.fixes] == ["[PROMPT], smile", ""]
    assert [(one.key, one.values) for one in made.prompt.notes] == [("note.blocked", {"words": "hat"})]


def test_what_has_none_of_it_stays_as_it_is() -> None:
    one = recipe("a cat", hires=Hires(2.0, 0.5, prompt="a (cat:1.2) , moon"), fixes=(Fix("face", 0.4, "[PROMPT], x"),))
    assert without(one, HAT) == one


def test_a_region_that_is_blocked_as_a_whole_is_told_before_anything_waits() -> None:
    places = Regions(((0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)))
    assert without(recipe("a AND hat, cat AND dog", regions=places), HAT).prompt.positive == "a AND cat AND dog"
    with pytest.raises(Refusal, match=r"blocked\.nothing_left"):
        without(recipe("a AND hat AND dog", regions=places), HAT)
