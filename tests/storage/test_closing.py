"""A database that is closed while somebody is still at it."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import database
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


async def test_a_connection_that_does_not_come_back_is_closed_under_its_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LEAVING", 0.01)
    db = await Database.open("", tmp_path)
    begun, going_on = asyncio.Event(), asyncio.Event()

    async def read() -> None:
        async with db.session() as session:
            await session.execute(text("SELECT 1"))
            begun.set()
            await going_on.wait()
            await session.execute(text("SELECT 1"))

    task = asyncio.create_task(read())
    await begun.wait()
    await db.close()
    going_on.set()
    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], Exception)
    gc.collect()


async def test_who_is_cancelled_while_closing_closes_all(tmp_path: Path) -> None:
    db = await Database.open("", tmp_path)
    async with db.session() as session:
        await session.execute(text("SELECT 1"))
        closing = asyncio.create_task(db.close())
        await asyncio.sleep(0.01)
        closing.cancel()
    assert isinstance((await asyncio.gather(closing, return_exceptions=True))[0], asyncio.CancelledError)
    gc.collect()
