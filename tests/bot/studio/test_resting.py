"""A picture that lets others go first: its person is told on every platform, and that it goes on."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from bot import texts
from bot.chat import Say
from bot.platforms.console import ConsoleChat
from bot.platforms.discord import markdown
from bot.platforms.telegram import message_html
from bot.platforms.web import card_json
from bot.studio import cards
from engine.job import Job, Progress, State
from storage.jobs import Place
from tests.bot.commands.test_commands import said
from tests.bot.studio.test_studio import house
from tests.fakes import FakePool, a_recipe

RESTS = Progress(job="j", state=State.RUNNING, place=0, seconds_left=7.4, step=5, steps=20, resting=True)
CARD = cards.under_way(Job(id="j", owner="ann", recipes=(a_recipe(),)), RESTS)


@pytest.mark.parametrize("language", ["zh", "zh-TW", "en"])
async def test_every_platform_says_that_it_waits(language: str) -> None:
    words = texts.say(language, "job.resting")
    assert words in markdown.head(CARD, language)
    assert words in message_html.pages(CARD, language)[0]
    assert card_json.card_body(CARD)["text"] == {"key": "job.resting", "values": {}}
    out = io.StringIO()
    console = ConsoleChat(Console(file=out, force_terminal=True, width=120), language)
    await console.send(Place("console", "ann"), CARD, "j")
    await console.close()
    assert words in out.getvalue()


async def test_who_gives_way_is_told_so_and_goes_on(tmp_path: Path) -> None:
    async with house(tmp_path, FakePool()) as at:
        await at.say("a red apple")
        [own] = await at.drawn()
        at.pool.step(own, 2, seconds=20.0)
        await at.say("a blue house", account="bob")
        _, late = await at.drawn(2)
        assert at.pool.resting == {own: (0,)}
        at.queue._news.tell_standings()
        await at.chat.until(lambda: at.chat.messages[own].text == Say("job.resting"))
        card = at.chat.messages[own]
        assert card.state is State.RUNNING and card.progress and card.progress.step == 2
        [line] = [line.value for line in (await said(at, "/queue")).fields if line.label.key == "queue.text"]
        assert isinstance(line, Say) and line.key == "queue.resting"
        at.pool.finish(late)
        assert at.queue.standings()[own].resting is False
        at.pool.step(own, 3)
        await at.chat.until(lambda: at.chat.messages[own].text.key.startswith("job.running"))
        assert at.pool.resting == {own: ()}
        at.pool.finish(own)
        await at.chat.until(lambda: at.chat.messages[own].state is State.DONE)


async def test_given_up_while_it_rests_it_ends_at_once(tmp_path: Path) -> None:
    async with house(tmp_path, FakePool()) as at:
        await at.say("a red apple")
        [own] = await at.drawn()
        at.pool.step(own, 2, seconds=20.0)
        await at.say("a blue house", account="bob")
        await at.drawn(2)
        await at.press("cancel", own)
        await at.chat.until(lambda: at.chat.messages[own].state is State.CANCELLED)


async def test_after_a_restart_what_rested_is_drawn_like_all_else(tmp_path: Path) -> None:
    async with house(tmp_path, FakePool()) as at:
        await at.say("a red apple")
        [own] = await at.drawn()
        at.pool.step(own, 2, seconds=20.0)
        await at.say("a blue house", account="bob")
        _, late = await at.drawn(2)
        at.pool = FakePool()
        await at.restart()
        for count in (1, 2):
            job = (await at.drawn(count))[-1]
            assert job in (own, late)
            at.pool.finish(job)
            await at.chat.until(lambda job=job: at.chat.messages[job].state is State.DONE)  # type: ignore[misc]
