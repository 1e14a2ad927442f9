"""The first word, the help by topics, and the panel of settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot import texts
from bot.chat import Card, Room
from bot.commands import hello, settings
from bot.commands.table import COMMANDS, command_of
from bot.platforms.discord import layout
from bot.platforms.telegram.keyboards import keyboard
from bot.platforms.web.card_json import card_body, card_words
from tests.bot.studio.test_studio import House, house

PRIVATE = Room()


async def said(at: House, text: str, room: Room = PRIVATE) -> Card:
    return at.chat.messages[await at.say(text, room=room)]


async def pressed(at: House, action: str, target: str, **values: str) -> Card:
    return at.chat.messages[await at.press(action, target, **values)]


# --- hello ---


@pytest.mark.parametrize("text", ["/start", "hello", "Hello!", "你好", "你好呀～", "hi 👋", "早上好", "您好。", ""])
def test_a_greeting_is_no_picture(text: str) -> None:
    assert command_of(text)[0] is hello.COMMAND


@pytest.mark.parametrize("text", ["hello kitty", "一只说你好的猫", "good morning in paris", "hi-tech city", "早餐"])
def test_what_only_begins_like_a_greeting_is_drawn(text: str) -> None:
    assert command_of(text)[0].name == "imagine"


async def test_hello_is_two_lines_and_examples_that_draw_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await said(at, "你好")
        assert card == await said(at, "/start")
        for language in texts.LANGUAGES:
            words = texts.say(language, card.text.key)
            assert words.count("\n") == 1 and "/" not in words
        examples = [one for one in card.buttons if one.action == "example"]
        assert len(examples) == 3
        await at.press("example", examples[0].target)
        (job,) = await at.drawn()
        await at.chat.until(lambda: job in at.chat.messages)
        drawn = at.chat.messages[job].prompt
        assert drawn and drawn.text == texts.say("en", f"page.example.{examples[0].target}")
        assert (await said(at, "谢谢！")).text.key == "hello.thanks"
        assert (await pressed(at, "example", "nothing")).text.key == "press.unknown"


async def test_a_server_has_a_first_line_of_its_own(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        room = Room(server="guild", moderator=True)
        await at.say("/admin server greeting Welcome to *the* studio", room=room)
        card = await said(at, "hello", room)
        assert card.text.values == {"greeting": "Welcome to *the* studio"}
        assert "\\*the\\*" in str(layout.lay_out(card, "en").payload["content"]), "their signs are no markdown"
        assert (await said(at, f"/admin server greeting {'x' * 201}", room)).text.key == "admin.greeting"
        assert (await said(at, "/admin server greeting 裸体的小女孩", room)).text.key == "access.minors"
        assert (await said(at, "hello")).text.key == "hello.title", "elsewhere all is as ever"


# --- quiet ---


async def test_in_a_quiet_server_answers_are_pictures_and_few_words(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        room = Room(server="guild", moderator=True)
        await at.say("/admin server 安静 开", room=room)
        await at.say("a red apple", room=room)
        (job,) = await at.drawn()
        await at.chat.until(lambda: job in at.chat.messages)
        assert at.chat.messages[job].prompt is None
        at.pool.finish(job)
        await at.chat.until(lambda: bool(at.chat.messages[job].pictures))
        card = at.chat.messages[job]
        assert card.prompt is None and card.fields == () and card.buttons
        await at.say("a red apple")
        job = (await at.drawn(2))[-1]
        await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].prompt is not None)


async def test_a_waiting_card_keeps_its_words(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red apple")
        (job,) = await at.drawn()
        for number in (1, 2):
            at.pool.step(job, number)
        await at.chat.until(lambda: bool((p := at.chat.messages[job].progress) and p.step == 2))
        said = {card.text.key for _, message, card in at.chat.log if message == job and "running" in card.text.key}
        assert len(said) == 1


# --- help ---


async def test_help_is_by_topics_and_admins_only_see_theirs(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await said(at, "/help")
        assert not card.fields and [one.target for one in card.buttons] == [
            "draw", "change", "find", "models", "settings", "more",
        ]  # fmt: skip
        shown: set[str] = set()
        for one in card.buttons:
            topic = await pressed(at, one.action, one.target)
            assert topic.panel and topic.fields and one.target not in [each.target for each in topic.buttons]
            lines = {line.label.key for line in topic.fields}
            assert "command.admin.usage" not in lines
            shown |= lines if one.target != "more" else set()
        commands = {f"command.{one.name}.usage" for one in COMMANDS} - {"command.admin.usage", "command.help.usage"}
        assert commands <= shown, "every command has a topic"
        moderator = await said(at, "/help 管理", Room(server="guild", moderator=True))
        assert [line.label.key for line in moderator.fields] == ["help.server"]


# --- settings ---


async def test_settings_are_a_panel_on_every_platform(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await said(at, "/settings")
        assert [one.target for one in card.selects] == ["model", "style", "ratio", "count", "language"]
        for language in texts.LANGUAGES:
            rows: Any = layout.lay_out(card, language).payload["components"]
            assert len(rows) == 5 and all(len(one["components"]) <= 5 for one in rows)
            for select in (row["components"][0] for row in rows[:4]):
                assert 0 < len(select["options"]) <= 25
                assert [one["default"] for one in select["options"]].count(True) == 1
            markup = keyboard(card, language)
            assert markup and len([key for row in markup.inline_keyboard for key in row]) == 9
            for one in card.selects:
                only = keyboard(await pressed(at, "choose", one.target), language)
                assert only is not None  # Telegram's 64 bytes are checked where the codes are made
                marked = [key.text for row in only.inline_keyboard for key in row if key.text.startswith("✓")]
                assert len(marked) == 1


async def test_a_list_alone_says_what_it_is_for(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        for one in (await said(at, "/settings")).selects:
            alone = await pressed(at, "choose", one.target)
            assert alone.text != one.label
            assert all(texts.say(language, alone.text.key).endswith(("?", "？")) for language in texts.LANGUAGES)


async def test_the_page_says_each_setting_once(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/settings ratio 7:5")
        card = await said(at, "/settings")
        for language in texts.LANGUAGES:
            shown: Any = card_words(card_body(card), language)
            labels = [one["label"] for one in (*shown["fields"], *shown["selects"])]
            assert sorted(labels) == sorted({texts.say(language, f"settings.{name}") for name in settings.SETTINGS})
        (ratio,) = [one for one in shown["selects"] if one["target"] == "ratio"]
        assert ratio["chosen"] == "1.4:1" and [one["value"] for one in ratio["choices"]].count("1.4:1") == 1
        await at.press("set", "ratio", value=ratio["chosen"])
        assert (await at.studio.understand(await at.person(), "a cat"))[1].ratio == 1.4, "chosen again, it stays"


async def test_what_is_chosen_holds(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await pressed(at, "set", "style", value="watercolor")
        assert card.panel and card.fleeting and card.text.key == "settings.changed"
        await at.press("set", "ratio.3:2")
        await at.press("set", "count", value="2")
        await at.press("set", "expand.off")
        ann = await at.person()
        prompt, options, _ = await at.studio.understand(ann, "a cat")
        assert "watercolor" in prompt.positive and (options.ratio, options.count) == (1.5, 2)
        assert "watercolor" not in (await at.studio.understand(ann, 'a cat --style "ink wash"'))[0].positive
        assert (await pressed(at, "choose", "style")).selects[0].chosen == "watercolor"
        assert (await pressed(at, "set", "nothing.1")).text.key == "settings.unknown"
        await at.press("set", "style", value="default")
        assert "watercolor" not in (await at.studio.understand(ann, "a cat"))[0].positive


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("/settings 语言 英文", "en"),
        ("/settings language English", "en"),
        ("/settings language 中文", "zh"),
        ("/settings 语言 简体", "zh"),
        ("/settings language zh-CN", "zh"),
    ],
)
async def test_a_language_is_known_by_its_names_and_confirmed_in_it(tmp_path: Path, text: str, language: str) -> None:
    async with house(tmp_path) as at:
        card = await said(at, text)
        assert card.language == language and card.text.key == "settings.language_changed"
        assert (await at.person()).language == language
        assert (await said(at, "/settings language klingon")).text.key == "settings.language_form"


async def test_a_model_of_any_name_can_be_chosen(tmp_path: Path) -> None:
    """Long or Chinese names have a code on buttons."""
    from bot.commands.settings import code

    for name in ("短", "x" * 80, "~odd", "ok"):
        assert len(f"1|set|model.{code(name)}".encode()) <= 64 and (code(name) == name) is (name == "ok")
    async with house(tmp_path) as at:
        card = await pressed(at, "set", "model.~gone")
        assert card.text.key == "press.unknown"
