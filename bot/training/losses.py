"""The losses of what is being learnt, step for step."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import cast

from engine.wire import Learning
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import trainings
from storage.database import Database

WRITTEN_EVERY = 5.0  # seconds between two times that they are written down


class Losses:
    """Those of the trainings that workers tell of: kept here, and written down now and then."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._all: dict[str, list[float]] = {}
        self._written: dict[str, float] = {}

    async def heard(self, training: str, news: Learning) -> tuple[int, list[float] | None]:
        """Add what a worker tells: how many steps lie before it, and all losses where it is time to write them down."""
        losses = self._all.get(training)
        if losses is None:
            losses = self._all[training] = await trainings.losses(self._db, training)
        before = max(0, news.step - len(news.losses))
        del losses[before:]
        losses += [losses[-1] if losses else 0.0] * (before - len(losses) if news.losses else 0)  # of a death between
        losses += [round(one, 5) for one in news.losses]
        now = asyncio.get_running_loop().time()
        if now - self._written.get(training, -WRITTEN_EVERY) < WRITTEN_EVERY:
            return before, None
        self._written[training] = now
        return before, losses

    async def write(self, training: str) -> None:
        """Write down all of a training that is learnt no more, and let go of them."""
        losses = self._all.get(training)
        self.forget(training)
        if losses is not None:
            await trainings.change(self._db, training, {"losses": cast(Json, losses)})

    def forget(self, training: str) -> None:
        """Let go of those of a training."""
        self._all.pop(training, None)
        self._written.pop(training, None)

    async def close(self) -> None:
        """Write down all there are."""
        for training, losses in self._all.items():
            with suppress(Refusal):
                await trainings.change(self._db, training, {"losses": cast(Json, losses)})
