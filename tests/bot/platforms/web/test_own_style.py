"""Whoever takes over a recipe gets the picture that it was, and whoever takes its words draws them in their own style:
one that a person always wants is neither lost nor added twice, and a stranger's does not come along."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from PIL import Image

from bot.platforms.web.recipe_text import as_text
from engine.pixels import png_recipe
from engine.recipe import Recipe
from prompts.presets import key
from prompts.prompt import Prompt
from prompts.styles import find_style
from storage import people
from tests.bot.commands.test_papers import pressed, shown, stamped
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_lora

INK, NEON = (find_style(name).positive[0] for name in ("ink-wash", "cyberpunk"))
STYLES = ("style ink-wash", "style cyberpunk")
SETTINGS = ("", *STYLES, "loras ink:0.5", "expand off", "assistant off")
LINE = "Steps: 9, Sampler: Euler a, CFG scale: 5.5, Seed: 4711, Size: 128x64, Version: v1.10.1"


async def used(at: House, made: Recipe, account: str) -> tuple[str, Recipe]:
    """What is put into somebody's input to use a recipe, and what they draw who send it."""
    text = as_text(made, await people.settings(at.db, (await at.person(account)).id))
    return text, await at.recipe(text, account=account)


def drawn(recipe: Recipe) -> tuple[object, ...]:
    prompt = recipe.prompt
    tags = sorted(prompt.negative.split(", "))
    return prompt.positive, tags, prompt.loras, recipe.steps, recipe.sampler, recipe.seed, recipe.width, recipe.height


def often(prompt: Prompt, word: str) -> int:
    return Counter(key(one.text) for one in prompt.fragments)[key(word)]


@pytest.mark.parametrize(
    ("mine", "theirs"), [pair for pair in product(SETTINGS, SETTINGS) if "" in pair or pair == STYLES]
)
async def test_whoever_uses_a_recipe_draws_what_it_drew(tmp_path: Path, theirs: str, mine: str) -> None:
    async with house(tmp_path) as at:
        a_lora(tmp_path / "loras", "ink")
        at.studio.rules = replace(at.studio.rules, loras=(tmp_path / "loras",))
        for account, setting in (("ann", theirs), ("ben", mine)):
            if setting:
                await at.say(f"/settings {setting}", account)
        made = await at.recipe("a red fox in the snow", account="ann")
        text, again = await used(at, made, "ben")
        assert drawn(again) == drawn(made)
        _, own = await used(at, made, "ann")
        assert drawn(own) == drawn(made)
        if not mine and theirs != "assistant off":
            assert text.startswith("a red fox in the snow")  # in the person's own words


async def test_a_style_in_the_text_is_said_once(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/settings style ink-wash")
        made = await at.recipe("a red fox --style cyberpunk")
        text, again = await used(at, made, "ann")
        assert text.count("--style") == 1 and drawn(again) == drawn(made)
        assert (often(again.prompt, NEON), often(again.prompt, INK)) == (1, 0)


def test_the_style_is_part_of_the_recipe_only_where_the_text_does_not_say_it() -> None:
    plain = Prompt("a", ())
    assert "style" not in plain.to_json() and Prompt.from_json(plain.to_json()) == plain
    styled = replace(plain, style="ink-wash")
    assert Prompt.from_json(styled.to_json()) == styled


@pytest.mark.parametrize("words", ["a red fox, snow", f"{INK}, a red fox, snow", f"({INK}:1.2), a red fox, snow"])
async def test_the_words_of_a_paper_are_drawn_in_ones_own_style_once(tmp_path: Path, words: str) -> None:
    async with house(tmp_path) as at:
        await at.say("/settings style ink-wash")
        card = await shown(at, "", stamped(f"{words}\nNegative prompt: dog\n{LINE}"))
        await at.press("paper_prompt", pressed(card, "paper_prompt"))
        prompt = at.pool.workers[0].jobs[(await at.drawn())[0]].recipe.prompt
        assert often(prompt, INK) == 1 and "red fox" in prompt.positive and "dog" in prompt.negative


@pytest.mark.parametrize("theirs", ["", "style ink-wash", "style cyberpunk"])
async def test_the_words_of_a_recipe_of_ours_leave_its_style_behind(tmp_path: Path, theirs: str) -> None:
    async with house(tmp_path) as at:
        if theirs:
            await at.say(f"/settings {theirs}", "ben")
        await at.say("/settings style ink-wash")
        mine = await at.recipe("a red fox in the snow", account="ann")
        made = await at.recipe("a red fox in the snow", account="ben")
        card = await shown(at, "", png_recipe.png(Image.new("RGB", (64, 64)), made))
        await at.press("paper_prompt", pressed(card, "paper_prompt"))
        prompt = at.pool.workers[0].jobs[(await at.drawn(3))[-1]].recipe.prompt
        assert (often(prompt, INK), often(prompt, NEON)) == (1, 0)
        assert prompt.positive == mine.prompt.positive and prompt.negative == mine.prompt.negative
