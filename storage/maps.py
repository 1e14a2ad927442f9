"""Maps made of pictures for nets: kept for a day, and longer while something is drawn by them, so that none is made
twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, case, select, update

from prompts.prompt import Note
from storage import tables
from storage.database import Database
from storage.files import SENT, suffix_of
from storage.spare import UPLOAD_KEPT, drop


@dataclass(frozen=True, slots=True)
class KeptMap:
    """A map by the hash of its file, and notes that tell what was done to it."""

    hash: str
    notes: tuple[Note, ...] = ()


async def find(db: Database, source: str, how: str) -> KeptMap | None:
    """The map that was made so of this picture, which is kept for another day; None where there is none."""
    table = tables.KeptMaps
    async with db.writing() as session:
        await db.lock(session)
        row = (await session.execute(find_query(source, how))).first()
        if row is None or not await db.files.has(row.hash):
            return None
        asked = update(table).where(table.source == source, table.how == how)
        await session.execute(asked.values(created=db.now()))
    return KeptMap(row.hash, tuple(map(Note.from_json, row.notes)))


def find_query(source: str, how: str) -> Select[tuple[str, list[dict[str, object]]]]:
    """Apart, so that a test can look at its plan."""
    table = tables.KeptMaps
    return select(table.hash, table.notes).where(table.source == source, table.how == how)


async def keep(db: Database, source: str, how: str, content: bytes, notes: Sequence[Note] = ()) -> KeptMap:
    """Keep a map that was made so of this picture."""
    return await db.files.patiently(lambda: _keep(db, source, how, content, notes), SENT)


async def _keep(db: Database, source: str, how: str, content: bytes, notes: Sequence[Note]) -> KeptMap:
    suffix = suffix_of(content)
    made = KeptMap(await db.files.put(content, suffix), tuple(notes))
    row = db.insert(tables.KeptMaps).values(
        source=source, how=how, hash=made.hash, notes=[note.to_json() for note in notes], created=db.now()
    )
    changed = {name: row.excluded[name] for name in ("hash", "notes", "created")}
    async with db.writing() as session:
        await db.lock(session)
        await session.execute(row.on_conflict_do_update(index_elements=["source", "how"], set_=changed))
        await db.files.put(content, suffix)  # again, should it have been removed just before the row
    return made


async def charge(db: Database, person: str, day: date, seconds: float) -> None:
    """Add seconds that a map took to what a person's took on a day."""
    table = tables.MapSeconds
    row = db.insert(table).values(person=person, day=day, seconds=seconds)
    so_far = case((table.day == row.excluded.day, table.seconds), else_=0.0)
    changed = {"day": row.excluded.day, "seconds": so_far + row.excluded.seconds}
    async with db.writing() as session:
        await session.execute(row.on_conflict_do_update(index_elements=["person"], set_=changed))


async def seconds(db: Database, person: str, day: date) -> float:
    """The seconds that the maps made for a person took on a day; of earlier days than the last nothing is known."""
    table = tables.MapSeconds
    async with db.session() as session:
        found = await session.scalar(select(table.seconds).where(table.person == person, table.day == day))
        return float(found or 0.0)


async def tidy(db: Database) -> int:
    """Remove maps that nobody asked for within a day and nothing is drawn by; returns how many. To be called now and
    then."""
    old = select(tables.KeptMaps.hash).where(tables.KeptMaps.created < db.now() - UPLOAD_KEPT).distinct()
    async with db.session() as session:
        maps = list(await session.scalars(old))
    return await drop(db, maps)
