"""Which of several bots on one database leads: takes up its jobs, draws and answers. The others stand by.

On PostgreSQL the lead is an advisory lock of a session of its own, which ends with the bot, however that ends: the next
has it a moment later. On SQLite it is a lock on a file beside the database, and there is no standing by.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NoReturn, Self, cast

from sqlalchemy import URL

from engine.files.only_one import hold
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import facts, tables
from storage.database import CONNECT, LEAVING, Database, address_of, place_of
from storage.errors import refusing
from storage.sqlite_file import LOCKED

log = logging.getLogger(__name__)

LOCK = 0x64616E716C656164  # "danqlead": the number of the advisory lock, beside that of the migrations
ASK = 0.25  # seconds between two tries of one that stands by
BEAT = 1.0  # seconds between two looks of the leader whether the server is there
SILENCE = 8.0  # seconds without an answer after which the leader takes it that the lock is lost
# What the server does to a session whose machine says nothing any more: it ends after 5 + 3 × 3 seconds, or 14 after
# something was not acknowledged. That is later than the leader gives up by itself: never two at once.
SESSION = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "14000",
    "idle_session_timeout": "0",
}
BEHIND = 1 << 30  # where the file is locked: on Windows nobody can read what is, and what is written stands before
EPOCH = "leader.epoch"


class Lead:
    """The lead, as long as it is not closed. Made by `take`."""

    def __init__(self) -> None:
        self._held = AsyncExitStack()

    @classmethod
    async def take(cls, url: str, folder: Path, stands_by: Callable[[str], None], lost: Callable[[str], None]) -> Self:
        """The lead on the database that `Database.open` would open. Where another bot has it on PostgreSQL,
        `stands_by` is told the place of the database, and the lead comes when the other is gone; `lost` is told why
        the lead has ended before it was closed: whoever led may do nothing more.

        Raises Refusal `storage.held` where another bot has it on SQLite, `storage.pooler` where nobody could hold it,
        and as `Database.open` does.
        """
        address = address_of(url, folder)
        lead = cls()
        try:
            if address.get_backend_name() == "sqlite":
                lead._held.callback((await asyncio.to_thread(_file, Path(place_of(address)))).close)
            else:
                await lead._held.enter_async_context(_led(address, stands_by, lost))
        except BaseException:
            await lead.close()
            raise
        return lead

    async def close(self) -> None:
        """Give the lead back."""
        await self._held.aclose()


async def new_epoch(db: Database) -> int:
    """The number of a lead that was just taken, greater than that of any before, also of those that a restored backup
    knows nothing of: seconds since 1970, or one more than the last."""
    async with db.writing() as session:
        await db.lock(session)
        row = await session.get(tables.Facts, EPOCH)
        last = row.value if row and isinstance(row.value, int) else 0
        number = max(last + 1, int(time.time()))
        fact = db.insert(tables.Facts).values(key=EPOCH, value=number)
        await session.execute(fact.on_conflict_do_update(index_elements=["key"], set_={"value": fact.excluded.value}))
        return number


async def epoch(db: Database) -> int:
    """The number of the latest lead, 0 where nobody has led yet."""
    found = await facts.fact(db, EPOCH)
    return found if isinstance(found, int) else 0


async def examine(url: str, folder: Path) -> None:
    """Raises Refusal where nobody could lead on the database that `Database.open` would open: `storage.pooler`, and as
    that does."""
    address = address_of(url, folder)
    if address.get_backend_name() != "sqlite":
        with refusing(place_of(address)):
            await (await _connected(address)).close()


# --- a file beside the database ---


def lock_file(database: Path) -> Path:
    """The file whose lock is the lead on a SQLite file."""
    return database.with_name(database.name + LOCKED)


def _file(database: Path) -> IO[bytes]:
    """The locked file, with a word in it on who holds it."""
    path = lock_file(database)
    with refusing(str(database.parent), files=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    file.seek(BEHIND)
    try:
        hold(file)
    except (BlockingIOError, PermissionError):
        file.close()
        raise Refusal("storage.held", where=str(database), **_holder(path)) from None
    except OSError as error:
        log.warning("%s: this disk has no locks (%s), so nothing keeps a second bot away", path, error.strerror)
    said = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now().astimezone().isoformat()}
    with contextlib.suppress(OSError):  # a full disk: who holds it is not told, and the lock holds all the same
        file.truncate(0)
        file.write(json.dumps(said).encode())
        file.flush()
    return file


def _holder(path: Path) -> dict[str, str | int]:
    """Who holds a file, as far as it says so."""
    said: dict[str, Json] = {}
    with contextlib.suppress(OSError, ValueError):  # its holder may be about to write it
        said = cast(dict[str, Json], json.loads(path.read_bytes()))
    since = str(said.get("since", "?")).replace("T", " ")[:19]
    return {"pid": str(said.get("pid", "?")), "host": str(said.get("host", "?")), "since": since}


# --- a session on a server ---


@asynccontextmanager
async def _led(address: URL, stands_by: Callable[[str], None], lost: Callable[[str], None]) -> AsyncIterator[None]:
    """While it lasts, this program leads."""
    raw = await _locked(address, stands_by)

    def ended(*_: object) -> None:
        lost("its connection has ended")

    raw.add_termination_listener(ended)
    beat = asyncio.create_task(_beat(raw, place_of(address)))

    def silent(done: asyncio.Task[NoReturn]) -> None:
        if not done.cancelled():
            error = done.exception()
            lost("its server does not answer" if isinstance(error, Refusal) else str(error))

    beat.add_done_callback(silent)
    try:
        yield
    finally:
        raw.remove_termination_listener(ended)
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
        with contextlib.suppress(Refusal), refusing(place_of(address)):
            await raw.close(timeout=LEAVING)
        raw.terminate()


async def _locked(address: URL, stands_by: Callable[[str], None]) -> Any:
    """asyncpg's connection once it has the lock."""
    where, standing_by, away = place_of(address), False, False
    while True:
        raw: Any = None
        try:
            with refusing(where):
                raw = await _connected(address)
                while not await _tried(raw):
                    if not standing_by:
                        log.info("another bot leads on %s: this one stands by", where)
                        standing_by = True
                        stands_by(where)
                    if away:
                        log.info("%s is there again: this bot stands by", where)
                        away = False
                    await asyncio.sleep(ASK)
        except BaseException as error:
            if raw:
                raw.terminate()
            if not (standing_by and isinstance(error, Refusal) and error.key == "storage.unreachable"):
                raise
            if not away:
                log.warning("%s does not answer: this bot stands by until it does", where)
                away = True
            await asyncio.sleep(ASK)
            continue
        if standing_by:
            log.warning("the bot that led on %s is gone: this one takes over", where)
        return raw


