"""Who leads on a database, and who hears what of it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from prompts.errors import Refusal
from storage import errors, facts, leader
from storage.database import FILE, Database
from storage.leader import Lead
from tests.patience import until
from tests.running import ROOT
from tests.storage.conftest import POSTGRES, on_server

on_a_server = pytest.mark.skipif(not POSTGRES, reason="DANQING_TEST_POSTGRES names no PostgreSQL server")


class Heard:
    """What a bot is told."""

    def __init__(self) -> None:
        self.stands_by: list[str] = []
        self.lost: list[str] = []

    async def take(self, url: str, folder: Path) -> Lead:
        return await Lead.take(url, folder, self.stands_by.append, self.lost.append)


async def test_each_lead_has_a_greater_number(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await leader.epoch(db) == 0
    first = await leader.new_epoch(db)
    assert await leader.epoch(db) == first
    monkeypatch.setattr("storage.leader.time.time", lambda: 0.0)  # a clock that was put back
    assert await leader.new_epoch(db) == first + 1
    monkeypatch.undo()
    await facts.set_fact(db, leader.EPOCH, 7)  # a backup of long ago was restored
    assert await leader.new_epoch(db) >= first


async def test_the_lead_is_given_back(url: str, tmp_path: Path) -> None:
    one, other = Heard(), Heard()
    await (await one.take(url, tmp_path)).close()
    await (await other.take(url, tmp_path)).close()
    assert not (one.lost or other.lost or other.stands_by)


# --- SQLite ---


async def test_a_second_bot_on_a_file_hears_who_has_it(tmp_path: Path) -> None:
    held = await Heard().take("", tmp_path)
    with pytest.raises(Refusal) as refusal:
        await Heard().take("", tmp_path)
    assert refusal.value.key == "storage.held" and str(tmp_path / FILE) == refusal.value.values["where"]
    with pytest.raises(Refusal):  # still: who was refused has not taken it away
        await Heard().take(f"sqlite:///{tmp_path / FILE}", tmp_path / "elsewhere")
    await (await Heard().take("", tmp_path / "another")).close()
    await held.close()
    await (await Heard().take("", tmp_path)).close()


async def test_a_file_is_free_as_soon_as_its_program_is_killed(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from storage.leader import Lead\n"
        "async def hold():\n"
        "    lead = await Lead.take('', Path(sys.argv[1]), print, print)\n"
        "    print('held', flush=True); await asyncio.sleep(1000)\n"
        "asyncio.run(hold())"
    )
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout and await other.stdout.readline() == b"held\n"
    with pytest.raises(Refusal) as refusal:
        await Heard().take("", tmp_path)
    assert refusal.value.values["pid"] == str(other.pid)
    other.kill()
    await other.wait()
    await (await Heard().take("", tmp_path)).close()


async def test_a_disk_without_locks_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(file: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(leader, "hold", none)
    await (await Heard().take("", tmp_path)).close()
    assert "No locks available" in caplog.text


# --- PostgreSQL ---


@pytest.fixture
async def named() -> AsyncIterator[str]:
    """The URL of an empty database on the server."""
    name = f"danqing_test_{secrets.token_hex(6)}"
    await on_server(f"CREATE DATABASE {name}")
    yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    await on_server(f"DROP DATABASE {name} WITH (FORCE)")


class Road:
    """A way to the server that can be blocked, and that may tell its clients another process, as poolers do."""

    def __init__(self, url: str, *, pools: bool = False) -> None:
        self.url = make_url(url)
        self.open = asyncio.Event()
        self.open.set()
        self._pools = pools

    @asynccontextmanager
    async def built(self) -> AsyncIterator[str]:
        async with await asyncio.start_server(self._walk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            yield self.url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
            self.open.set()
            server.close()

    async def _walk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self.url.host, self.url.port)
        ways = [asyncio.create_task(self._carry(reader, there[1])), asyncio.create_task(self._carry(there[0], writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for one in (writer, there[1]):
            one.close()
            with contextlib.suppress(OSError):
                await one.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self.open.wait()
            if self._pools and (at := data.find(b"K\0\0\0\x0c")) >= 0:  # BackendKeyData: the process, a secret
                data = data[: at + 5] + struct.pack("!I", 1) + data[at + 9 :]
            writer.write(data)
            await writer.drain()


@on_a_server
async def test_the_next_waits_until_the_first_is_gone(named: str, tmp_path: Path) -> None:
    one, other = Heard(), Heard()
    held = await one.take(named, tmp_path)
    waiting = asyncio.create_task(other.take(named, tmp_path))
    await until(lambda: other.stands_by)
    assert len(other.stands_by) == 1 and "@" not in other.stands_by[0]
    await held.close()
    await (await waiting).close()
    assert not (one.lost or other.lost)


@on_a_server
async def test_one_whose_session_is_ended_is_told_and_the_next_leads(named: str, tmp_path: Path) -> None:
    one, other = Heard(), Heard()
    held = await one.take(named, tmp_path)
    waiting = asyncio.create_task(other.take(named, tmp_path))
    await until(lambda: other.stands_by)
    locked = f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE granted AND objid = {leader.LOCK & 0xFFFFFFFF}"
    await on_server(locked)
    await until(lambda: one.lost)
    led = await waiting
    await held.close()
    await led.close()
    assert not other.lost


@on_a_server
async def test_one_that_is_cut_off_gives_up_by_itself(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader, "SILENCE", 0.5)
    heard, road = Heard(), Road(named)
    async with road.built() as url:
        lead = await heard.take(url, tmp_path)
        await asyncio.sleep(leader.BEAT * 1.5)
        assert not heard.lost, "the server answers"
        road.open.clear()
        await until(lambda: heard.lost)
        road.open.set()
        await lead.close()


@on_a_server
async def test_one_that_stands_by_and_is_cut_off_asks_anew(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one, other, road = Heard(), Heard(), Road(named)
    held = await one.take(named, tmp_path)
    async with road.built() as url:
        monkeypatch.setattr(leader, "SILENCE", 0.5)
        monkeypatch.setattr(leader, "CONNECT", 0.5)
        waiting = asyncio.create_task(other.take(url, tmp_path))
        await until(lambda: other.stands_by)
        road.open.clear()
        await until(lambda: "stands by until it does" in caplog.text)
        road.open.set()
        await held.close()
        await (await waiting).close()
    assert len(other.stands_by) == 1


@on_a_server
async def test_one_that_leads_gives_up_before_the_server_gives_the_lead_to_another() -> None:
    idle, every, count = (int(leader.SESSION[f"tcp_keepalives_{name}"]) for name in ("idle", "interval", "count"))
    released = min(idle + every * count, int(leader.SESSION["tcp_user_timeout"]) / 1000)
    assert released > leader.BEAT + leader.SILENCE + 2


@on_a_server
async def test_a_session_has_what_ends_it_with_its_machine(named: str, tmp_path: Path) -> None:
    raw = await leader._connected(make_url(named).set(drivername="postgresql+asyncpg"))
    shown = [await raw.fetchval(f"SHOW {name}") for name in ("tcp_keepalives_idle", "tcp_user_timeout")]
    await raw.close()
    assert shown in (["5", "14000"], ["0", "0"])  # the latter on a socket of the system's own, which needs none


def test_a_server_that_goes_at_the_moment_it_is_asked_is_one_that_is_gone() -> None:
    asyncpg = pytest.importorskip("asyncpg")
    error = asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress")
    assert errors.key(error) == "storage.unreachable"


@on_a_server
async def test_a_pooler_is_refused(named: str, tmp_path: Path) -> None:
    async with Road(named, pools=True).built() as url:
        with pytest.raises(Refusal) as refusal:
            await Heard().take(url, tmp_path)
        assert refusal.value.key == "storage.pooler"
        with pytest.raises(Refusal, match=r"storage\.pooler"):
            await leader.examine(url, tmp_path)
    await leader.examine(named, tmp_path)
