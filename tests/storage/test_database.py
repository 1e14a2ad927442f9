from __future__ import annotations

import asyncio
import hashlib
import itertools
import resource
import secrets
import signal
import subprocess
import sys
import types
from collections.abc import Coroutine, Generator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import pytest
from sqlalchemy import text

from engine.job import State
from prompts.errors import Refusal
from storage import facts, jobs, messages, people, pictures
from storage.database import Database
from storage.sqlite_file import FILE
from tests.patience import PATIENCE
from tests.storage.conftest import POSTGRES
from tests.storage.samples import drawn, job, png

ROOT = Path(__file__).parents[2]
Result = TypeVar("Result")


async def refused(url: str, folder: Path) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await (await Database.open(url, folder)).close()
    return caught.value


async def python(script: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-c",
        script,
        *arguments,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def test_what_was_written_is_there_after_a_restart(url: str, tmp_path: Path) -> None:
    db = await Database.open(url, tmp_path)
    person = (await people.person_of(db, "web", "a")).id
    row = await drawn(db, person)
    await db.close()
    db = await Database.open(url, tmp_path)
    assert await pictures.get(db, row.id) == row
    assert await db.files.get(row.hash)
    await db.close()


async def test_sqlite_is_set_up_to_last(tmp_path: Path) -> None:
    db = await Database.open("", tmp_path)
    async with db.session() as session:
        settings = [(await session.execute(text(f"PRAGMA {name}"))).scalar() for name in SETTINGS]
    await db.close()
    assert dict(zip(SETTINGS, settings, strict=True)) == SETTINGS
    assert (tmp_path / FILE).exists()


SETTINGS = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 30_000}


async def test_a_sqlite_file_elsewhere(tmp_path: Path) -> None:
    db = await Database.open(f"sqlite:///{tmp_path}/deep/er/my.db", tmp_path / "data")
    await facts.set_fact(db, "a", 1)
    await db.close()
    assert (tmp_path / "deep" / "er" / "my.db").exists()
    assert not (tmp_path / "data" / FILE).exists()


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://a:secret@b/c", "sqlite://", "sqlite:///:memory:", "postgresql://h:port/x"]
)
async def test_urls_that_are_none(tmp_path: Path, url: str) -> None:
    refusal = await refused(url, tmp_path)
    assert refusal.key == "storage.url"
    assert "secret" not in str(refusal)


async def test_time_only_goes_on(db: Database) -> None:
    times = [db.now() for _ in range(1000)]
    assert sorted(set(times)) == times


async def test_an_error_undoes_the_whole_transaction(db: Database, person: str) -> None:
    async def write() -> None:
        async with db.writing() as session:
            await session.execute(text("UPDATE person SET name = 'changed'"))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        await write()
    assert (await people.get(db, person)) == people.PersonRow(person, "Ann", "zh")


async def test_many_writers_and_readers_at_once(db: Database, person: str) -> None:
    async def one(number: int) -> None:
        row = await drawn(db, person)
        await messages.put(db, f"m{number}", "chat", "bot", {"picture": row.id})
        await people.set_setting(db, person, "last", number)
        assert len((await pictures.search(db, person)).pictures) > 0

    await asyncio.gather(*(one(number) for number in range(20)))
    assert len((await pictures.search(db, person, limit=100)).pictures) == 20
    assert len(await messages.recent(db, "chat")) == 20


@types.coroutine
def cancelled_at(step: int, work: Coroutine[Any, Any, Result]) -> Generator[Any, None, Result]:
    """Do the work, and cancel the task when it waits for the n-th time: what it waits for has begun by then."""
    going = partial(work.send, None)
    while True:
        try:
            waited = going()
        except StopIteration as end:
            return end.value
        step -= 1
        if step == 0 and (task := asyncio.current_task()):
            task.cancel()
        try:
            yield waited
            going = partial(work.send, None)
        except BaseException as error:
            going = partial(work.throw, error)