async def _tried(raw: Any) -> bool:
    """Whether the lock is this connection's. Raises TimeoutError where the server does not answer."""
    async with asyncio.timeout(SILENCE):
        return bool(await raw.fetchval("SELECT pg_try_advisory_lock($1)", LOCK))


async def _connected(address: URL) -> Any:
    """A connection of asyncpg's to the server itself. Raises Refusal `storage.pooler`, `storage.driver`."""
    try:
        import asyncpg  # only where a server is named
    except ModuleNotFoundError as error:
        raise Refusal("storage.driver") from error
    dialect: Any = address.get_dialect()()
    _, told = dialect.create_connect_args(address)
    told = {name: value for name, value in told.items() if not name.startswith(("prepared_", "async_"))}
    # Without names for its statements, of which a pooler's server process may know others.
    raw = await asyncpg.connect(**told, timeout=CONNECT, statement_cache_size=0)
    try:
        # A pooler tells its clients numbers of its own, for it gives them one server process or another.
        if raw.get_server_pid() != await raw.fetchval("SELECT pg_backend_pid()"):
            raise Refusal("storage.pooler", where=place_of(address))
        for name, value in SESSION.items():  # an older server knows fewer
            await raw.execute(f"SELECT set_config(name, '{value}', false) FROM pg_settings WHERE name = '{name}'")
    except BaseException:
        raw.terminate()
        raise
    return raw


async def _beat(raw: Any, where: str) -> NoReturn:
    """Ask the server now and then; ends by raising where it does not answer."""
    while True:
        await asyncio.sleep(BEAT)
        with refusing(where):
            async with asyncio.timeout(SILENCE):
                await raw.fetchval("SELECT 1")
