"""A picture edited as a whole: what the form says, and what becomes of it when something in it is changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot import texts
from bot.buttons.forms import FIELDS, form, loras
from bot.people import owned
from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.prompt import LoraUse
from storage import pictures
from tests.bot.studio.test_studio import House, house

GIRL = "黑色长发的女孩，（红色帽子：1.2） --seed 7 --steps 9 --no 水印 --style 水墨 -nt 夏目"


async def drawn(at: House, text: str = GIRL) -> tuple[str, Recipe]:
    row = await pictures.get(at.db, await at.picture(text))
    assert row
    return row.id, row.recipe


async def edited(at: House, picture: str, **values: str) -> Recipe:
    """The recipe of the job that a form became."""
    count = len(at.pool.drawn)
    await at.press("edit", picture, "ann", **values)
    job = (await at.drawn(count + 1))[-1]
    made = (await owned.job(at.db, await at.person(), job)).job.recipe
    at.pool.finish(job)
    return made


async def test_the_form_says_what_the_recipe_says(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        _, recipe = await drawn(at)
        filled = form(recipe)
        assert tuple(filled) == FIELDS
        assert (filled["seed"], filled["steps"], filled["model"], filled["guidance"]) == ("7", "9", "danqing-demo", "4")
        assert filled["prompt"] == '黑色长发的女孩，（红色帽子：1.2） -nt "夏目"' and filled["negative"] == "水印"


async def test_only_what_was_changed_is_different(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture, recipe = await drawn(at)
        filled = dict(form(recipe))
        other = await edited(at, picture, **{**filled, "seed": "8", "guidance": "5.5"})
        assert (other.seed, other.guidance, other.steps) == (8, 5.5, 9)
        assert replace(other.prompt, notes=()) == recipe.prompt
        said = await edited(at, picture, prompt=filled["prompt"].replace("黑色", "蓝色"))
        assert "blue" in said.prompt.positive and "black" not in said.prompt.positive
        assert "→" in texts.say("en", said.prompt.notes[-1].key, **said.prompt.notes[-1].values)
        assert "夏目" in said.prompt.positive and "(red hat:1.2)" in said.prompt.positive
        assert (said.seed, said.steps, said.width, said.sampler) == (7, 9, recipe.width, recipe.sampler)
        ink = [one.text for one in recipe.prompt.part("quality_style") if one.origin == "preset"]
        assert [one.text for one in said.prompt.part("quality_style") if one.origin == "preset"] == ink
        denied = await edited(at, picture, negative="文字")
        assert "text" in denied.prompt.negative and "watermark" not in denied.prompt.negative
        assert denied.prompt.positive == recipe.prompt.positive
        again = await edited(at, picture, seed="", steps="")
        assert again.steps == 9 and replace(again.prompt, notes=()) == recipe.prompt


async def test_options_newly_written_into_the_text_count(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture, recipe = await drawn(at, "a red apple, 2张")
        plain = await edited(at, picture, prompt="a green apple")
        assert len((await owned.job(at.db, await at.person(), at.pool.drawn[-1][0])).job.recipes) == 1
        assert plain.seed == recipe.seed
        wide = await edited(at, picture, prompt="a green apple，横图")
        assert wide.width > wide.height


async def test_loras_in_a_form(tmp_path: Path) -> None:
    assert loras("ink:0.8, <lora:line art:1.2>；soft") == (
        LoraUse("ink", 0.8),
        LoraUse("line art", 1.2),
        LoraUse("soft"),
    )
    for wrong in ("ink:much", "ink:9", ":1"):
        with pytest.raises(Refusal) as caught:
            loras(wrong)
        assert caught.value.key == "lora.form"


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"seed": "7"}, "edit.unchanged"),
        ({"steps": "many"}, "option.bad_value"),
        ({"steps": "999"}, "option.out_of_range"),
        ({"model": "nobody"}, "model.unknown"),
        ({"prompt": ""}, "prompt.empty"),
        ({"loras": "nothing:1"}, "lora.none"),
    ],
)
async def test_what_a_form_cannot_ask_for(tmp_path: Path, values: dict[str, str], key: str) -> None:
    async with house(tmp_path) as at:
        picture, _ = await drawn(at)
        said = await at.press("edit", picture, "ann", **values)
        assert at.chat.messages[said].kind == "error" and at.chat.messages[said].text.key == key


async def test_a_strangers_picture_is_not_edited(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture, _ = await drawn(at)
        key = await at.press("edit", picture, "bob", seed="1")
        assert at.chat.messages[key].text.key == "access.not_yours"
