"""A database that is closed while somebody is still at it."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

from sqlalchemy import text

from storage.database import Database


async def test_a_connection_that_comes_back_late_is_closed_too(tmp_path: Path) -> None:
    """One that nobody closes is a warning, and so an error, when it is collected."""
    db = await Database.open("", tmp_path)
    begun = asyncio.Event()

    async def read() -> None:
        async with db.session() as session:
            await session.execute(text("SELECT 1"))
            begun.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()  # and nobody waits for it
    await db.close()
    await asyncio.gather(task, return_exceptions=True)
    gc.collect()
