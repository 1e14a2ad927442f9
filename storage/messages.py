"""The web chat's own log: what stands in each chat, and what changed since one looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Select, select
from sqlalchemy import delete as delete_rows
from sqlalchemy.ext.asyncio import AsyncSession

from prompts.prompt import Json
from storage import tables
from storage.database import Database

Author = Literal["person", "bot"]


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `changed` grows with every `put` anywhere, so "what changed since 41" is everything above 41."""

    id: str
    chat: str
    author: Author
    body: Mapping[str, Json]
    created: datetime
    changed: int


async def put(db: Database, message_id: str, chat: str, author: Author, body: Mapping[str, Json]) -> Message:
    """Add a message, or replace the body of the one that has this id; its time and its place stay."""
    async with db.writing() as session:
        changed = await _next(db, session)
        row = await session.get(tables.Messages, message_id)
        if row is None:
            row = tables.Messages(
                id=message_id, chat=chat, author=author, created=db.now(), position=changed, body={}, changed=changed
            )
            session.add(row)
        row.body, row.changed = dict(body), changed
        return _message(row)


async def get(db: Database, message_id: str) -> Message | None:
    """The message, or None."""
    async with db.session() as session:
        row = await session.get(tables.Messages, message_id)
        return None if row is None else _message(row)


async def recent(db: Database, chat: str, before: str | None = None, limit: int = 50) -> list[Message]:
    """The last messages of a chat, or the last before the message `before`, in the order they were written."""
    async with db.session() as session:
        rows = list(await session.scalars(recent_query(chat, before, limit)))
        return [_message(row) for row in reversed(rows)]


def recent_query(chat: str, before: str | None, limit: int) -> Select[tables.Messages]:
    """Apart, so that a test can look at its plan; so is the next."""
    message = tables.Messages
    query = select(message).where(message.chat == chat)
    if before is not None:
        query = query.where(message.position < select(message.position).where(message.id == before).scalar_subquery())
    return query.order_by(message.position.desc()).limit(limit)


async def changed_since(db: Database, chat: str, changed: int, limit: int = 200) -> list[Message]:
    """The messages of a chat that were added or replaced after `changed`, in that order."""
    async with db.session() as session:
        return [_message(row) for row in await session.scalars(changed_query(chat, changed, limit))]


def changed_query(chat: str, changed: int, limit: int) -> Select[tables.Messages]:
    message = tables.Messages
    later = select(message).where(message.chat == chat, message.changed > changed)
    return later.order_by(message.changed).limit(limit)


async def delete(db: Database, message_id: str) -> bool:
    """Remove a message; False when there is none such."""
    async with db.writing() as session:
        gone = delete_rows(tables.Messages).where(tables.Messages.id == message_id).returning(tables.Messages.id)
        return (await session.execute(gone)).first() is not None


async def _next(db: Database, session: AsyncSession) -> int:
    row = db.insert(tables.Counters).values(name="message", value=1)
    counted = row.on_conflict_do_update(index_elements=["name"], set_={"value": tables.Counters.value + 1})
    return (await session.execute(counted.returning(tables.Counters.value))).scalar_one()


def _message(row: tables.Messages) -> Message:
    return Message(row.id, row.chat, cast(Author, row.author), row.body, row.created, row.changed)
