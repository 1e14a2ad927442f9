"""The one card of each training, kept up to date where it stands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from bot.chat import Chat
from bot.errors import Gone, Rejected, Unreachable
from bot.training import cards
from bot.training.now import TrainingNow
from prompts.errors import Refusal
from storage import trainings
from storage.database import Database
from storage.jobs import Place
from storage.trainings import KeptTraining

log = logging.getLogger(__name__)

EVERY = 10.0  # seconds between two cards that only tell of another step


class Showing:
    """Renews cards at the pace of their platforms; the newest word is always the last."""

    def __init__(
        self, db: Database, chats: Mapping[str, Chat], now: Callable[[KeptTraining], Awaitable[TrainingNow]]
    ) -> None:
        self._db = db
        self._chats = chats
        self._now = now
        self._stale: set[str] = set()
        self._shown: dict[str, float] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def show(self, kept: KeptTraining, *, soon: bool) -> None:
        """Renew a card: soon, or when it has stood long enough."""
        here = asyncio.get_running_loop().time()
        if not kept.place.message or kept.place.platform not in self._chats:
            return
        if not soon and here - self._shown.get(kept.id, -EVERY) < EVERY:
            return
        self._shown[kept.id] = here
        self._stale.add(kept.id)
        if kept.id not in self._tasks:
            self._tasks[kept.id] = asyncio.create_task(self._deliver(kept.id))

    async def gone(self, kept: KeptTraining) -> None:
        """Take the card of a deleted training away; where that cannot be, it says nothing of it any more."""
        self._stale.discard(kept.id)
        if task := self._tasks.pop(kept.id, None):
            task.cancel()
        chat = self._chats.get(kept.place.platform)
        if chat is None or not kept.place.message:
            return
        try:
            await chat.remove(kept.place)
        except Rejected:
            await self._edited(chat, kept, None)
        except (Gone, Unreachable) as error:
            log.info("the card of training %s cannot be taken away: %s", kept.id, error)

    async def close(self) -> None:
        """Renew nothing any more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _deliver(self, training: str) -> None:
        try:
            while training in self._stale:
                self._stale.discard(training)
                kept = await trainings.get(self._db, training)
                chat = self._chats.get(kept.place.platform) if kept else None
                if kept is None or chat is None or not kept.place.message:
                    return
                await self._edited(chat, kept, await self._now(kept))
                await asyncio.sleep(chat.pace)
        except Refusal as refusal:
            log.info("the card of training %s: %s", training, refusal)
        except Exception:
            log.exception("the card of training %s could not be renewed", training)
        finally:
            if self._tasks.get(training) is asyncio.current_task():
                del self._tasks[training]

    async def _lost(self, kept: KeptTraining) -> None:
        """A card that is no more where it stood: it may have been sent anew meanwhile."""
        now = await trainings.get(self._db, kept.id)
        if now is not None and now.place == kept.place:
            await trainings.stands(self._db, kept.id, Place(kept.place.platform, kept.place.chat))
        elif now is not None:
            self._stale.add(kept.id)

    async def _edited(self, chat: Chat, kept: KeptTraining, now: TrainingNow | None) -> None:
        try:
            card = await cards.training_card(self._db, now) if now else cards.gone_card(kept.language)
            await chat.edit(kept.place, card)
        except Gone:
            await self._lost(kept)
        except (Unreachable, Rejected) as error:
            log.info("the card of training %s cannot be renewed: %s", kept.id, error)
