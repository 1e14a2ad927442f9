"""Model files as they were identified once, so that a start does not look into thousands of them again."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select

from engine.files.identity import Identity
from engine.files.model_folders import Known
from storage import tables
from storage.database import Database

AT_ONCE = 100  # rows a statement: SQLite takes so many values only


async def all_known(db: Database) -> tuple[Known, ...]:
    """Every file that was identified, but for those that another version of the program knew otherwise."""
    async with db.session() as session:
        rows = await session.scalars(select(tables.KnownFiles))
        return tuple(known for row in rows if (known := _known(row)))


async def keep(db: Database, files: Iterable[Known]) -> None:
    """Remember what these files are."""
    rows = [
        {
            "path": file.path,
            "size": file.size,
            "modified": file.modified,
            "identity": file.identity.to_json(),
            "hash": f"{file.hash} {file.network}".strip(),  # in one column, as older versions had only the first
        }
        for file in files
    ]
    for start in range(0, len(rows), AT_ONCE):
        insert = db.insert(tables.KnownFiles).values(rows[start : start + AT_ONCE])
        new = {name: insert.excluded[name] for name in ("size", "modified", "identity", "hash")}
        async with db.writing() as session:
            await session.execute(insert.on_conflict_do_update(index_elements=["path"], set_=new))


async def forget(db: Database, paths: Iterable[str]) -> None:
    """Remember nothing of files that are gone."""
    gone = list(paths)
    for start in range(0, len(gone), AT_ONCE):
        async with db.writing() as session:
            query = delete(tables.KnownFiles).where(tables.KnownFiles.path.in_(gone[start : start + AT_ONCE]))
            await session.execute(query)


def _known(row: tables.KnownFiles) -> Known | None:
    try:
        whole, _, network = row.hash.partition(" ")
        return Known(row.path, row.size, row.modified, Identity.from_json(row.identity), whole, network)
    except TypeError:
        return None
