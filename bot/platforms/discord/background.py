"""What Discord's events ask for, done outside them, so that none of them waits for us."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

Work = Coroutine[Any, Any, None]


class Background:
    """Work waiting to begin, and work that has begun."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Work] = asyncio.Queue()
        self._begun: set[asyncio.Task[None]] = set()

    def put(self, work: Work) -> None:
        self._waiting.put_nowait(work)

    async def run(self) -> None:
        """Begin whatever comes in, for ever."""
        while True:
            task = asyncio.create_task(await self._waiting.get())
            self._begun.add(task)
            task.add_done_callback(self._begun.discard)

    async def finish(self, seconds: float) -> None:
        """Wait at most so long for what has begun."""
        if self._begun:
            await asyncio.wait(self._begun, timeout=seconds)

    async def drop(self) -> None:
        """Give up what has begun, and what has not."""
        tasks = list(self._begun)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while not self._waiting.empty():
            self._waiting.get_nowait().close()
