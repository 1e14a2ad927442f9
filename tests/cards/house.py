"""A studio with both platforms and a pool that pretends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.chat import Person
from bot.desk import StudioDesk
from bot.people import access
from bot.platforms.discord.background import Background
from bot.platforms.discord.settings import DiscordSettings
from bot.platforms.telegram.chat import TelegramChat
from bot.platforms.telegram.settings import TelegramSettings
from bot.platforms.telegram.updates import Updates
from bot.studio.rules import Rules
from bot.studio.studio import Studio
from bot.studio.suggest import Completion, suggest
from bot.training import learnt_files
from bot.training.may_train import TrainingRules
from engine.files import model_folders, private
from engine.queue.queue import Queue
from engine.tagging import PictureTags, SeenTag
from prompts.translate.chain import chain
from tests.bot.platforms.discord.desk import REACTIONS, chat_on
from tests.bot.platforms.telegram.conftest import hasty
from tests.database import opened
from tests.fakes import FakePool, a_lora
from tests.patience import until
from tests.peers.discord import DiscordServer
from tests.peers.telegram import TelegramServer


@dataclass(frozen=True)
class House:
    """The bot's parts, and the two platforms as people see them."""

    studio: Studio
    pool: FakePool
    discord: DiscordServer
    telegram: TelegramServer
    background: Background
    updates: Updates

    async def idle(self) -> None:
        """Wait until all that was asked for is answered, other than what the pool keeps waiting."""
        answers = self.studio._answers
        await until(
            lambda: (
                self.background._waiting.empty()
                and not self.background._begun
                and not self.updates._tasks
                and all(one.place.message and not one.changed.is_set() for one in answers._open.values())
                and (self.pool.seconds is None or not answers._tasks)
            )
        )

    async def drawing(self, after: str = "") -> str:
        """The job that the pool was handed last, another than `after`."""
        return str(
            await until(lambda: self.pool.drawn and self.pool.drawn[-1][0] not in after and self.pool.drawn[-1][0])
        )


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """Everything but an engine; closed in the opposite order."""
    a_lora(folder / "loras", "ink-wash", "ink wash style")
    async with DiscordServer() as discord, TelegramServer() as telegram:
        db = await opened(folder / "data")
        pool = FakePool(slots=8, seconds=0.0)
        pool.tags = lambda wish: PictureTags("detectors", (SeenTag("white background", 1.0),))
        queue = Queue(pool, lambda news: studio.hear(news), db.files.get, per_person=8, in_all=100)
        rules = Rules(
            models=(),
            loras=(folder / "loras", learnt_files.halves(folder / "data")),
            model="danqing-demo",
            pictures_per_request=4,
            training=TrainingRules(who="everybody"),
            places={"lora": folder / "loras"},
        )
        studio = Studio(db, queue, chain(folder / "cache"), rules)

        async def tags(person: Person, typed: str) -> list[Completion]:
            return await suggest(studio, person, "tag", typed)

        first = DiscordSettings(
            token=discord.token,
            api_base=discord.api_base,
            gateway=discord.gateway_base,
            reactions=REACTIONS,
            pace=0.0,
        )
        second = TelegramSettings(token=telegram.token, api_base=telegram.api_base, file_base=telegram.file_base)
        on_discord = chat_on(studio, first)
        on_telegram = TelegramChat(
            db, second, studio.person, tags, lambda asked: access.enter(db, rules.access, asked), hasty()
        )
        try:
            await studio.open([on_discord, on_telegram], StudioDesk(studio))
            await queue.start()
            await discord.ready("imagine")
            await telegram.connected()
            assert on_telegram._updates
            yield House(studio, pool, discord, telegram, on_discord._context.background, on_telegram._updates)
        finally:
            await queue.close()
            await studio.close()
            await db.close()
            private.forget()
            model_folders.forget()
