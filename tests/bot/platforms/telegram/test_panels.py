"""Cards that are turned over: the help by topics, the panel of settings; and the first word."""

from __future__ import annotations

import pytest

from bot.chat import Press
from bot.platforms.telegram import callback_queries
from storage import people
from tests.bot.platforms.telegram.conftest import House
from tests.peers.telegram import TelegramServer


async def test_start_has_examples_that_draw(house: House, server: TelegramServer) -> None:
    ann = server.user("安", language="zh-hans")
    chat = server.private(ann)
    await chat.say(ann, "/start")
    hello = await chat.answer()
    assert hello.text.count("\n") == 1 and "雪地里的企鹅" in hello.keyboard[0]
    await chat.press(ann, hello, "雪地里的企鹅")
    done = await chat.answer(lambda one: one.photo, after=hello.order)
    assert "雪地里的企鹅" in done.text
    await chat.say(ann, "你好")
    assert (await chat.answer(after=done.order)).text == hello.text


async def test_a_mention_without_words_is_a_greeting(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    group = server.group("room", [ann])
    await group.say(ann, "@danqing_bot")
    assert "Try one of these" in (await group.answer()).text


async def test_help_turns_over_in_one_message(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="zh-hans")
    group = server.group("room", [ann, bob])
    await group.say(bob, "/help")
    message = await group.answer()
    assert "/admin" not in message.text
    await (await group.press(bob, message, "更多")).answered()
    await group.until(lambda _: "/imagine" in message.text and "/admin" not in message.text)
    told = await (await group.press(ann, message, "画画")).answered()
    assert told and group.answers == [message] and "/history" in message.text, "it is not Ann's to turn over"


async def test_settings_are_chosen_by_buttons_in_one_message(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, "/settings")
    panel = await chat.answer()
    await chat.press(ann, panel, "Style")
    await chat.until(lambda _: any(label.startswith("✓") for row in panel.keyboard for label in row))
    await chat.press(ann, panel, data="1|set|style.watercolor")
    await chat.until(lambda _: "watercolor" in panel.text)
    await chat.press(ann, panel, "Language")
    await chat.until(lambda _: any("中文" in label for row in panel.keyboard for label in row))
    told = await (await chat.press(ann, panel, "简体中文")).answered()
    assert "中文" in told and chat.answers == [panel]
    await chat.until(lambda _: "风格" in panel.text)
    person = await people.find_person(house.db, "telegram", str(ann.id))
    assert person and person.language == "zh"
    await (await chat.press(ann, panel, "关闭扩写")).answered()
    await chat.until(lambda _: any("打开扩写" in label for row in panel.keyboard for label in row))


async def test_a_press_that_took_long_turns_the_same_message_over(
    house: House, server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, "/settings")
    panel = await chat.answer()
    monkeypatch.setattr(callback_queries, "PATIENCE", 0.0)
    pressed = house.desk.press

    async def slow(press: Press) -> None:
        await house.until(lambda: not server.unanswered)  # Telegram is told, without a word, before anything comes
        await pressed(press)

    monkeypatch.setattr(house.desk, "press", slow)
    await (await chat.press(ann, panel, "Style")).answered()
    await house.settled()
    assert chat.answers == [panel] and any(label.startswith("✓") for row in panel.keyboard for label in row)
