"""The database and the folder of files beside it: opening, migrating, reading and writing."""

from __future__ import annotations

import asyncio
import base64
import secrets
import sqlite3
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, cast

from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import QueuePool

from prompts.errors import Refusal
from storage import migrations
from storage.bucket import Bucket
from storage.errors import refusing
from storage.files import Files
from storage.folder_files import FolderFiles
from storage.sqlite_file import FILE
from storage.tables import Base

BUSY = 30  # seconds a process waits while another one writes; a transaction of ours takes milliseconds
LEAVING = 5  # seconds that whoever still reads or writes gets when the database is closed
CONNECT = 10  # seconds for a PostgreSQL server to answer
SCRUBS = 50  # tries to empty the log, a tenth of a second apart
LOCK = 0x64616E71  # "danq": the number of our advisory locks on PostgreSQL
WRITES = "danqing_writes"


def new_id() -> str:
    """Twelve random characters (base32, 60 bits)."""
    return base64.b32encode(secrets.token_bytes(8))[:12].decode().lower()


def address_of(url: str, folder: Path) -> URL:
    """The URL with its driver named. An empty one means a SQLite file in the data folder."""
    if not url:
        return URL.create("sqlite+aiosqlite", database=str(folder / FILE))
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:  # never show the URL itself: there may be a password in it
        raise Refusal("storage.url") from error
    if address.get_backend_name() in ("postgresql", "postgres"):
        query = dict(address.query)
        if "sslmode" in query:  # libpq's name for what asyncpg calls ssl
            query["ssl"] = query.pop("sslmode")
        return address.set(drivername="postgresql+asyncpg", query=query)
    if address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:"):
        return address.set(drivername="sqlite+aiosqlite")
    raise Refusal("storage.url")


def files_in(folder: Path, bucket: Bucket | None) -> Files:
    """Where pictures lie, with nothing asked or written yet. Raises Refusal `storage.pictures_extra`."""
    if bucket is None:
        return FolderFiles(folder / "pictures")
    from storage.bucket_files import BucketFiles  # only now: its library is an extra

    return BucketFiles(bucket)


def place_of(address: URL) -> str:
    """The file, or the server and the database on it: what may be shown of a URL."""
    if address.get_backend_name() == "sqlite":
        return str(address.database)
    return f"{address.host or ''}/{address.database or ''}"


def connect(url: str, folder: Path) -> AsyncEngine:
    """The engine behind a Database, with nothing opened, made or migrated yet. Raises Refusal."""
    address = address_of(url, folder)
    if address.get_backend_name() == "sqlite":
        # isolation_level None: sqlite3 begins no transactions of its own, `_begin` does, so DDL is transactional too.
        settings = {"timeout": BUSY, "isolation_level": None, "factory": Connected}
        engine = create_async_engine(address, connect_args=settings, pool_size=4)
        event.listen(engine.sync_engine, "connect", _connected)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    try:
        return create_async_engine(address, connect_args={"timeout": CONNECT}, pool_pre_ping=True)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise Refusal("storage.driver") from error


class Connected(sqlite3.Connection):
    """A connection whose lock ends with it. SQLite keeps that of a closed connection as long as one of its statements
    has rows left to read, which those of somebody who was cancelled have."""

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.rollback()
        super().close()


def _connected(connection: Any, _record: object) -> None:
    # synchronous=FULL: every commit waits for the disk (1 to 5 ms on an SSD). With NORMAL a power cut takes
    # back the last commits, and a person who was told "accepted" would never hear of the job again. A job makes a
    # handful of commits in seconds of drawing, so the wait does not show.
    # secure_delete: what is deleted is overwritten, so that nothing of it can be read in the file.
    try:
        for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
    except BaseException:
        connection.close()  # the pool would forget it, with its thread running
        raise


def _begin(connection: Connection) -> None:
    # IMMEDIATE takes the write lock at once and waits for it. A transaction that began by reading cannot wait: when
    # somebody else wrote meanwhile, SQLite ends it with "database is locked", whatever the timeout.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


async def _to_its_end(ending: Coroutine[Any, Any, None]) -> None:
    """End a transaction, or all of them, though the task is cancelled meanwhile: a connection that is half given back
    is lost, and SQLAlchemy says so with a traceback."""
    task = asyncio.ensure_future(ending)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        task.exception()  # seen: that it was cancelled says more
        raise cancelled
    task.result()


