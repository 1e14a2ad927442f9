"""A studio with a fake pool on a Telegram of one's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.chat import Person, Request
from bot.desk import StudioDesk
from bot.people import access
from bot.platforms.telegram.chat import TelegramChat
from bot.platforms.telegram.rate_limiter import RateLimiter
from bot.platforms.telegram.settings import TelegramSettings
from bot.studio.rules import Rules
from bot.studio.studio import Studio
from bot.studio.suggest import Completion
from engine.queue.queue import Queue
from prompts.translate.chain import chain
from tests.database import opened
from tests.fakes import FakePool
from tests.patience import until
from tests.peers.telegram import TelegramServer

FAST = 25  # times as fast as Telegram's limits: what a test waits for is order, not seconds


def hasty() -> RateLimiter:
    return RateLimiter(lambda: time.monotonic() * FAST, lambda seconds: asyncio.sleep(seconds / FAST))


async def tags(person: Person, typed: str) -> list[Completion]:
    return [Completion("twintails", "双马尾 · twintails")] if typed == "双马尾" else []


class House:
    """The bot's parts around a Telegram server; `open` again after `kill` is a restart."""

    def __init__(
        self, folder: Path, server: TelegramServer, pool: FakePool | None = None, limiter: RateLimiter | None = None
    ) -> None:
        self.folder, self.server = folder, server
        self.settings = TelegramSettings(token=server.token, api_base=server.api_base, file_base=server.file_base)
        self.pool = pool or FakePool(slots=4, seconds=0.0)
        self.limiter = limiter

    async def open(self, *, connected: bool = True) -> None:
        self.db = await opened(self.folder)
        self.queue = Queue(self.pool, lambda news: self.studio.hear(news), self.db.files.get, per_person=8, in_all=999)
        rules = Rules(models=(), loras=(), model="danqing-demo", pictures_per_request=4)
        self.studio = Studio(self.db, self.queue, chain(self.folder / "cache"), rules)
        self.chat = TelegramChat(self.db, self.settings, self.studio.person, tags, self.enter, self.limiter or hasty())
        self.desk = StudioDesk(self.studio)
        await self.studio.open([self.chat], self.desk)
        await self.queue.start()
        if connected:
            await self.server.connected()

    async def enter(self, asked: Request) -> None:
        await access.enter(self.db, self.studio.rules.access, asked)

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something is true of the bot's own parts."""
        await until(true)

    async def close(self) -> None:
        await self.queue.close()
        await self.studio.close()
        await self.db.close()

    async def settled(self) -> None:
        """Wait until every update is done with."""
        updates = self.chat._updates
        assert updates
        await until(lambda: not updates._pending)

    async def kill(self) -> None:
        """What `kill -9` leaves: the database as it is; nothing more is said."""
        await self.queue.close()
        for task in self.studio._answers._tasks.values():
            task.cancel()
        await self.chat.close()
        await self.db.close()
        self.pool = FakePool(slots=4, seconds=self.pool.seconds)
        self.server.world.updates.polls = 0


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
async def house(server: TelegramServer, tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path, server)
    await house.open()
    yield house
    await house.close()
