"""What a request draws over: one picture or several, each by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import Upload
from bot.people import owned
from engine.recipe import Recipe
from tests.bot.studio.test_painted_mask import data, painted, scene
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_png

FILES = tuple(Upload(f"{side}.png", a_png(side=side)) for side in (64, 80, 96))


async def recipes(at: House, text: str, files: tuple[Upload, ...] = FILES) -> tuple[Recipe, ...]:
    await at.say(text, files=files)
    job = (await at.drawn(len(at.pool.drawn) or 1))[-1]
    return (await owned.job(at.db, await at.person(), job)).job.recipes


async def refused(at: House, text: str, files: tuple[Upload, ...] = FILES) -> tuple[str, dict[str, object]]:
    key = await at.say(text, files=files)
    card = at.chat.messages[key]
    return card.text.key, dict(card.text.values)


async def test_each_of_several_pictures_is_drawn_over_once(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/settings count 2")  # what a person always wants is not asked of every photo
        made = await recipes(at, "as a watercolor")
        assert len({one.source.picture for one in made if one.source}) == len(made) == 3
        assert len({one.seed for one in made}) == 1


@pytest.mark.parametrize(
    ("text", "at"),
    [("第2张 变成水彩画", 1), ("只画第三张，变成水彩画", 2), ("photo 1: as ink", 0), ("only the last one: as ink", 2)],
)
async def test_the_words_may_name_one_of_them(tmp_path: Path, text: str, at: int) -> None:
    async with house(tmp_path) as there:
        [one] = await recipes(there, text)
        files = there.db.files
        assert one.source is not None and await files.get(one.source.picture) == FILES[at].content
        assert "第" not in one.prompt.text and "photo" not in one.prompt.text and "last" not in one.prompt.text


@pytest.mark.parametrize(
    "text", ["2 cats in the snow", "第二次世界大战的飞机", "the first snow of the year", "photo of 2 dogs"]
)
async def test_words_that_name_none_of_them_are_drawn_over_all(tmp_path: Path, text: str) -> None:
    async with house(tmp_path) as at:
        made = await recipes(at, text)
        assert len(made) == 3 and made[0].prompt.text == text


async def test_more_than_may_be_drawn_at_once_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        five = tuple(Upload("x.png", a_png(side=64 + side)) for side in range(5))
        assert await refused(at, "as ink", five) == ("album.too_many", {"count": 5, "limit": 4})
        each = {"count": 3, "each": 2, "limit": 4}
        assert await refused(at, "as ink --n 2") == ("album.too_many_each", each)
        assert await refused(at, "第5张 as ink") == ("album.no_such", {"number": 5, "count": 3})
        assert not at.pool.drawn


async def test_a_picture_with_its_painted_copy_is_one(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        pair = (Upload("a.png", data(scene())), Upload("b.jpg", data(painted(scene()), "JPEG")))
        [one] = await recipes(at, "a flower", pair)
        assert one.source is not None and await at.db.files.get(one.source.picture) not in [
            file.content for file in pair
        ]
