"""Files that no row needs any more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, false, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import tables
from storage.database import Database

UPLOAD_KEPT = timedelta(days=1)  # time to draw over an uploaded file; afterwards it stays only where it is needed


async def drop(db: Database, files: Iterable[str]) -> int:
    """Remove the files that nothing needs any more, and the maps that were made of them.

    In a transaction of its own, after the one that removed the rows: a crash in between leaves a file too many, never
    a row without its file; and who writes a row for the same content meanwhile comes before it or after it.
    """
    removed = 0
    waiting = deque(files)
    while waiting:
        file = waiting.popleft()
        async with db.writing() as session:
            await db.lock(session)
            if not await session.scalar(needed_query(file, db.now())):
                await session.execute(delete(tables.Uploads).where(tables.Uploads.hash == file))
                maps = await forget_maps(session, file)
                await db.files.remove(file)
                removed += 1
                waiting.extend(one for one in maps if one != file)
    return removed


async def forget_maps(session: AsyncSession, file: str) -> list[str]:
    """Forget a file as a map and as a picture that maps were made of; the hashes of those maps."""
    table = tables.KeptMaps
    gone = delete(table).where((table.source == file) | (table.hash == file)).returning(table.hash)
    return list(dict.fromkeys(await session.scalars(gone)))


def needed_query(file: str, now: datetime) -> Select[bool]:
    """Whether any row still needs a file."""
    picture, job, upload = tables.Pictures, tables.Jobs, tables.Uploads
    of_picture, of_favourite = tables.PictureFiles, tables.FavouriteFiles
    kept, learnt = tables.KeptMaps, tables.TrainingPictures
    open_job = (job.answered == false()) & job.sources.contains(file, autoescape=True)
    return select(
        select(picture.id).where(picture.hash == file).exists()
        | select(of_picture.picture).where(of_picture.hash == file).exists()
        | select(of_favourite.favourite).where(of_favourite.hash == file).exists()
        | select(upload.hash).where(upload.hash == file, upload.created >= now - UPLOAD_KEPT).exists()
        | select(kept.hash).where(kept.hash == file, kept.created >= now - UPLOAD_KEPT).exists()
        | select(learnt.place).where(learnt.hash == file).exists()
        | select(job.id).where(open_job).exists()
    )
