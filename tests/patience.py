"""Waiting for what comes sooner or later. How soon tells how busy the machine is, so no test measures it; what never
comes ends the test all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

PATIENCE = 300.0


async def until(true: Callable[[], Any], every: float = 0.005) -> Any:
    """What `true` gives, or what it is awaited for, as soon as that is something."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = true()
            if isinstance(found, Awaitable):
                found = await found
            if found:
                return found
            await asyncio.sleep(every)
