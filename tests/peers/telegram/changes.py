"""Waiting for something to become true, without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Changes:
    """`tell` after every change; `until` looks anew after each."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def until(self, true: Callable[[], bool], seconds: float | None) -> None:
        """Returns as soon as it is true; TimeoutError after so many real seconds."""
        async with asyncio.timeout(seconds):
            while not true():
                waiting = asyncio.get_running_loop().create_future()
                self._waiting.add(waiting)
                await waiting
