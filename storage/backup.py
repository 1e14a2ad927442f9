"""Everything the bot remembers in one file, and back: the database of either kind, the data folder, the settings.

The file is a zip with `danqing.json` (what it is), a file of lines for each table (`storage/portable_tables.py`), what
lies in the data folder, and the settings file where there is one.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from sqlalchemy import URL, Connection, MetaData, text

from prompts.errors import Refusal
from storage import migrations, portable_tables
from storage.database import BUSY, FILE, LOCK, address_of, connect, place_of
from storage.errors import refusing

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


async def write(url: str, folder: Path, settings: Path | None, file: Path, *, replace: bool = False) -> Contents:
    """Write a backup, whether the bot runs or not; what was there is replaced only when told to.

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
            if settings is not None:
                archive.write(settings, SETTINGS)
        if file.exists() and not replace:
            raise Refusal("backup.exists", file=str(file))
        size = part.stat().st_size
    return Contents(rows, files, size)


async def restore(file: Path, url: str, folder: Path, *, replace: bool = False) -> Contents:
    """Fill a database and a data folder from a backup; what is there is put aside (a data folder) or dropped (tables on
    a server) only when told to. All of it is there in the end, or nothing has changed.

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


# --- writing ---


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
        folders[:] = sorted(one for one in folders if not _skipped((here / one).relative_to(folder)))
        for path in (here / name for name in sorted(names)):
            if _of_database(path, address) or path == own or path.suffix == PART or not path.is_file():
                continue
            how = zipfile.ZIP_STORED if path.suffix in PRESSED else zipfile.ZIP_DEFLATED
            with suppress(FileNotFoundError):  # deleted a moment ago
                archive.write(path, FOLDER + path.relative_to(folder).as_posix(), how)
                count += 1
    return count


def _skipped(path: Path) -> bool:
    return path.as_posix() in MADE_AGAIN or path.parts[0].startswith((ASIDE, COMING))


def _of_database(path: Path, address: URL) -> bool:
    """Whether it is the database's file, or one that SQLite keeps beside it."""
    file = Path(place_of(address)) if address.get_backend_name() == "sqlite" else path.parent / FILE
    return path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal")))


# --- reading ---


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
    return database or any(not _skipped(Path(one.name)) for one in folder.iterdir())


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
    old = [one for one in folder.iterdir() if not _skipped(Path(one.name))]
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
