"""The pool of child processes, with real ones."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from engine.queue import local_pool
from engine.queue.local_pool import LocalPool
from engine.queue.pool import Event, Lost, Worker
from engine.wire import Drawn, Ended, Ready, Step
from tests.fakes import a_job
from tests.patience import PATIENCE

pytestmark = pytest.mark.failure


class Heard:
    """What the workers said, and the pool's clock: it stands, but while a worker is `stopped`, when it is an hour later
    at every look."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.changed = asyncio.Event()
        self.stopped = False
        self.now = 0.0

    def __call__(self, worker: Worker, event: Event) -> None:
        self.events.append(event)
        self.stopped = self.stopped and not isinstance(event, Lost)
        self.changed.set()

    def clock(self) -> float:
        self.now += 3600.0 if self.stopped else 0.0
        return self.now

    async def until(self, kind: type[Event], count: int = 1) -> list[Event]:
        async with asyncio.timeout(PATIENCE):
            while len(found := [event for event in self.events if isinstance(event, kind)]) < count:
                self.changed.clear()
                await self.changed.wait()
        return found


async def test_a_worker_that_goes_silent_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_pool, "SILENCE", 1.0)  # for it looks at the clock ten times as often
    heard = Heard()
    pool = LocalPool(["cpu"], ["--slots", "1", "--model", "danqing-demo"], heard.clock)
    (worker,) = pool.workers
    await pool.start(heard)
    try:
        await heard.until(Ready)
        job = a_job("j", steps=150)
        worker.jobs["j"] = job
        await pool.draw(worker, job, {})
        await heard.until(Step)
        first = pool.pid(worker)
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        heard.stopped = True
        (lost,) = await heard.until(Lost)
        assert isinstance(lost, Lost) and "silent" in lost.reason
        worker.jobs.clear()
        await heard.until(Ready, 2)
        assert pool.pid(worker) not in (None, first)
        await pool.draw(worker, a_job("k"), {})
        assert len(await heard.until(Drawn)) == 1
        (ended,) = await heard.until(Ended)
        assert isinstance(ended, Ended) and ended.outcome == "done"
    finally:
        await pool.close()
    assert pool.pid(worker) is None


async def test_a_worker_that_cannot_start_is_tried_again_ever_more_slowly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'print(\"this is no frame\" * 9)'\n")
    program.chmod(0o755)
    monkeypatch.setattr(local_pool, "PROGRAM", (str(program), *local_pool.PROGRAM[1:]))
    monkeypatch.setattr(local_pool, "RESTART_AFTER", (0.0, 0.05, 1000.0))
    heard, pool = Heard(), LocalPool(["cpu"], [])
    await pool.start(heard)
    try:
        assert len(await heard.until(Lost, 2)) == 2
        await asyncio.sleep(0.2)
        assert len(heard.events) == 2
        await pool.draw(pool.workers[0], a_job("j"), {})  # nobody is there: nothing happens, nothing is raised
    finally:
        await pool.close()


CARDS = """
import sys
from engine.wire import Ready, encode
device = sys.argv[sys.argv.index("--device") + 1]
others = ("cuda:1", "cuda:2") if device == "auto" else ()
sys.stdout.buffer.write(encode(Ready(f"card {device}", 1, "", {}, 0.0, others)))
sys.stdout.flush()
sys.stdin.read()
"""


async def test_every_graphics_card_gets_a_worker_where_none_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cards.py").write_text(CARDS)
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={local_pool.ROOT} exec {sys.executable} {tmp_path}/cards.py "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(local_pool, "PROGRAM", (str(program), *local_pool.PROGRAM[1:]))
    heard, pool = Heard(), LocalPool(["auto"], [])
    await pool.start(heard)
    try:
        await heard.until(Ready, 3)
        assert [worker.device for worker in pool.workers] == ["card auto", "card cuda:1", "card cuda:2"]
        pid = pool.pid(pool.workers[0])
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await heard.until(Ready, 4)
        assert len(pool.workers) == 3, "a new start brings no new ones"
    finally:
        await pool.close()


ENDING = """
import pathlib, sys, time
from engine.wire import Ready, encode
sys.stdout.buffer.write(encode(Ready("cpu", 1, "", {}, 0.0, ())))
sys.stdout.flush()
sys.stdin.read()
time.sleep(float(sys.argv[-1]))
pathlib.Path(__file__).with_name("kept").touch()
"""


@pytest.mark.parametrize(("seconds", "kept"), [("0.3", True), ("1000", False)])
async def test_a_worker_may_keep_what_it_has_before_it_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seconds: str, kept: bool
) -> None:
    (tmp_path / "ending.py").write_text(ENDING)
    monkeypatch.setenv("PYTHONPATH", str(local_pool.ROOT))
    monkeypatch.setattr(local_pool, "PROGRAM", (sys.executable, str(tmp_path / "ending.py")))
    monkeypatch.setattr(local_pool, "CLOSING", PATIENCE if kept else 0.5)
    heard, pool = Heard(), LocalPool(["cpu"], [seconds])
    await pool.start(heard)
    await heard.until(Ready)
    await pool.close()
    assert pool.pid(pool.workers[0]) is None and (tmp_path / "kept").exists() == kept
    assert not any(isinstance(event, Lost) for event in heard.events), "nobody asks for its jobs again"


def test_workers_on_the_processor_share_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("DANQING_WEB_PASSWORD", "secret")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8))
    assert LocalPool(["cpu"] * 3, [])._environ("cpu")["OMP_NUM_THREADS"] == "2"
    one = LocalPool(["cpu"], [])._environ("cpu")
    assert "OMP_NUM_THREADS" not in one and "DANQING_WEB_PASSWORD" not in one
