"""Bringing back what a backup holds (`storage/backup.py`), all of it or nothing."""

from __future__ import annotations

import asyncio
import functools
import json
import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from sqlalchemy import URL, Connection, MetaData, text

from prompts.errors import Refusal
from storage import migrations, portable_tables
from storage.backup import ASIDE, COMING, FOLDER, FORMAT, SETTINGS, TABLES, WHAT, Contents, skipped
from storage.bucket import Bucket
from storage.database import LOCK, address_of, connect, files_in, place_of
from storage.errors import refusing
from storage.files import DRAWN, Files
from storage.sqlite_file import FILE


async def restore(
    file: Path, url: str, folder: Path, *, replace: bool = False, bucket: Bucket | None = None
) -> Contents:
    """Fill a database and a data folder from a backup; what is there is put aside (a data folder) or dropped (tables on
    a server) only when told to. All of it is there in the end, or nothing has changed, but for pictures too many in a
    `bucket`, where those of the backup go.

    Raises Refusal `backup.unreadable`, `storage.newer`, `backup.taken` and as the database does.
    """
    address = address_of(url, folder)
    with _opened(file) as archive, refusing(str(folder), files=True):
        revision = _revision(archive)
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=COMING, dir=folder))
        try:
            if not replace and _lived_in(folder, address):
                raise Refusal("backup.taken", where=str(folder))
            files = _unpack(archive, staging / "data")
            if bucket is not None:
                await _upload(staging / "data" / "pictures", files_in(folder, bucket))
            if address.get_backend_name() == "sqlite":
                made = staging / FILE
                rows = await _fill(archive, f"sqlite:///{made}", staging, revision, lambda: None)
                _settle(folder, staging / "data", (made, Path(place_of(address))))
            else:
                rows = await _fill(archive, url, folder, revision, lambda: _settle(folder, staging / "data"), replace)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return Contents(rows, files, file.stat().st_size)


def settings_in(file: Path) -> bytes | None:
    """The settings file that a backup holds, None without one. Raises Refusal `backup.unreadable`."""
    with _opened(file) as archive:
        return archive.read(SETTINGS) if SETTINGS in archive.namelist() else None


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """The archive of a backup. Raises Refusal `backup.unreadable` for what is none, and for one that is damaged."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError, FileNotFoundError, IsADirectoryError) as error:
        raise Refusal("backup.unreadable", file=str(file)) from error


def _revision(archive: zipfile.ZipFile) -> str:
    said = json.loads(archive.read(WHAT))
    revision = str(said["revision"])
    if said["format"] != FORMAT or revision not in migrations.REVISIONS:
        raise Refusal("storage.newer", revision=revision, known=migrations.HEAD)
    return revision


def _lived_in(folder: Path, address: URL) -> bool:
    """Whether a data folder holds anything but what a restore makes itself."""
    database = address.get_backend_name() == "sqlite" and Path(place_of(address)).exists()
    return database or any(not skipped(Path(one.name)) for one in folder.iterdir())


def _unpack(archive: zipfile.ZipFile, folder: Path) -> int:
    """Write the files of the data folder; how many. Raises ValueError for a path that leads elsewhere."""
    folder.mkdir()
    count = 0
    for entry in archive.infolist():
        if not entry.filename.startswith(FOLDER) or entry.is_dir():
            continue
        path = PurePosixPath(entry.filename.removeprefix(FOLDER))
        if path.is_absolute() or ".." in path.parts or any(sign in str(path) for sign in "\\:"):
            raise ValueError(path)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, target.open("wb") as out:
            shutil.copyfileobj(packed, out)
        count += 1
    return count


async def _upload(folder: Path, files: Files) -> None:
    """Put the unpacked pictures into a bucket instead of the data folder."""
    await files.prepare()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = await asyncio.to_thread(path.read_bytes)
            await files.patiently(functools.partial(files.put, content, path.suffix), DRAWN)
    shutil.rmtree(folder, ignore_errors=True)


async def _fill(
    archive: zipfile.ZipFile,
    url: str,
    folder: Path,
    revision: str,
    settle: Callable[[], None],
    replace: bool = False,
) -> int:
    """Make the tables, fill them and bring them to today's, in one transaction that `settle` is the last part of; how
    many rows. What is in the database already is dropped only when told to."""
    address = address_of(url, folder)
    engine = connect(url, folder)
    try:
        with refusing(place_of(address)):
            async with engine.begin() as connection:
                return await connection.run_sync(_refill, archive, revision, place_of(address), settle, replace)
    finally:
        await engine.dispose()


def _refill(
    connection: Connection,
    archive: zipfile.ZipFile,
    revision: str,
    where: str,
    settle: Callable[[], None],
    replace: bool,
) -> int:
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    if migrations.revision(connection) is not None:
        if not replace:
            raise Refusal("backup.taken", where=where)
        there = MetaData()
        there.reflect(connection)
        there.drop_all(connection)
    migrations.upgrade(connection, revision)
    count = 0
    for table in portable_tables.tables(connection):
        with archive.open(f"{TABLES}{table.name}.jsonl") as lines:
            count += portable_tables.fill(connection, table, lines)
    migrations.upgrade(connection)
    if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise Refusal("storage.damaged", where=where)
    settle()
    return count


def _settle(folder: Path, made: Path, *moved: tuple[Path, Path]) -> None:
    """Put what was restored in its place, and what was there aside; after an error all is as it was."""
    aside = folder / f"{ASIDE}{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    old = [one for one in folder.iterdir() if not skipped(Path(one.name))]
    new = [(one, folder / one.name) for one in made.iterdir()]
    for _, target in moved:
        beside = (target.with_name(target.name + end) for end in ("", "-wal", "-shm", "-journal"))
        old += [one for one in beside if one.exists() and one not in old]
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in [*((one, aside / one.name) for one in old), *new, *moved]:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            shutil.move(target, source)
        raise
