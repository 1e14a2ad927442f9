"""What every chat platform promises, run on each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Card, Chat, Person, Press, Request, Say
from bot.platforms.discord.chat import DiscordChat
from bot.platforms.discord.settings import DiscordSettings
from bot.platforms.telegram.chat import TelegramChat
from bot.platforms.telegram.settings import TelegramSettings
from bot.platforms.web.server import WebChat
from bot.platforms.web.settings import WebSettings
from bot.studio import cards
from bot.studio.suggest import Completion
from bot.texts import say
from engine.job import Job, State
from storage import messages
from storage.database import Database
from storage.jobs import Place
from tests.bot.platforms.telegram.conftest import hasty
from tests.database import opened
from tests.fakes import FakeChat, a_recipe
from tests.peers.discord import DiscordServer
from tests.peers.telegram import Chat as Private
from tests.peers.telegram import TelegramServer


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
# A1111's API (bot/platforms/sdapi) is none of them: a card stands nowhere there, it ends the request that waits for it;
# tests/bot/platforms/sdapi holds what it promises instead.


@dataclass
class On:
    chat: Chat
    db: Database
    room: str = "room"

    @property
    def place(self) -> Place:
        return Place(self.chat.platform, self.room)

    async def shown(self, place: Place) -> str | None:
        """The text key of the card that stands at a place."""
        if isinstance(self.chat, FakeChat):
            card = self.chat.messages.get(place.message)
            return card.text.key if card else None
        kept = await messages.get(self.db, place.message)
        live = self.chat._feed.live.get(place.message)  # type: ignore[attr-defined]
        found = live or kept
        body = found.body if found else None
        return body["text"]["key"] if body else None  # type: ignore[index, call-overload, return-value]

    async def count(self) -> int:
        if isinstance(self.chat, FakeChat):
            return len(self.chat.messages)
        return len(await messages.recent(self.db, "room"))


@dataclass
class OnTelegram(On):
    private: Private | None = None

    async def shown(self, place: Place) -> str | None:
        assert self.private is not None
        [message] = [one for one in self.private.answers if one.id == int(place.message)]
        return next((key for key in ("job.waiting.d", "job.cancelled") if say("en", key) in message.text), None)

    async def count(self) -> int:
        assert self.private is not None
        return len(self.private.answers)


@asynccontextmanager
async def on_telegram(db: Database) -> AsyncIterator[On]:
    async with TelegramServer() as server:
        settings = TelegramSettings(token=server.token, api_base=server.api_base, file_base=server.file_base)

        async def nobody(platform: str, account: str, *, name: str = "", language: str = "") -> Person:
            raise AssertionError("nobody says anything here")

        async def nothing(person: Person, typed: str) -> list[Completion]:
            return []

        async def welcome(asked: Request) -> None: ...

        private = server.private(server.user("Ann"))
        chat = TelegramChat(db, settings, nobody, nothing, welcome, hasty())
        yield OnTelegram(chat, db, str(private.id), private)


@dataclass
class OnDiscord(On):
    server: DiscordServer | None = None

    async def shown(self, place: Place) -> str | None:
        assert self.server is not None
        [message] = [one for one in self.server.sent if one.id == int(place.message)]
        return next((key for key in ("job.waiting.d", "job.cancelled") if say("en", key) in message.content.text), None)

    async def count(self) -> int:
        assert self.server is not None
        return len(self.server.sent)


@asynccontextmanager
async def on_discord(db: Database) -> AsyncIterator[On]:
    async with DiscordServer() as server:
        settings = DiscordSettings(token=server.token, api_base=server.api_base, gateway=server.gateway_base)

        async def unasked(*asked: object, **more: object) -> Any:
            raise AssertionError("nobody says anything here")

        channel = server.guild("Studio").channel("painting")
        yield OnDiscord(DiscordChat(db, settings, unasked, unasked, unasked, unasked), db, str(channel.id), server)


@asynccontextmanager
async def on_this_process(name: str, db: Database) -> AsyncIterator[On]:
    yield On(PLATFORMS[name](db), db)


LIVE = {"telegram": on_telegram, "discord": on_discord}


@pytest.fixture(params=[*PLATFORMS, *LIVE])
async def on(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[On]:
    db = await opened(tmp_path)
    live = LIVE.get(request.param)
    async with live(db) if live else on_this_process(request.param, db) as on:
        await on.chat.listen(Desk())
        yield on
        await on.chat.close()
    await db.close()


JOB = Job(id="j", owner="ann", recipes=(a_recipe(),))
WAITING = cards.under_way(JOB, None)
DONE = Card(text=Say("job.cancelled"), kind="job", job="j", state=State.CANCELLED)


async def test_a_card_is_posted_once_for_a_key(on: On) -> None:
    first = await on.chat.send(on.place, WAITING, "one")
    again = await on.chat.send(on.place, WAITING, "one")
    assert first == again and first.message
    assert await on.count() == 1
    other = await on.chat.send(on.place, WAITING, "two")
    assert other != first and await on.count() == 2


async def test_an_edit_replaces_the_card_where_it_stands(on: On) -> None:
    there = await on.chat.send(on.place, WAITING, "one")
    assert await on.shown(there) == "job.waiting.d"
    await on.chat.edit(there, DONE)
    await on.chat.edit(there, DONE)
    assert await on.shown(there) == "job.cancelled" and await on.count() == 1


async def test_a_place_is_still_good_after_a_restart(on: On) -> None:
    there = await on.chat.send(on.place, WAITING, "one")
    await on.chat.close()
    await on.chat.listen(Desk())
    await on.chat.edit(there, DONE)
    assert await on.shown(there) == "job.cancelled"


async def test_every_platform_names_itself_and_its_pace(on: On) -> None:
    assert on.chat.platform and on.chat.pace >= 0
