"""Databases for tests of the rooms above storage: opened without making the same tables again for every test."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from storage.database import FILE, Database

_empty: list[bytes] = []  # the file of an empty database, once this process has made one


async def opened(folder: Path) -> Database:
    """The database in a folder; a new one is a copy of an empty one with today's tables."""
    if not (folder / FILE).exists():
        if not _empty:
            with TemporaryDirectory() as made:
                await (await Database.open("", Path(made))).close()
                _empty.append((Path(made) / FILE).read_bytes())
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_bytes(_empty[0])
    return await Database.open("", folder)
