"""Everything the bot remembers in one file, and back: the database of either kind, the data folder, the settings.

The file is a zip with `danqing.json` (what it is), a file of lines for each table (`storage/portable_tables.py`), what
lies in the data folder, and the settings file where there is one.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection

from prompts.errors import Refusal
from storage import migrations, portable_tables
from storage.bucket import Bucket
from storage.database import BUSY, address_of, connect, files_in, place_of
from storage.errors import refusing
from storage.files import DRAWN, Files, suffix_of
from storage.sqlite_file import FILE, LOCKED

FORMAT = 1
WHAT, TABLES, FOLDER, SETTINGS = "danqing.json", "tables/", "data/", "config.yaml"
# Of the data folder: what can be made again, and what earlier restores put aside.
MADE_AGAIN = frozenset({"cache", "pictures/coming", "pictures/small"})
ASIDE = "before-restore-"
COMING = ".restoring-"
PART = ".part"
PRESSED = frozenset({".png", ".jpg", ".webp", ".gif"})  # which a zip makes no smaller


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds: rows in all tables, files of the data folder, their bytes as they lie in the backup."""

    rows: int
    files: int
    size: int


async def write(
    url: str,
    folder: Path,
    settings: Path | None,
    file: Path,
    *,
    replace: bool = False,
    bucket: Bucket | None = None,
) -> Contents:
    """Write a backup, whether the bot runs or not; what was there is replaced only when told to. Pictures in a `bucket`
    are in it as those in the folder are.

    Raises Refusal `backup.exists`, `backup.nothing` where there is no database yet, and as the database does.
    """
    if file.exists() and not replace:
        raise Refusal("backup.exists", file=str(file))
    # For its owner's eyes: everything that people wrote is in it.
    with refusing(str(file.parent), files=True), whole(file, 0o600) as part:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            # The rows before the files: a picture drawn meanwhile is then a file too many, not a row without its file.
            rows = await _dump(archive, url, folder, part.parent)
            files = _files(archive, folder, address_of(url, folder), file.absolute())
            if bucket is not None:
                files += await _pictures(archive, files_in(folder, bucket))
            if settings is not None:
                archive.write(settings, SETTINGS)
        if file.exists() and not replace:
            raise Refusal("backup.exists", file=str(file))
        size = part.stat().st_size
    return Contents(rows, files, size)


@contextmanager
def whole(file: Path, mode: int = 0o666) -> Iterator[Path]:
    """A path to write to that becomes `file` in the end; an error leaves nothing."""
    part = file.with_name(f".{file.name}{PART}")
    part.unlink(missing_ok=True)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


async def _dump(archive: zipfile.ZipFile, url: str, folder: Path, beside: Path) -> int:
    """Write all rows as they are at one moment; how many."""
    address = address_of(url, folder)
    if address.get_backend_name() != "sqlite":
        return await _dump_from(archive, url, folder, place_of(address))
    if not Path(place_of(address)).is_file():
        raise Refusal("backup.nothing", where=place_of(address))
    with tempfile.TemporaryDirectory(prefix=COMING, dir=beside) as apart, refusing(place_of(address)):
        copied = Path(apart) / FILE
        _copy(Path(place_of(address)), copied)
        return await _dump_from(archive, f"sqlite:///{copied}", folder, place_of(address))


def _copy(source: Path, target: Path) -> None:
    """A copy of a database that others may be writing to, by SQLite's online backup: nobody waits for it."""
    reading, writing = sqlite3.connect(source, timeout=BUSY), sqlite3.connect(target)
    try:
        reading.backup(writing)
    finally:
        reading.close()
        writing.close()


async def _dump_from(archive: zipfile.ZipFile, url: str, folder: Path, where: str) -> int:
    engine = connect(url, folder)
    try:
        with refusing(where):
            async with engine.connect() as connection:
                if engine.dialect.name != "sqlite":
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                return await connection.run_sync(_rows, archive, where)
    finally:
        await engine.dispose()


def _rows(connection: Connection, archive: zipfile.ZipFile, where: str) -> int:
    revision = migrations.revision(connection)
    if revision is None:
        raise Refusal("backup.nothing", where=where)
    said = {"format": FORMAT, "revision": revision, "created": datetime.now(UTC).isoformat(timespec="seconds")}
    archive.writestr(WHAT, json.dumps(said))
    count = 0
    for table in portable_tables.tables(connection):
        with archive.open(f"{TABLES}{table.name}.jsonl", "w", force_zip64=True) as out:
            for line in portable_tables.lines(connection, table):
                out.write(line)
                count += 1
    return count


def _files(archive: zipfile.ZipFile, folder: Path, address: URL, own: Path) -> int:
    """Write what lies in the data folder, but for the database and the backup's own file; how many files."""
    count = 0
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(one for one in folders if not skipped((here / one).relative_to(folder)))
        for path in (here / name for name in sorted(names)):
            if _of_database(path, address) or path == own or path.suffix == PART or not path.is_file():
                continue
            if skipped(path.relative_to(folder)):
                continue
            how = zipfile.ZIP_STORED if path.suffix in PRESSED else zipfile.ZIP_DEFLATED
            with suppress(FileNotFoundError):  # deleted a moment ago
                archive.write(path, FOLDER + path.relative_to(folder).as_posix(), how)
                count += 1
    return count


async def _pictures(archive: zipfile.ZipFile, files: Files) -> int:
    """Write the pictures that lie elsewhere than in the data folder, as if they lay there; how many."""
    count, there = 0, {Path(name).stem for name in archive.namelist() if name.startswith(f"{FOLDER}pictures/")}
    async for picture in files.each():
        if picture in there:
            continue
        try:
            content = await files.patiently(functools.partial(files.get, picture), DRAWN)
        except Refusal as refusal:
            if refusal.key == "picture.gone":  # deleted a moment ago
                continue
            raise
        name = f"{FOLDER}pictures/{picture[:2]}/{picture[2:4]}/{picture}{suffix_of(content)}"
        await asyncio.to_thread(archive.writestr, name, content, zipfile.ZIP_STORED)
        count += 1
    return count


def skipped(path: Path) -> bool:
    """Whether a path in the data folder is no part of a backup."""
    locked = len(path.parts) == 1 and path.suffix == LOCKED
    return locked or path.as_posix() in MADE_AGAIN or path.parts[0].startswith((ASIDE, COMING))


def _of_database(path: Path, address: URL) -> bool:
    """Whether it is the database's file, or one that SQLite keeps beside it."""
    file = Path(place_of(address)) if address.get_backend_name() == "sqlite" else path.parent / FILE
    return path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal")))