class Database:
    """An open database, with `files` for the pictures, beside the data `folder`. Made by `open`, ended by `close`; one
    event loop uses it."""

    def __init__(self, engine: AsyncEngine, files: Files, where: str, folder: Path) -> None:
        self.files = files
        self.folder = folder
        self.where = where
        self._engine = engine
        self._writer = engine.execution_options(**{WRITES: True})
        self._turn = asyncio.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._connections: set[Any] = set()  # aiosqlite's, as long as they are open
        if self.sqlite:
            event.listen(engine.sync_engine, "connect", lambda made, _: self._connections.add(made.driver_connection))
            event.listen(engine.sync_engine, "close", lambda gone, _: self._connections.discard(gone.driver_connection))

    @classmethod
    async def open(cls, url: str, folder: Path, bucket: Bucket | None = None) -> Self:
        """The database at `url` ("" for a SQLite file in `folder`), brought to today's tables; pictures lie in the
        `bucket`, or in the folder.

        `url` is `sqlite:///path` or `postgresql://name:password@host/database`. Raises Refusal: storage.url, .driver,
        .readonly, .full, .unreachable, .login, .damaged, .newer, .busy, .bucket, .pictures_….
        """
        address = address_of(url, folder)
        where = place_of(address)
        with refusing(str(folder), files=True):
            await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
            if address.get_backend_name() == "sqlite":
                await asyncio.to_thread(Path(where).parent.mkdir, parents=True, exist_ok=True)
        database = cls(connect(url, folder), files_in(folder, bucket), where, folder)
        try:
            await database.files.prepare()
            with refusing(where):
                await database._prepare()
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session to read in: all of it sees the database at one moment (on SQLite). Raises Refusal."""
        with refusing(self.where):
            async with AsyncSession(self._engine, expire_on_commit=False) as session:
                yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session to write in: one transaction, committed at the end, undone by an error. Never one within another:
        the inner one would wait for the outer one. Raises Refusal."""
        with refusing(self.where):
            async with AsyncExitStack() as stack:
                if self.sqlite:
                    # Coroutines queue here in order; SQLite's own waiting is a race of naps between processes.
                    await stack.enter_async_context(self._turn)
                session = await stack.enter_async_context(AsyncSession(self._writer, expire_on_commit=False))
                await session.begin()
                try:
                    yield session
                except BaseException:
                    await _to_its_end(session.rollback())
                    raise
                await _to_its_end(session.commit())

    @property
    def sqlite(self) -> bool:
        """Whether this is SQLite; PostgreSQL otherwise."""
        return self._engine.dialect.name == "sqlite"

    def insert(self, table: type[Base]) -> Insert:
        """An INSERT with ON CONFLICT, which both databases spell alike but SQLAlchemy keeps in two dialects."""
        if self.sqlite:
            return Insert(cast(Any, table))
        from sqlalchemy.dialects.postgresql import Insert as PostgresInsert

        return cast(Insert, PostgresInsert(cast(Any, table)))

    def now(self) -> datetime:
        """The time, in UTC, later than any this object has told before: what is newest stays newest."""
        self._last = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
        return self._last

    async def close(self) -> None:
        """Close every connection, though the task is cancelled meanwhile. Those that somebody holds are waited for a
        moment, then closed under their hands: one that comes back later is nobody's to close."""
        await _to_its_end(self._close())

    async def _close(self) -> None:
        pool = cast(QueuePool, self._engine.pool)
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVING):
                while pool.checkedout():  # noqa: ASYNC110 - the pool tells nobody when one comes back
                    await asyncio.sleep(0.005)
        await self._engine.dispose()
        for connection in list(self._connections):
            await connection.close()

    async def scrub(self) -> bool:
        """Leave nothing on the disk of rows that are gone: the file is written anew, and the log beside it emptied. On
        PostgreSQL the tables are vacuumed; its own log and backups are its owner's. False where somebody has been
        reading an older state for so long that the log is not empty yet. Raises Refusal."""
        with refusing(self.where):
            if not self.sqlite:
                async with self._engine.connect() as connection:
                    alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
                    await alone.execute(text("VACUUM"))
                return True
            async with self._turn, self._engine.connect() as connection:
                raw: Any = (await connection.get_raw_connection()).driver_connection
                await (await raw.execute("VACUUM")).close()
                for _ in range(SCRUBS):
                    cursor = await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    busy = await cursor.fetchone()
                    await cursor.close()
                    if not busy or not busy[0]:
                        return True
                    await asyncio.sleep(0.1)
                return False

    async def lock(self, session: AsyncSession) -> None:
        """Wait until no other transaction holds this lock, and hold it to the end of this one."""
        if not self.sqlite:  # there every writing transaction is alone already
            await session.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))

    async def _prepare(self) -> None:
        if self.sqlite:
            async with self._engine.connect() as connection:
                raw: Any = (await connection.get_raw_connection()).driver_connection
                # The file remembers it. A disk that cannot do it (some network folders) keeps the older way.
                await (await raw.execute("PRAGMA journal_mode=WAL")).close()
        async with self._engine.connect() as connection:
            found = await connection.run_sync(migrations.revision)
        if found != migrations.HEAD:
            await self._migrate()
        elif self.sqlite:
            async with self._writer.connect() as connection:  # a file that can be read but not written says so now
                await connection.begin()

    async def _migrate(self) -> None:
        async with self._writer.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            if self.sqlite:
                # SQLite rebuilds tables by dropping the old one, which would cascade. It cannot be changed within a
                # transaction, so it comes before.
                await (await raw.execute("PRAGMA foreign_keys=OFF")).close()
            try:
                async with connection.begin():
                    if not self.sqlite:
                        await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
                    await connection.run_sync(
                        migrations.upgrade
                    )  # asks for the revision again: another may have been first
                    if self.sqlite and (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first():
                        raise Refusal("storage.damaged", where=self.where)
            finally:
                if self.sqlite:
                    await (await raw.execute("PRAGMA foreign_keys=ON")).close()
