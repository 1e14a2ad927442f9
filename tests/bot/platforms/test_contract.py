"""What every chat platform promises, run on each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot import cards
from bot.chat import Card, Chat, Press, Request, Say
from bot.platforms.web import WebChat, WebSettings
from engine.job import Job, State
from storage import messages
from storage.database import Database
from storage.jobs import Place
from tests.fakes import FakeChat, a_recipe


@dataclass
class Desk:
    requests: list[Request] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)

    async def request(self, request: Request) -> None:
        self.requests.append(request)

    async def press(self, press: Press) -> None:
        self.presses.append(press)


Make = Callable[[Database], Chat]
PLATFORMS: dict[str, Make] = {
    "web": lambda db: WebChat(db, WebSettings(port=0), lambda: {"ready": True}, lambda language: []),
    "fake": lambda db: FakeChat(),
}


@dataclass
class On:
    chat: Chat
    db: Database

    async def shown(self, place: Place) -> str | None:
        """The text key of the card that stands at a place."""
        if isinstance(self.chat, FakeChat):
            card = self.chat.messages.get(place.message)
            return card.text.key if card else None
        kept = await messages.get(self.db, place.message)
        live = self.chat._feed.live.get(place.message)  # type: ignore[attr-defined]
        body = (live or kept).body if live or kept else None
        return body["text"]["key"] if body else None  # type: ignore[index, call-overload, return-value]

    async def count(self) -> int:
        if isinstance(self.chat, FakeChat):
            return len(self.chat.messages)
        return len(await messages.recent(self.db, "room"))


@pytest.fixture(params=PLATFORMS)
async def on(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[On]:
    db = await Database.open("", tmp_path)
    chat = PLATFORMS[request.param](db)
    await chat.listen(Desk())
    yield On(chat, db)
    await chat.close()
    await db.close()


def place(chat: Chat) -> Place:
    return Place(chat.platform, "room")


JOB = Job(id="j", owner="ann", recipes=(a_recipe(),))
WAITING = cards.under_way(JOB, None)
DONE = Card(text=Say("job.cancelled"), kind="job", job="j", state=State.CANCELLED)


async def test_a_card_is_posted_once_for_a_key(on: On) -> None:
    first = await on.chat.send(place(on.chat), WAITING, "one")
    again = await on.chat.send(place(on.chat), WAITING, "one")
    assert first == again and first.message
    assert await on.count() == 1
    other = await on.chat.send(place(on.chat), WAITING, "two")
    assert other != first and await on.count() == 2


async def test_an_edit_replaces_the_card_where_it_stands(on: On) -> None:
    there = await on.chat.send(place(on.chat), WAITING, "one")
    assert await on.shown(there) == "job.waiting"
    await on.chat.edit(there, DONE)
    await on.chat.edit(there, DONE)
    assert await on.shown(there) == "job.cancelled" and await on.count() == 1


async def test_a_place_is_still_good_after_a_restart(on: On) -> None:
    there = await on.chat.send(place(on.chat), WAITING, "one")
    await on.chat.close()
    await on.chat.listen(Desk())
    await on.chat.edit(there, DONE)
    assert await on.shown(there) == "job.cancelled"


async def test_every_platform_names_itself_and_its_pace(on: On) -> None:
    assert on.chat.platform and on.chat.pace >= 0
