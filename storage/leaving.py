"""Who has asked to be forgotten: planned, taken back until it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from storage import tables
from storage.database import Database
from storage.jobs import Place


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody to be forgotten at a time, and the place and the language to tell them in."""

    person: str
    due: datetime
    place: Place
    language: str


async def plan(db: Database, leave: Leave) -> Leave:
    """Remember that somebody is to be forgotten; what was planned before stays as it is. Returns what is planned."""
    row = db.insert(tables.Leaving).values(
        person=leave.person,
        due=leave.due,
        platform=leave.place.platform,
        chat=leave.place.chat,
        language=leave.language,
    )
    async with db.writing() as session:
        await session.execute(row.on_conflict_do_nothing(index_elements=["person"]))
    return await planned(db, leave.person) or leave


async def planned(db: Database, person: str) -> Leave | None:
    """What is planned for a person, or None."""
    async with db.session() as session:
        row = await session.get(tables.Leaving, person)
        return None if row is None else _leave(row)


async def take_back(db: Database, person: str) -> bool:
    """Plan nothing for a person any more; False where nothing was planned."""
    row = delete(tables.Leaving).where(tables.Leaving.person == person).returning(tables.Leaving.person)
    async with db.writing() as session:
        return (await session.execute(row)).first() is not None


async def due(db: Database, now: datetime) -> list[Leave]:
    """Those whose time has come, the longest waiting first."""
    query = select(tables.Leaving).where(tables.Leaving.due <= now).order_by(tables.Leaving.due)
    async with db.session() as session:
        return [_leave(row) for row in await session.scalars(query)]


def _leave(row: tables.Leaving) -> Leave:
    return Leave(row.person, row.due, Place(row.platform, row.chat), row.language)
