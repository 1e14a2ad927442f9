"""Somebody alone with the bot: a text, a status message, a picture, its buttons."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from bot.chat import Request
from tests.bot.platforms.telegram.conftest import House
from tests.fakes import a_png
from tests.peers.telegram import TelegramServer


async def test_a_text_becomes_one_message_with_a_picture(house: House, server: TelegramServer) -> None:
    ann = server.user("安", language="zh-hans")
    chat = server.private(ann)
    said = await chat.say(ann, "画 一只红苹果")
    message = await chat.answer(lambda one: one.photo)
    assert chat.answers == [message]
    assert message.reply_to is said
    assert "一只红苹果" in message.text and "画好了" in message.text
    assert message.keyboard[0] == ["🔄 再来一张", "🎲 变化", "🔍 放大 ×2"]


async def test_a_burst_of_texts_is_drawn_in_its_order(
    house: House, server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, may, came = house.desk.request, asyncio.Event(), list[str]()

    async def slow(request: Request) -> None:
        came.append(request.text)
        if request.text == "a slow one":
            await may.wait()
        await desk(request)

    monkeypatch.setattr(house.desk, "request", slow)
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="en")
    for text in ("a slow one", "a cat", "a dog"):
        await server.private(ann).say(ann, text)
    await server.private(bob).say(bob, "a bird")
    await server.private(bob).answer(lambda one: one.photo)
    assert set(came) == {"a slow one", "a bird"}
    may.set()
    await server.until(lambda: len(house.pool.drawn) == 4)
    assert [text for text in came if text != "a bird"] == ["a slow one", "a cat", "a dog"]


async def test_a_command_answers_with_a_text(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, "/help draw")
    message = await chat.answer()
    assert "/imagine" in message.text and "Draw a picture" in message.text


async def test_again_draws_a_second_picture_and_the_press_is_answered(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, "a red apple")
    first = await chat.answer(lambda one: one.photo)
    pressed = await chat.press(ann, first, "🔄 Again")
    assert await pressed.answered() == ""
    second = await chat.answer(lambda one: one.photo, after=first.order)
    assert second.reply_to is first


async def test_previews_show_in_the_status_message_and_give_way_to_the_picture(
    house: House, server: TelegramServer
) -> None:
    house.pool.seconds = None
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, "a red apple --steps 10")
    status = await chat.answer()
    await server.until(lambda: house.pool.drawn)
    job = house.pool.drawn[0][0]
    house.pool.step(job, 3)
    await chat.until(lambda _: "Step 3 of 10" in status.text)
    house.pool.step(job, 5, preview=a_preview())
    await chat.until(lambda _: "Step 5 of 10" in status.text and status.photo)
    house.pool.step(job, 7)
    await chat.until(lambda _: "Step 7 of 10" in status.text)
    preview = status.photo
    house.pool.finish(job)
    await chat.until(lambda _: "Done" in status.text)
    assert chat.answers == [status] and status.photo != preview


async def test_a_job_that_fails_after_a_preview_says_so(house: House, server: TelegramServer) -> None:
    house.pool.seconds = None
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, "a red apple")
    status = await chat.answer()
    await server.until(lambda: house.pool.drawn)
    house.pool.step(house.pool.drawn[0][0], 2, preview=a_preview())
    await chat.until(lambda _: status.photo)
    house.pool.fail(house.pool.drawn[0][0])
    await chat.until(lambda _: status.keyboard == [["🔁 Try again"]])
    assert chat.answers == [status]


async def test_it_shows_that_it_thinks_when_it_takes_longer(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    server.delay("getFile", 2.0)
    await chat.say(ann, "as a watercolor", photo=a_png(side=64))
    await server.until(lambda: chat.drafts == {1: [""]})
    await chat.answer(lambda one: one.photo)


def a_preview() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), (90, 120, 30)).save(out, "JPEG")
    return out.getvalue()


async def test_a_language_that_is_chosen_holds_for_the_answer_to_that(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, "/settings language zh")
    assert "以后我说中文" in (await chat.answer()).text