async def test_who_is_cancelled_while_a_connection_goes_back_breaks_none(
    db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if not db.sqlite:
        pytest.skip("asyncpg gives its connections back by another way")
    back, going_back = aiosqlite.Connection.rollback, asyncio.Event()

    async def slowly(connection: aiosqlite.Connection) -> None:
        going_back.set()
        await asyncio.sleep(0.01)
        await back(connection)

    monkeypatch.setattr(aiosqlite.Connection, "rollback", slowly)
    writing = asyncio.ensure_future(messages.put(db, "late", "chat", "bot", {}))
    await asyncio.wait_for(going_back.wait(), PATIENCE)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert "Exception during reset" not in caplog.text
    assert await messages.get(db, "late")


async def test_cancelled_writers_leave_no_lock_behind(db: Database) -> None:
    """Wherever they were, and with nothing of theirs collected yet."""
    kept = []
    for step in itertools.count(1):
        writing = asyncio.ensure_future(cancelled_at(step, messages.put(db, f"m{step}", "chat", "bot", {})))
        kept.append(writing)
        await asyncio.wait([writing])
        async with asyncio.timeout(PATIENCE):
            assert await messages.put(db, "last", "chat", "bot", {})
        if not writing.cancelled():
            break
    assert await writing and len(kept) > 5


WRITER = """
import asyncio, sys
from pathlib import Path
from storage import messages
from storage.database import Database

async def main(url, folder, name):
    db = await Database.open(url, Path(folder))
    for number in range(40):
        await messages.put(db, f"{name}-{number}", "chat", "bot", {"n": number})
    await db.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_open_and_write_the_same_database(url: str, tmp_path: Path) -> None:
    """Both find nothing, both want to make the tables, both write."""
    others = [await python(WRITER, url, str(tmp_path), name) for name in ("a", "b")]
    db = await Database.open(url, tmp_path)
    for number in range(40):
        await messages.put(db, f"c-{number}", "chat", "bot", {"n": number})
    for other in others:
        _, errors = await other.communicate()
        assert (other.returncode, errors.decode()) == (0, "")
    assert len({m.changed for m in await messages.recent(db, "chat", limit=500)}) == 120
    await db.close()


DRAWER = """
import asyncio, os, sys
from pathlib import Path
from engine.job import Picture, State
from storage import jobs
from storage.database import Database
from tests.storage.samples import accepted

async def main(url, folder, person):
    db = await Database.open(url, Path(folder))
    while True:
        one = await accepted(db, person)
        files = [Picture(png=os.urandom(300_000), recipe=one.recipes[0], seconds=1.0) for _ in range(3)]
        print(one.id, flush=True)
        await jobs.end(db, one.id, State.DONE, pictures=files)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.failure
@pytest.mark.parametrize("after", [1, 4])
async def test_killed_while_ending_jobs(db: Database, url_of_db: str, person: str, tmp_path: Path, after: int) -> None:
    """Every job told is there; every ended one has all its pictures; every picture has its whole file."""
    other = await python(DRAWER, url_of_db, str(tmp_path), person)
    assert other.stdout is not None
    told = [(await other.stdout.readline()).decode().strip() for _ in range(after)]
    await asyncio.sleep(secrets.randbelow(10) / 1000)
    other.send_signal(signal.SIGKILL)
    await other.communicate()
    kept = [await jobs.get(db, name) for name in told]
    assert all(kept)
    for one in await jobs.unanswered(db, ["web"]):
        rows = await pictures.of_job(db, one.job.id)
        assert len(rows) == (3 if one.job.state is State.DONE else 0)
        for row in rows:
            assert hashlib.sha256(await db.files.get(row.hash)).hexdigest() == row.hash
    for path in db.files.folder.glob("??/??/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
    assert await jobs.add(db, job(person), place=jobs.Place("web", "c"), language="zh", request_key="next")


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/danqing")):
        refusal = await refused("", folder)
        assert refusal.key == "storage.readonly"
        assert refusal.values == {"where": str(folder)}


async def test_a_database_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    refusal = await refused("", tmp_path)
    assert (refusal.key, refusal.values) == ("storage.readonly", {"where": str(tmp_path / FILE)})


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"something else entirely " * 500)
    assert (await refused("", tmp_path)).key == "storage.damaged"
    assert (tmp_path / FILE).read_bytes().startswith(b"something else")


async def test_a_database_damaged_in_the_middle(tmp_path: Path) -> None:
    db = await Database.open("", tmp_path)
    for number in range(50):
        await messages.put(db, f"m{number}", "chat", "bot", {"text": "x" * 500})
    await db.close()
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(Refusal, match=r"storage\.damaged"):
        await use(tmp_path)


async def use(folder: Path) -> None:
    db = await Database.open("", folder)
    try:
        await messages.recent(db, "chat")
        await messages.put(db, "m", "chat", "bot", {})
    finally:
        await db.close()


FULL = """
import asyncio, os, resource, sys
from pathlib import Path
from prompts.errors import Refusal
from storage import messages
from storage.database import Database

async def main(folder):
    db = await Database.open("", Path(folder))
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    for content in (db.files.put(b"x" * 1_000_000), messages.put(db, "m", "chat", "bot", {"text": "x" * 1_000_000})):
        try:
            await content
        except Refusal as refusal:
            print(refusal.key)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert not [path for path in db.files.folder.rglob("*") if path.is_file()]
    await messages.put(db, "m", "chat", "bot", {"text": "there is room again"})
    print(len(await messages.recent(db, "chat")))
    await db.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.failure
async def test_a_disk_that_is_full_and_then_is_not(tmp_path: Path) -> None:
    """A limit on the size of files stands for the end of the disk."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)
    other = await python(FULL, str(tmp_path))
    out, errors = await other.communicate()
    assert (other.returncode, errors.decode()) == (0, "")
    assert out.decode().split() == ["storage.full", "storage.full", "1"]


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    refusal = await refused("postgresql://ann:secret@127.0.0.1:9/danqing", tmp_path)
    assert (refusal.key, refusal.values) == ("storage.unreachable", {"where": "127.0.0.1/danqing"})
    refusal = await refused("postgresql://ann:secret@nowhere.invalid/danqing", tmp_path)
    assert refusal.key == "storage.unreachable"


@pytest.mark.skipif(not POSTGRES, reason="DANQING_TEST_POSTGRES names no PostgreSQL server")
async def test_a_server_that_lets_us_not_in(tmp_path: Path) -> None:
    from sqlalchemy import make_url

    missing = make_url(POSTGRES).set(database="danqing_test_missing")
    assert (await refused(missing.render_as_string(hide_password=False), tmp_path)).key == "storage.login"
    stranger = make_url(POSTGRES).set(username="danqing_stranger")
    assert (await refused(stranger.render_as_string(hide_password=False), tmp_path)).key == "storage.login"


@pytest.mark.skipif(not POSTGRES, reason="DANQING_TEST_POSTGRES names no PostgreSQL server")
@pytest.mark.parametrize("backend", ["postgresql"], indirect=False)
async def test_a_server_that_drops_us_is_found_again(db: Database, person: str) -> None:
    async with db.session() as session:
        ours = (await session.execute(text("SELECT current_database()"))).scalar_one()
    from tests.storage.conftest import on_server

    await on_server(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{ours}'")
    assert await people.get(db, person) is not None


def test_opening_is_quick_and_needs_no_alembic_and_no_pillow(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from storage import favourites, facts, jobs, messages, people, pictures\n"
        "from storage.database import Database\n"
        "async def main():\n    db = await Database.open('', Path(sys.argv[1]))\n    await db.close()\n"
        "asyncio.run(main())\n"
        "print(*[name for name in ('alembic', 'mako', 'PIL', 'numpy', 'asyncpg', 'torch') if name in sys.modules])"
    )
    for expected in ("alembic mako", ""):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
        )
        assert (done.stdout.strip(), done.stderr) == (expected, "")


def test_png_samples_differ() -> None:
    assert png() != png()
