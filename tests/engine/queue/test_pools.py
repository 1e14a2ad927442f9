"""What every pool of workers does, whatever its workers are: child processes, hosts, or the fake that the tests of all
others stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from engine.queue.local_pool import LocalPool
from engine.queue.pool import Event, Lost, Pool, Worker
from engine.wire import Drawn, Ended, Learning, Learnt, MakeMap, Mapped, Ready, Step, Train
from tests.engine.queue.test_hosts import Machine, Road
from tests.fakes import FakePool, a_job, a_png
from tests.patience import until


class Told:
    """What workers said, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[Worker, Event]] = []

    def __call__(self, worker: Worker, event: Event) -> None:
        self.events.append((worker, event))

    def of(self, *kinds: type[Event]) -> list[Event]:
        return [event for _, event in self.events if isinstance(event, kinds)]


@asynccontextmanager
async def begun(kind: str, told: Told) -> AsyncIterator[Pool]:
    """A pool of this kind, once a worker of it can draw."""
    pool: Pool
    if kind == "hosts":
        pool = road = Road()
        await Machine("a", road).start()
    else:
        pool = FakePool(slots=4, seconds=0.0) if kind == "fake" else LocalPool(["cpu"], ["--model", "danqing-demo"])
    await pool.start(told)
    try:
        await until(lambda: any(worker.slots for worker in pool.workers))
        yield pool
    finally:
        await pool.close()


KINDS = ["fake", "hosts", pytest.param("processes", marks=pytest.mark.failure)]


@pytest.mark.parametrize("kind", KINDS)
async def test_it_draws_looks_stops_and_is_silent_after_its_end(kind: str) -> None:
    told = Told()
    async with begun(kind, told) as pool:
        [worker] = pool.workers
        ready = told.of(Ready)[-1]
        assert isinstance(ready, Ready) and worker.slots == ready.slots > 0
        assert worker.model == ready.model == "danqing-demo" in worker.tiers and not worker.loading

        # Every picture once, with its number and the job's attempt, and then the end.
        job = a_job("j", count=2, steps=2)
        worker.jobs["j"] = job
        await pool.draw(worker, job, {"a": a_png()})
        await until(lambda: told.of(Ended))
        heard = told.of(Step, Drawn, Ended)
        assert {(one.job, one.attempt) for one in heard if isinstance(one, Step | Drawn | Ended)} == {("j", 0)}
        drawn = [one for one in heard if isinstance(one, Drawn)]
        assert sorted(one.index for one in drawn) == [0, 1] and all(one.blob.startswith(b"\x89PNG") for one in drawn)
        assert heard[-1] == Ended("j", 0, "done")
        assert all(who is worker for who, _ in told.events)
        worker.jobs.pop("j", None)

        worker.looks.add("m")
        await pool.look(worker, MakeMap("m", "canny", "b", 64, 64), {"b": a_png(side=64)})
        await until(lambda: told.of(Mapped))
        assert [one.id for one in told.of(Mapped) if isinstance(one, Mapped)] == ["m"]

        # What is not there can be neither stopped nor rested; nobody minds.
        before = len(told.of(Ended))
        await pool.stop(worker, "never")
        await pool.rest(worker, "never", [0])
        await pool.forget("never")
        assert not told.of(Lost) and len(told.of(Ended)) == before
    events = len(told.events)
    await pool.stop(worker, "j")
    await pool.draw(worker, a_job("late"), {})
    assert not [one for _, one in told.events[events:] if isinstance(one, Drawn | Ended)]


@pytest.mark.parametrize("kind", ["fake", "hosts"])
async def test_what_is_stopped_ends_as_cancelled(kind: str) -> None:
    told = Told()
    async with begun(kind, told) as pool:
        [worker] = pool.workers
        if isinstance(pool, FakePool):
            pool.seconds = None
        elif isinstance(pool, Road):
            next(iter(pool.machines.values())).workers.seconds = 1000.0
        job = a_job("j", steps=2)
        worker.jobs["j"] = job
        await pool.draw(worker, job, {})
        await pool.rest(worker, "j", [0])
        await pool.stop(worker, "j")
        await until(lambda: told.of(Ended))
        assert told.of(Ended) == [Ended("j", 0, "cancelled")] and not told.of(Drawn)


@pytest.mark.parametrize("kind", ["fake", "hosts"])
async def test_a_guest_learns_and_leaves_parked(kind: str) -> None:
    told = Told()
    async with begun(kind, told) as pool:
        [worker] = pool.workers
        worker.training = "t"
        await pool.train(worker, Train("t", 2, {"steps": 9, "model": "danqing-demo"}), {"a.png": a_png()})
        if isinstance(pool, FakePool):
            pool.learn("t", 1)
        await until(lambda: told.of(Learning))
        [learning] = told.of(Learning)
        assert isinstance(learning, Learning) and (learning.training, learning.attempt) == ("t", 2)
        await pool.park(worker, "t")
        await until(lambda: told.of(Learnt))
        assert told.of(Learnt) == [Learnt("t", 2, "parked")]
