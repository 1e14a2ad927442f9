"""Files that people sent to be drawn over: kept for a day, and longer while something needs them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, union, update

from storage import tables
from storage.database import Database
from storage.files import SENT, suffix_of
from storage.spare import UPLOAD_KEPT, drop


async def add_upload(db: Database, person: str, content: bytes) -> str:
    """Keep a file to be drawn over (checked by the caller) and return its hash.

    It stays for a day, and longer while a picture, an open job or a favourite needs it.
    """
    return await db.files.patiently(lambda: _add(db, person, content), SENT)


async def _add(db: Database, person: str, content: bytes) -> str:
    suffix = suffix_of(content)
    picture = await db.files.put(content, suffix)
    row = db.insert(tables.Uploads).values(person=person, hash=picture, created=db.now())
    async with db.writing() as session:
        await db.lock(session)
        await session.execute(
            row.on_conflict_do_update(index_elements=["person", "hash"], set_={"created": row.excluded.created})
        )
        await db.files.put(content, suffix)  # again, should it have been removed just before the row
    return picture


async def forget(db: Database, person: str, file: str) -> None:
    """Let go of a file that this person has sent, before its day is over."""
    table = tables.Uploads
    async with db.writing() as session:
        await session.execute(delete(table).where(table.person == person, table.hash == file))
    await drop(db, [file])


async def renew(db: Database, files: Sequence[str]) -> None:
    """Keep files for another day whose day is half over."""
    table = tables.Uploads
    old = table.hash.in_(files), table.created < db.now() - UPLOAD_KEPT / 2
    async with db.session() as session:
        if not await session.scalar(select(select(table.hash).where(*old).exists())):
            return
    async with db.writing() as session:
        await session.execute(update(table).where(*old).values(created=db.now()))


async def find(db: Database, person: str, start: str) -> str | None:
    """The hash that begins so of a file that somebody sent, or of a picture of theirs; None where there is none."""
    sent = select(tables.Uploads.hash).where(tables.Uploads.person == person, tables.Uploads.hash.startswith(start))
    drawn = select(tables.Pictures.hash).where(tables.Pictures.person == person, tables.Pictures.hash.startswith(start))
    async with db.session() as session:
        found: str | None = await session.scalar(union(sent, drawn).limit(1))
        return found


async def tidy(db: Database) -> int:
    """Remove uploads that nobody drew over within a day; returns how many. To be called now and then."""
    old = select(tables.Uploads.hash).where(tables.Uploads.created < db.now() - UPLOAD_KEPT).distinct()
    async with db.session() as session:
        uploads = list(await session.scalars(old))
    return await drop(db, uploads)
