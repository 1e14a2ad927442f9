"""/history: by words, days, shape, model and favourites; its next page keeps what was asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import Card
from bot.platforms.discord import layout, slash_commands
from bot.platforms.telegram import keyboards
from bot.studio import suggest
from engine.job import Picture
from storage import pictures
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_png, a_recipe


async def said(at: House, text: str, account: str = "ann") -> Card:
    return at.chat.messages[await at.say(text, account)]


async def filled(at: House, count: int, *, text: str = "a red apple", width: int = 16, height: int = 16) -> list[str]:
    """So many pictures in ann's history, as ids."""
    person = await at.person()
    made = []
    async with at.db.writing() as session:
        for seed in range(count):
            recipe = replace(a_recipe(text, seed=seed), width=width, height=height)
            drawn = Picture(recipe=recipe, png=a_png((seed, 0, len(text)), width), seconds=1.0)
            made += await pictures.write(at.db, session, [drawn], person=person.id, job=None, parent=None)
    return [row.id for row in made]


async def test_pictures_are_found_by_more_than_words(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        apple, cat = await at.picture("a red apple --size 128x64"), await at.picture("一只橘猫 --size 64x128")
        await at.press("favourite", cat)

        async def found(asked: str) -> list[str]:
            return [one.id for one in (await said(at, f"/history {asked}")).pictures]

        assert await found("") == await found("今天") == await found("danqing-demo") == [cat, apple]
        assert await found("橘猫") == await found("收藏") == await found("favourites today") == [cat]
        assert await found("昨天") == await found("today model:other") == await found("apple 收藏") == []
        assert await found("..2026-01") == await found("横图") == []


async def test_shape_and_size_are_those_of_the_picture(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        (square,) = await filled(at, 1)
        card = await said(at, "/history 方图 16x16")
        assert [one.id for one in card.pictures] == [square]
        assert card.text.key == "history.matching" and card.text.values["what"] == "square · 16×16"
        nothing = await said(at, "/history 横图 猫")
        assert nothing.text.values == {"what": "“猫” · landscape"}
        assert (await said(at, "/history", "bob")).text.key == "history.empty"


@pytest.mark.parametrize("asked", ["", "apple today", "方图"])
async def test_the_next_page_keeps_what_was_asked(tmp_path: Path, asked: str) -> None:
    async with house(tmp_path) as at:
        apples = await filled(at, 20)
        await filled(at, 3, text="a dog" if asked == "apple today" else "a red apple")
        card, seen = await said(at, f"/history {asked}"), list[str]()
        for _ in range(5):
            seen += [one.id for one in card.pictures]
            button = next((one for one in card.buttons if one.action == "older"), None)
            if button is None:
                break
            rows, keys = list(layout.rows(card, "en")), keyboards.keyboard(card, "en")
            assert len(rows) <= layout.ROWS and keys, "a button fits on both chats"
            card = at.chat.messages[await at.press("older", button.target)]
        assert len(seen) == len(set(seen)) == (20 if asked == "apple today" else 23)
        assert set(apples) <= set(seen)


async def test_nobody_turns_the_pages_of_others_and_lost_pages_are_said(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await filled(at, 12)
        (button,) = (one for one in (await said(at, "/history")).buttons if one.action == "older")
        assert at.chat.messages[await at.press("older", button.target, "bob")].text.key == "history.cursor"
        assert at.chat.messages[await at.press("older", "gone.gone")].text.key == "history.cursor"


async def test_discord_asks_for_each_by_itself_and_completes(tmp_path: Path) -> None:
    values = {"words": "cat", "when": "上周", "model": "my mix", "shape": "横图", "favourites": "only"}
    assert slash_commands.filled_in("history", "", values).text == '/history cat 上周 横图 model:"my mix" favourites'
    async with house(tmp_path) as at:
        await at.picture()
        ann = replace(await at.person(), language="zh")

        async def typed(kind: suggest.Kind, text: str) -> list[str]:
            return [one.value for one in await suggest.suggest(at.studio, ann, kind, text)]

        assert (await typed("when", ""))[0] == "今天" and await typed("when", "上") == ["上周", "上个月"]
        assert await typed("when", "2026-11") == ["2026-11"]
        assert await typed("used", "demo") == ["danqing-demo"]
        assert await typed("format", "") == ["横图", "竖图", "方图", "128x128"]


async def test_the_next_page_is_there_after_linking(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await filled(at, 12)
        (button,) = (one for one in (await said(at, "/history 今天")).buttons if one.action == "older")
        code = (await said(at, "/link", "bob")).text.values["code"]
        await at.say(f"/link {code}", "ann")
        assert len(at.chat.messages[await at.press("older", button.target)].pictures) == 3
