"""Waiting for something to become true, without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.patience import PATIENCE as WAIT

__all__ = ["WAIT", "Changes"]


class Changes:
    """`tell` after every change; `until` looks anew after each. `told` is what a wait in vain says: what the bot did
    last."""

    def __init__(self, told: Callable[[], str]) -> None:
        self.told = told
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def until(self, true: Callable[[], object], seconds: float | None) -> None:
        """Returns as soon as it is true; TimeoutError after so many real seconds."""
        async with asyncio.timeout(seconds):
            while not true():
                waiting = asyncio.get_running_loop().create_future()
                self._waiting.add(waiting)
                await waiting

    async def expect(self, true: Callable[[], object], seconds: float, seen: Callable[[], str] = str) -> None:
        """As `until`, for tests: in vain it is an AssertionError that says what was `seen` and `told`."""
        try:
            await self.until(true, seconds)
        except TimeoutError:
            raise AssertionError("\n".join(filter(None, (f"after {seconds} s", seen(), self.told())))) from None
