"""Pictures that came without a word: kept, asked about, painted over, or drawn again by the recipe in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.chat import Card, Upload
from engine.pixels import png_recipe
from engine.recipe import Recipe, Source
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_png

PHOTO = Upload("photo.png", a_png(side=64))


async def sent(at: House, *files: Upload, text: str = "") -> Card:
    return at.chat.messages[await at.say(text, files=files)]


def drawn_by(recipe: Recipe) -> Upload:
    return Upload("old.png", png_recipe.png(Image.new("RGB", (64, 64)), recipe))


async def pressed(at: House, action: str, target: str, account: str = "ann", **values: str) -> Recipe | str:
    """What is drawn, or why nothing is."""
    before = len(at.pool.drawn)
    key = await at.press(action, target, account, **values)
    if key in at.chat.messages:
        return at.chat.messages[key].text.key
    return (await at.job((await at.drawn(before + 1))[-1])).recipe


@pytest.mark.parametrize("text", ["", "   "])
async def test_a_picture_without_a_word_is_kept_and_asked_about(tmp_path: Path, text: str) -> None:
    async with house(tmp_path) as at:
        card = await sent(at, PHOTO, text=text)
        assert (card.kind, card.text.key, at.pool.drawn) == ("answer", "sent.what", [])
        [paint] = card.buttons
        assert paint.action == "paint_over"
        assert await pressed(at, "paint_over", paint.target, prompt="  ") == "sent.how"
        assert await pressed(at, "paint_over", paint.target, "bob", prompt="a cat") == "access.not_yours"
        made = await pressed(at, "paint_over", paint.target, prompt="一只猫 --strength 0.4")
        assert isinstance(made, Recipe) and made.source and made.source.strength == 0.4
        assert await at.db.files.get(made.source.picture) == PHOTO.content and "cat" in made.prompt.positive


async def test_several_are_asked_about_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await sent(at, PHOTO, Upload("b.png", a_png((0, 200, 0), side=64)))
        assert (card.text.key, card.text.values) == ("sent.what_of_them", {"count": 2})
        assert [one.action for one in card.buttons] == ["paint_over"]
        await at.press("paint_over", card.buttons[0].target, prompt="a cat")
        [job] = await at.drawn(1)
        assert len((await at.job(job)).recipes) == 2


async def test_a_recipe_in_the_file_is_offered(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        old = replace(await at.recipe("a red apple --steps 7"), seed=77)
        card = await sent(at, drawn_by(old))
        assert card.text.key == "sent.what_with_recipe" and card.text.values == {"code": old.code}
        assert [one.action for one in card.buttons] == ["paint_over", "paper_draw", "paper_prompt", "paper_compare"]
        assert any(field.value == "77" for field in card.fields)
        assert await pressed(at, "paper_draw", card.buttons[1].target) == old


@pytest.mark.parametrize("whose", ["nobody", "bob"])
async def test_a_recipe_never_draws_over_the_file_of_another(tmp_path: Path, whose: str) -> None:
    async with house(tmp_path) as at:
        old = await at.recipe("a red apple")
        base = "0" * 64
        if whose == "bob":
            over = await at.recipe("a boat", account="bob", files=(PHOTO,))
            assert over.source
            base = over.source.picture
        card = await sent(at, drawn_by(replace(old, source=Source(base, 0.5))))
        assert await pressed(at, "paper_draw", card.buttons[1].target) == "sent.base"
        own = await at.recipe("a boat", files=(Upload("c.png", a_png((9, 9, 9), side=64)),))
        card = await sent(at, drawn_by(own))
        assert await pressed(at, "paper_draw", card.buttons[1].target) == own


async def test_what_is_gone_is_said(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert await pressed(at, "paint_over", "nothing", prompt="a cat") == "sent.gone"
        target = (await sent(at, PHOTO)).buttons[0].target
        for file in (tmp_path / "files").rglob("*.png") if (tmp_path / "files").is_dir() else tmp_path.rglob("*.png"):
            file.unlink()
        assert await pressed(at, "paint_over", target, prompt="a cat") == "sent.gone"
