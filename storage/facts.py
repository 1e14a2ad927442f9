"""What the program itself remembers: measured speeds, the secret of the web sessions."""

from __future__ import annotations

from typing import cast

from sqlalchemy import delete, select

from prompts.prompt import Json
from storage import tables
from storage.database import Database


async def fact(db: Database, key: str) -> Json:
    """The value under a key, None where there is none."""
    async with db.session() as session:
        row = await session.get(tables.Facts, key)
        return None if row is None else cast(Json, row.value)


async def beginning(db: Database, start: str) -> list[str]:
    """The keys that begin so under which something is remembered."""
    key = tables.Facts.key
    async with db.session() as session:
        return list(await session.scalars(select(key).where(key.startswith(start, autoescape=True)).order_by(key)))


async def set_fact(db: Database, key: str, value: Json) -> None:
    """Remember a value under a key."""
    row = db.insert(tables.Facts).values(key=key, value=value)
    async with db.writing() as session:
        await session.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))


async def forget(db: Database, key: str) -> None:
    """Remember nothing under a key any more."""
    async with db.writing() as session:
        await session.execute(delete(tables.Facts).where(tables.Facts.key == key))
