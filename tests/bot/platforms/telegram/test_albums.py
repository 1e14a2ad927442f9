"""Albums: one request whichever photo has the words, however its photos come in."""

from __future__ import annotations

import asyncio
import io
from types import SimpleNamespace
from typing import cast

import pytest
from PIL import Image
from telegram import Message

from bot.platforms.telegram import albums
from engine.recipe import Recipe
from storage import jobs
from tests.bot.platforms.telegram.conftest import House
from tests.bot.studio.test_painted_mask import data, painted, scene
from tests.fakes import a_png
from tests.peers.telegram import Chat, TelegramServer, User

THREE = [data(scene()), a_png(side=64), a_png((0, 90, 0), side=80)]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(albums, "QUIET", 0.4)
    monkeypatch.setattr(albums, "WORDLESS", 0.8)


def alone(server: TelegramServer) -> tuple[Chat, User]:
    ann = server.user("安", language="zh-hans")
    return server.private(ann), ann


async def drawn(house: House) -> tuple[Recipe, ...]:
    """The recipes of the only job."""
    [(job, _)] = house.pool.drawn
    kept = await jobs.get(house.db, job)
    assert kept is not None
    return kept.job.recipes


async def size(house: House, recipe: Recipe) -> tuple[int, int]:
    assert recipe.source is not None
    return Image.open(io.BytesIO(await house.db.files.get(recipe.source.picture))).size


async def test_every_photo_of_an_album_is_drawn_over_in_one_job(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    first, *_ = await chat.album(ann, THREE, ["变成水彩画"])
    done = await chat.answer(lambda one: one.photo)
    recipes = await drawn(house)
    assert [await size(house, one) for one in recipes] == [(320, 320), (64, 64), (80, 80)]
    assert len({one.seed for one in recipes}) == 1 and done.reply_to is first
    assert done.keyboard[0] == ["U1", "U2", "U3"] and chat.answers == [done]


async def test_the_words_may_stand_on_any_photo_and_come_last(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    *_, last = await chat.album(ann, THREE, ["", "", "变成水彩画"], gap=0.3)
    done = await chat.answer(lambda one: one.photo)
    assert len(await drawn(house)) == 3 and done.reply_to is last and chat.answers == [done]


async def test_words_that_come_after_the_question_still_count(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.album(ann, THREE, ["", "", "变成水彩画"], gap=1.2)
    done = await chat.answer(lambda one: one.photo)
    assert len(await drawn(house)) == 3 and len(chat.answers) == 2 and done in chat.answers


async def test_words_that_come_while_the_question_is_sent_still_count(house: House) -> None:
    known = albums.Albums(house.db)

    def photo(number: int, words: str = "") -> Message:
        return cast(Message, SimpleNamespace(media_group_id="a", chat_id=7, message_id=number, caption=words))

    asked = await known.whole(photo(1))
    assert asked and not asked.over.is_set()
    late = [asyncio.create_task(known.whole(one)) for one in (photo(2), photo(3, "变成水彩画"), photo(4, "雪景"))]
    await asyncio.sleep(0)
    asked.over.set()
    silent, told, others = late
    assert await silent is None
    album = await told
    assert album and [one.message_id for one in album.ordered] == [1, 2, 3, 4]
    album.over.set()
    assert await others is None


async def test_a_photo_that_comes_too_late_asks_for_nothing(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    said = await chat.album(ann, THREE[:2], ["变成水彩画"], gap=1.5)
    done = await chat.answer(lambda one: one.photo)
    for one in said:
        server.again(one)
    await chat.say(ann, "/queue")
    await chat.answer(lambda one: not one.photo, after=done.order)
    assert len(chat.answers) == 2 and len(house.pool.drawn) == 1


async def test_an_album_counts_once_over_a_restart(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    said = await chat.album(ann, THREE, ["变成水彩画"])
    await server.until(lambda: not server.world.updates.pending)
    await house.kill()  # while the album is still waited for
    for one in reversed(said):
        server.again(one)
    await house.open()
    done = await chat.answer(lambda one: one.photo)
    assert len(await drawn(house)) == 3
    await house.kill()
    server.again(said[1])
    server.again(said[0])
    await house.open()
    await chat.say(ann, "/queue")
    await chat.answer(lambda one: not one.photo, after=done.order)
    assert len(chat.answers) == 2 and not house.pool.drawn


async def test_more_photos_than_may_be_drawn_at_once(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.album(ann, [a_png(side=64 + at) for at in range(5)], ["变成水彩画"])
    refused = await chat.answer()
    assert "5 张" in refused.text and "最多 4 张" in refused.text
    await chat.album(ann, THREE, ["变成水彩画 2张"])
    assert "各画 2 张" in (await chat.answer(after=refused.order)).text and not house.pool.drawn


@pytest.mark.parametrize(
    ("words", "side"), [("第2张 变成水彩画", 64), ("只画第三张：变成水彩画", 80), ("photo 1: as ink", 320)]
)
async def test_one_photo_of_an_album_by_its_number(house: House, server: TelegramServer, words: str, side: int) -> None:
    chat, ann = alone(server)
    await chat.album(ann, THREE, [words])
    await chat.answer(lambda one: one.photo)
    [recipe] = await drawn(house)
    assert await size(house, recipe) == (side, side) and "第" not in recipe.prompt.text


async def test_two_of_each(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.album(ann, THREE[:2], ["变成水彩画 2张"])
    await chat.answer(lambda one: one.photo)
    sizes = [await size(house, one) for one in await drawn(house)]
    assert sizes == [(320, 320), (320, 320), (64, 64), (64, 64)]


async def test_a_photo_with_its_painted_copy_says_where_to_draw(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.album(ann, [data(scene()), data(painted(scene()), "JPEG")], ["一朵花"])
    await chat.answer(lambda one: one.photo)
    [recipe] = await drawn(house)
    assert recipe.source is not None
    with Image.open(io.BytesIO(await house.db.files.get(recipe.source.picture))) as source:
        alpha = source.getchannel("A")
    assert alpha.getpixel((120, 220)) == 0 and alpha.getpixel((10, 10)) == 255


async def test_a_reply_to_one_photo_of_an_album_uses_that_one(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob")
    group = server.group("Studio", [ann, bob])
    _, second, _ = await group.album(bob, THREE)
    await group.say(ann, "/imagine as a watercolor", reply_to=second)
    await group.answer(lambda one: one.photo)
    [recipe] = await drawn(house)
    assert await size(house, recipe) == (64, 64)
