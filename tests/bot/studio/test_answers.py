"""The last word of a job: it arrives, in plainer words if it must, or is given up; and nothing is tried for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.chat import Card
from bot.errors import Closed, Rejected, Unreachable
from bot.studio import answers
from engine.job import State
from prompts.errors import Refusal
from storage import jobs
from storage.jobs import Place
from tests.bot.studio.test_studio import House
from tests.fakes import FakeChat

TRIES = answers.TRIES
Judge = Callable[[str, Card], Exception | None]


def anything(verb: str, card: Card) -> Exception | None:
    return None


@dataclass
class Picky(FakeChat):
    """A platform that refuses what `judge` says; `asked` counts how often it was asked."""

    judge: Judge = anything
    asked: int = 0

    async def send(self, place: Place, card: Card, key: str) -> Place:
        self._judge("send", card)
        return await FakeChat.send(self, place, card, key)

    async def edit(self, place: Place, card: Card) -> None:
        self._judge("edit", card)
        await FakeChat.edit(self, place, card)

    def _judge(self, verb: str, card: Card) -> None:
        self.asked += 1
        if error := self.judge(verb, card):
            self.changed.set()
            raise error


@asynccontextmanager
async def picky(folder: Path) -> AsyncIterator[tuple[House, Picky]]:
    made, chat = House(folder), Picky()
    made.chat = chat
    await made.open()
    try:
        yield made, chat
    finally:
        await made.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "TRIES", (0.0, 0.01, 0.02))


async def ended(at: House, chat: Picky, judge: Judge) -> jobs.Kept:
    """A job that ended while the platform judged so, as soon as nothing more is tried."""
    await at.say("a red apple")
    [job] = await at.drawn()
    await at.until(lambda: chat.messages)
    chat.judge = judge
    at.pool.finish(job)
    await at.until(lambda: not at.studio._answers._open)
    kept = await jobs.get(at.db, job)
    assert kept is not None
    return kept


async def test_what_a_platform_refuses_for_good_comes_as_plain_text(tmp_path: Path) -> None:
    async with picky(tmp_path) as (at, chat):
        kept = await ended(at, chat, lambda verb, card: Rejected("400") if card.pictures else None)
        [card] = chat.messages.values()
        assert card.text.key == "answer.refused" and not card.pictures and not card.buttons
        assert kept.answered and kept.job.state is State.DONE


async def test_a_message_that_takes_nothing_more_is_followed_by_another(tmp_path: Path) -> None:
    async with picky(tmp_path) as (at, chat):
        kept = await ended(at, chat, lambda verb, card: Rejected("400") if verb == "edit" else None)
        assert [card.text.key for card in chat.messages.values()][1:] == ["answer.refused"]
        assert kept.answered and kept.place.message == f"{kept.job.id}+1"


async def test_an_answer_refused_in_every_form_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with picky(tmp_path) as (at, chat):
        kept = await ended(at, chat, lambda verb, card: Rejected("413"))
        assert kept.answered and chat.asked <= 6
        assert "takes no answer" in caplog.text


@pytest.mark.parametrize("error", [ValueError("a fault of ours"), Refusal("picture.gone")])
async def test_a_card_that_cannot_be_made_comes_as_plain_text_too(tmp_path: Path, error: Exception) -> None:
    async with picky(tmp_path) as (at, chat):
        kept = await ended(at, chat, lambda verb, card: error if card.pictures else None)
        assert kept.answered and [card.text.key for card in chat.messages.values()] == ["answer.refused"]


async def test_what_may_pass_is_tried_until_it_has_passed(tmp_path: Path) -> None:
    left = [OSError("away")] * 9 + [Refusal("storage.full")]

    def away(verb: str, card: Card) -> Exception | None:
        return left.pop() if left else None

    async with picky(tmp_path) as (at, chat):
        kept = await ended(at, chat, away)
        [card] = chat.messages.values()
        assert card.pictures and kept.answered and not left


async def test_nobody_to_tell_is_the_end_of_it(tmp_path: Path) -> None:
    async with picky(tmp_path) as (at, chat):
        kept = await ended(at, chat, lambda verb, card: Unreachable("blocked"))
        assert kept.answered and not any(card.pictures for card in chat.messages.values())


async def test_a_bot_that_is_known_no_more_keeps_its_answers_for_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with picky(tmp_path) as (at, chat):
        kept = await ended(at, chat, lambda verb, card: Closed("401"))
        assert not kept.answered and kept.job.state is State.DONE
        assert caplog.text.count("at the next start") == 1 and chat.asked <= 4


def test_the_pauses_grow() -> None:
    assert list(TRIES) == sorted(TRIES) and TRIES[-1] >= 300
