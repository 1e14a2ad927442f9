"""The real client over loopback, against the server that checks it; and many people at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.desk import StudioDesk
from bot.platforms.discord.settings import DiscordSettings
from bot.studio.rules import Rules
from bot.studio.studio import Studio
from engine.queue.queue import Queue
from prompts.translate.chain import chain
from storage import posts
from storage.jobs import Place
from tests.bot.platforms.discord.desk import chat_on
from tests.database import opened
from tests.fakes import FakePool
from tests.peers.discord import DiscordServer, Message


@asynccontextmanager
async def house(folder: Path, pool: FakePool) -> AsyncIterator[Studio]:
    """A studio without platforms."""
    db = await opened(folder)
    queue = Queue(pool, lambda news: studio.hear(news), db.files.get, per_person=8, in_all=10_000)
    rules = Rules(models=(), loras=(), model="danqing-demo", pictures_per_request=4)
    studio = Studio(db, queue, chain(folder / "cache"), rules)
    try:
        yield studio
    finally:
        await queue.close()
        await studio.close()
        await db.close()


@asynccontextmanager
async def live(
    folder: Path, pool: FakePool, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[DiscordServer]:
    """A server with the bot on it."""
    async with lived(folder, pool, clock) as on:
        yield on.server


@dataclass(frozen=True, slots=True)
class Live:
    """A server with the bot on it, the studio behind it, and its pool."""

    server: DiscordServer
    studio: Studio
    pool: FakePool

    async def picture(self, message: Message) -> str:
        """The first picture that a message shows."""
        post = await posts.at(self.studio.db, Place("discord", str(message.channel.id), str(message.id)))
        assert post is not None
        return post.pictures[0]


@asynccontextmanager
async def lived(
    folder: Path, pool: FakePool | None = None, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[Live]:
    """A server with the bot on it; its pool draws at once unless it is given."""
    pool = pool or FakePool(slots=8, seconds=0.01)
    async with DiscordServer() as server, house(folder, pool) as studio:
        settings = DiscordSettings(token=server.token, api_base=server.api_base, gateway=server.gateway_base, pace=0.1)
        await studio.open([chat_on(studio, settings, clock)], StudioDesk(studio))
        await studio.queue.start()
        await server.ready("imagine")
        yield Live(server, studio, pool)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What became of everybody's request: seconds until each was acknowledged, and messages with a picture."""

    acknowledged: list[float]
    answered: int
    posted: int


async def crowd(folder: Path, people: int, within: float, patience: float) -> Crowd:
    """So many people ask for a picture within so many seconds."""
    async with live(folder, FakePool(workers=4, slots=8, seconds=0.01)) as server:
        guild = server.guild("Studio")
        channel = guild.channel("painting")
        everybody = [server.member(f"Person {number}", guild) for number in range(people)]

        async def ask(number: int) -> float:
            await asyncio.sleep(number * within / people)
            asked = await everybody[number].slash(channel, "imagine", prompt=f"a red apple, number {number}")
            seconds = await asked.acknowledged(patience)
            await asked.response(lambda one: one.files, patience)
            return seconds

        acknowledged = await asyncio.gather(*map(ask, range(people)))
        answered = sum(bool(message.files) for message in server.sent)
        return Crowd(acknowledged, answered, len(server.sent))
