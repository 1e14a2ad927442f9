"""The whole bot but its workers, on a simulated Discord."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import simcord
from PIL import Image

from bot.desk import StudioDesk
from bot.people import access
from bot.platforms.discord.chat import DiscordChat
from bot.platforms.discord.settings import DiscordSettings
from bot.settings.config import Config
from bot.studio.rules import Rules
from bot.studio.studio import Studio
from bot.studio.suggest import suggest
from engine.queue.queue import Queue
from prompts.translate.chain import chain
from storage import jobs, posts
from storage.jobs import Place
from tests.database import opened
from tests.fakes import FakePool
from tests.patience import PATIENCE

REACTIONS = dict(one.split("=", 1) for one in Config().discord.reactions)


class Simulated(DiscordChat):
    """Discord's own connection is simcord's."""

    async def connect(self) -> None:
        assert self.client.is_ready()


def chat_on(
    studio: Studio,
    settings: DiscordSettings,
    clock: Callable[[], float] = time.monotonic,
    kind: type[DiscordChat] = DiscordChat,
) -> DiscordChat:
    """A studio's chat on Discord, as bot/app.py makes it."""
    return kind(
        studio.db,
        settings,
        studio.person,
        lambda person, kind, typed, limit: suggest(studio, person, kind, typed, limit),
        lambda press, recipes: access.veiled(studio.sight, studio.rules.access, press, recipes),
        lambda asked: access.enter(studio.db, studio.rules.access, asked),
        clock,
    )


class House:
    """A studio on a simulated Discord with a server, a channel and two people; the pool draws at the test's command."""

    def __init__(self, folder: Path, seconds: float | None = None, slots: int = 8, language: str | None = None) -> None:
        self.folder = folder
        self.slots = slots
        self.seconds = seconds
        self.language = language
        self.time = 0.0
        self.taken: set[str] = set()

    def chat_of(self, studio: Studio) -> DiscordChat:
        cdn = frozenset({"cdn.simcord.invalid"})
        settings = DiscordSettings(token="x", reactions=REACTIONS, language=self.language, pace=0.01, cdn=cdn)
        return chat_on(studio, settings, lambda: self.time, Simulated)

    async def build(self) -> None:
        """The bot's parts, not yet listening."""
        self.pool = FakePool(slots=self.slots, seconds=self.seconds)
        self.db = await opened(self.folder)
        self.queue = Queue(
            self.pool, lambda news: self.studio.hear(news), self.db.files.get, per_person=20, in_all=1000
        )
        rules = Rules(models=(), loras=(self.folder / "loras",), model="danqing-demo", pictures_per_request=4)
        self.studio = Studio(self.db, self.queue, chain(self.folder / "cache"), rules)
        self.chat = self.chat_of(self.studio)

    async def begin(self) -> None:
        self.desk = StudioDesk(self.studio)
        await self.studio.open([self.chat], self.desk)
        await self.queue.start()

    async def end(self) -> None:
        await self.queue.close()
        await self.studio.close()
        await self.db.close()

    async def restart(self) -> None:
        """A crash and a new start: the simulated Discord goes on, all that was in memory is lost."""
        self.chat.pace = 1000.0
        self.taken.clear()
        await self.queue.close()
        for task in (*self.studio._answers._tasks.values(), *self.chat._running):
            task.cancel()
        await self.db.close()
        await self.build()
        await self.env.restart_bot(self.chat.client)
        await self.begin()

    # --- looking ---

    async def until(self, true: Callable[[], Any]) -> Any:
        """What `true` gives as soon as it gives something."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not (found := true()):
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(self.env.transcript()[-4000:]) from None
        return found

    def shown(self) -> list[Any]:
        """The bot's messages in the channel that everybody sees, oldest first."""
        return [
            message
            for message in self.env.backend.messages[self.channel.id].values()
            if message.author_id == self.env.backend.bot_user.id and not message.flags & (64 | 128)
        ]

    def hidden(self) -> list[Any]:
        """The bot's messages in the channel that one person sees."""
        messages = self.env.backend.messages[self.channel.id].values()
        return [message for message in messages if message.flags & 64 and not message.flags & 128]

    async def said(self, text: str) -> Any:
        """The newest message in the channel that has this text."""
        return await self.until(
            lambda: next((m for m in reversed([*self.shown(), *self.hidden()]) if text in (m.content or "")), None)
        )

    def message(self, stored: Any) -> Any:
        """A message as people press it."""
        return simcord.ResponseMessage(self.env, stored)

    def direct(self) -> list[Any]:
        """The bot's direct messages."""
        channels = {id for id, one in self.env.backend.channels.items() if one.guild_id is None}
        return [m for id in channels for m in self.env.backend.messages[id].values()
                if m.author_id == self.env.backend.bot_user.id]  # fmt: skip

    # --- doing ---

    async def imagine(self, prompt: str = "a red apple", who: Any = None, **options: Any) -> Any:
        return await (who or self.ann).slash(self.channel, "imagine", prompt=prompt, **options)

    async def job(self) -> str:
        """The next job that is handed to the pool."""
        known = len(self.taken)
        drawn = await self.until(lambda: [job for job, _ in self.pool.drawn if job not in self.taken])
        self.taken.add(drawn[0])
        assert len(self.taken) == known + 1
        return str(drawn[0])

    async def drawn(self, prompt: str = "a red apple", **options: Any) -> Any:
        """A finished request: the message that shows it."""
        await self.imagine(prompt, **options)
        return await self.finished()

    async def finished(self, job: str = "") -> Any:
        """Finish a job, the next one handed out without its name; the message that shows it."""
        job = job or await self.job()
        self.pool.finish(job)
        return await self.answer(job)

    async def answer(self, job: str) -> Any:
        """The message that shows how a job ended."""
        kept = await self.settled(job)
        return self.message(self.env.backend.get_message(int(kept.place.chat), int(kept.place.message)))

    async def settled(self, job: str) -> Any:
        """The job as it is kept, once it is answered."""
        async with asyncio.timeout(PATIENCE):
            while not (kept := await jobs.get(self.db, job)) or not kept.answered:
                await asyncio.sleep(0.005)
        return kept

    async def pictures(self, message: Any) -> list[str]:
        """The ids of the pictures that a message shows."""
        post = await posts.at(self.db, Place("discord", str(message.channel_id), str(message.id)))
        assert post is not None
        return list(post.pictures)


@asynccontextmanager
async def house(folder: Path, **settings: Any) -> AsyncIterator[House]:
    """A house that is open, with Ann and Bob in its server."""
    made = House(folder, **settings)
    await made.build()
    made.env = env = simcord.Env(made.chat.client)
    await env.start()
    made.guild = env.create_guild()
    made.channel = made.guild.create_text_channel("gen")
    made.ann, made.bob = (made.guild.add_member(env.create_user(name)) for name in ("ann", "bob"))
    await made.begin()
    try:
        yield made
    finally:
        await made.end()
        await env.shutdown()
    env.raise_errors()


def size(content: bytes) -> tuple[int, int]:
    """The pixels of a picture file."""
    with Image.open(io.BytesIO(content)) as picture:
        return picture.size


def ids(message: Any) -> list[str]:
    """The custom ids of a message's buttons and selects."""
    return [one["custom_id"] for row in message.components for one in row["components"]]


def labels(message: Any) -> list[str]:
    return [one.get("label", "") for row in message.components for one in row["components"]]
