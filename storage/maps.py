"""Maps made of pictures for nets: kept for a day, and longer while something is drawn by them, so that none is made
twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select, update

from prompts.prompt import Note
from storage import tables
from storage.database import Database
from storage.files import suffix_of
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
        if row is None or not db.files.path(row.hash).exists():
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


async def tidy(db: Database) -> int:
    """Remove maps that nobody asked for within a day and nothing is drawn by; returns how many. To be called now and
    then."""
    old = select(tables.KeptMaps.hash).where(tables.KeptMaps.created < db.now() - UPLOAD_KEPT).distinct()
    async with db.session() as session:
        maps = list(await session.scalars(old))
    return await drop(db, maps)
