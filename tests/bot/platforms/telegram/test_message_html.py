"""Cards in words: within the lengths, nothing lost, nothing that breaks the markup."""

from __future__ import annotations

import pytest

from bot.chat import Card, Field, Say
from bot.platforms.telegram.message_html import CAPTION, TEXT, pages, units
from bot.studio import cards
from engine.job import Job, Progress, State
from prompts.prompt import Fragment, Prompt
from tests.bot.platforms.telegram.conftest import House
from tests.fakes import a_recipe
from tests.peers.telegram import TelegramServer
from tests.peers.telegram.markup import parse


@pytest.mark.parametrize("sign", ["a ", "猫", "😀", "<&>", "a\n"])
@pytest.mark.parametrize("room", [CAPTION, TEXT])
def test_pages_keep_their_lengths_and_every_word(sign: str, room: int) -> None:
    text = sign * 3000
    prompt = Prompt(text, (Fragment(text),))
    card = Card(text=Say("help.title"), prompt=prompt, fields=(Field(Say("recipe.text"), text),))
    found = pages(card, "zh", room)
    plain = [parse(page, "HTML")[0] for page in found]
    assert units(plain[0]) <= room and all(units(page) <= TEXT for page in plain)
    kept = "".join(plain).count(sign.strip())
    assert kept == 2 * text.strip().count(sign.strip())


def test_progress_is_a_bar_with_the_seconds_left() -> None:
    job = Job(id="j", owner="ann", recipes=(a_recipe(),))
    card = cards.under_way(job, Progress(job="j", state=State.RUNNING, place=0, seconds_left=7.4, step=5, steps=20))
    assert "▓▓▓░░░░░░░░░ 第 5/20 步 · 约 7 秒" in pages(card, "zh")[0]


async def test_what_a_caption_cannot_hold_follows_as_a_reply(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, "a red apple, " + ", ".join(f"detail number {at}" for at in range(70)))
    photo = await chat.answer(lambda one: one.photo)
    rest = await chat.answer(lambda one: one.reply_to is photo)
    assert "detail number 69" in photo.text + rest.text and photo.keyboard and not rest.keyboard
