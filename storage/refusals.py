"""How often people asked for what is never drawn: counts, and nothing of what they wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storage import tables
from storage.database import Database


@dataclass(frozen=True, slots=True)
class RefusedPerson:
    """Somebody, how often they were refused and when the last time was; `name` as their platform has it."""

    person: str
    name: str
    count: int
    last: datetime


async def add(db: Database, person: str) -> None:
    """Count a refusal of somebody; one who is not known is not counted."""
    row = db.insert(tables.Refused).values(person=person, count=1, last=db.now())
    again = row.on_conflict_do_update(
        index_elements=["person"], set_={"count": tables.Refused.count + 1, "last": row.excluded.last}
    )
    async with db.writing() as session:
        if await session.get(tables.Persons, person) is not None:
            await session.execute(again)


async def total(db: Database) -> int:
    """How many refusals there were in all."""
    async with db.session() as session:
        return await session.scalar(select(func.coalesce(func.sum(tables.Refused.count), 0))) or 0


async def most(db: Database, limit: int) -> list[RefusedPerson]:
    """The people who were refused most often."""
    refused = tables.Refused
    query = select(refused, tables.Persons.name).join(tables.Persons, tables.Persons.id == refused.person)
    async with db.session() as session:
        rows = await session.execute(query.order_by(refused.count.desc(), refused.last.desc()).limit(limit))
        return [RefusedPerson(row.person, name, row.count, row.last) for row, name in rows]
