"""Trainings above the workers: who gets which, what is told of them, and what becomes of them when a worker dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from engine.queue import trainings
from engine.queue.local_pool import LocalPool
from engine.queue.queue import Queue
from engine.queue.trainings import Training
from engine.training_plan import TrainingPicture, TrainingPlan
from engine.wire import HalfLearnt, Learning, Learnt, TrainingNews
from prompts.errors import Refusal
from tests.engine.queue.test_queue import Heard, fetch, settle
from tests.fakes import FakePool, a_job
from tests.patience import until

PLAN = TrainingPlan(
    name="zwx", trigger="zwx", kind="thing", model="danqing-demo", steps=100, batch=2,
    pictures=(TrainingPicture("0.png", "ab" * 32, "zwx"),),
)  # fmt: skip


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def queue(pool: FakePool, clock: Callable[[], float]) -> AsyncIterator[tuple[Queue, list[TrainingNews]]]:
    told: list[TrainingNews] = []

    async def listen(news: TrainingNews) -> None:
        told.append(news)

    made = Queue(pool, Heard(), fetch, per_person=8, in_all=100, clock=clock)
    made.trainings.listener = listen
    await made.start()
    yield made, told
    await made.close()


async def files() -> Mapping[str, bytes]:
    return {"0.png": b"png"}


def training(
    id: str, owner: str = "ann", model: str = "danqing-demo", had: Callable[[], Awaitable[Mapping[str, bytes]]] = files
) -> Training:
    return Training(id, owner, replace(PLAN, model=model), 10, had)


def ends(told: list[TrainingNews]) -> list[tuple[str, str, str]]:
    return [(one.training, one.outcome, one.key) for one in told if isinstance(one, Learnt)]


async def test_it_is_handed_over_with_its_files_and_told_of_until_its_end() -> None:
    pool = FakePool()
    async with queue(pool, Clock()) as (made, told):
        made.trainings.put(training("t"))
        made.trainings.put(training("t"))
        await settle()
        order = pool.trainings["t"]
        assert (order.attempt, order.every, order.plan["name"]) == (1, 10, "zwx")
        assert pool.training_files["t"] == {"0.png": b"png"} and made.trainings.running == {"t": "fake#0"}
        pool.learn("t", 0)
        pool.learn("t", 10, [0.2] * 10)
        pool.half("t", 10)
        pool.learnt("t", "done", file=b"lora")
        await settle()
        assert told == [
            Learning("t", 1, 0, 100, (), 0.1),
            Learning("t", 1, 10, 100, (0.2,) * 10, 0.1),
            HalfLearnt("t", 1, 10, b"half"),
            Learnt("t", 1, "done", "", None, b"lora"),
        ]
        assert "t" not in made.trainings and not pool.workers[0].training


async def test_each_worker_has_one_guest_and_whoever_has_none_is_next() -> None:
    pool = FakePool(workers=2)
    async with queue(pool, Clock()) as (made, _):
        for id, owner in (("a", "ann"), ("b", "ann"), ("c", "ann"), ("d", "bob")):
            made.trainings.put(training(id, owner))
        await settle()
        assert set(pool.trainings) == {"a", "b"} and made.trainings.waiting == ["d", "c"]
        pool.learnt("b")
        await settle()
        assert set(pool.trainings) == {"a", "d"} and made.trainings.waiting == ["c"]


async def test_it_goes_where_its_model_is_else_where_nobody_has_drawn_for_half_a_minute() -> None:
    pool, clock = FakePool(workers=3), Clock()
    async with queue(pool, clock) as (made, _):
        pool.loaded(pool.workers[1], "ink")
        made.put(a_job("j"))  # the first worker draws
        made.trainings.put(training("t", model="ink"))
        made.trainings.put(training("u", model="clay"))
        await settle()
        assert made.trainings.running == {"t": "fake#1"} and made.trainings.waiting == ["u"]
        clock.now += trainings.IDLE - 1
        made.trainings.look()
        assert made.trainings.waiting == ["u"]
        clock.now += 1
        made.trainings.look()
        assert made.trainings.running["u"] == "fake#2"  # as the first has not been idle
        pool.finish("j")
        made.trainings.put(training("v", model="clay"))
        await settle()
        assert made.trainings.waiting == ["v"]
        clock.now += trainings.IDLE
        made.trainings.look()
        assert made.trainings.running["v"] == "fake#0"


async def test_it_is_looked_for_a_worker_again_when_one_has_been_idle_long_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trainings, "IDLE", 0.02)
    pool = FakePool()
    async with queue(pool, monotonic) as (made, _):
        made.trainings.put(training("t", model="ink"))
        assert not made.trainings.running
        await until(lambda: "t" in pool.trainings)


async def test_a_dead_worker_counts_against_it_only_where_it_got_no_further() -> None:
    pool = FakePool()
    worker = pool.workers[0]
    async with queue(pool, Clock()) as (made, told):
        made.trainings.put(training("t"))
        for death in range(5):  # each time a step further
            await settle()
            pool.learn("t", death)
            pool.learn("t", death + 1, [0.1])
            pool.lose(worker)
            assert not made.trainings.running and not worker.training
            pool.ready(worker)
        await settle()
        assert pool.trainings["t"].attempt == 6 and not ends(told)
        for _ in range(2):
            pool.learn("t", 3)  # not further than it was
            pool.lose(worker)
            pool.ready(worker)
            await settle()
        assert ends(told) == [("t", "failed", "error.worker_died")] and "t" not in pool.trainings


async def test_what_is_parked_leaves_and_goes_on_when_it_is_put_again() -> None:
    pool = FakePool()
    async with queue(pool, Clock()) as (made, told):
        made.trainings.put(training("t"))
        made.trainings.put(training("u"))
        await settle()
        assert made.trainings.park("t") and made.trainings.park("u") and not made.trainings.park("v")
        await settle()
        assert sorted(ends(told)) == [("t", "parked", ""), ("u", "parked", "")] and not pool.trainings
        made.trainings.put(training("t"))
        await settle()
        assert made.trainings.running == {"t": "fake#0"}
        pool.parking_held = True
        made.trainings.park("t")
        made.trainings.put(training("t"))  # after all
        await settle()
        pool.learnt("t", "parked")
        await settle()
        assert made.trainings.running == {"t": "fake#0"} and len(ends(told)) == 2


async def test_one_whose_model_had_to_go_waits_for_a_worker_again() -> None:
    pool, clock = FakePool(), Clock()
    async with queue(pool, clock) as (made, told):
        made.trainings.put(training("t"))
        await settle()
        pool.workers[0].tiers = {"ink": "all"}
        pool.learnt("t", "parked")
        await settle()
        assert not ends(told) and made.trainings.waiting == ["t"]
        clock.now += trainings.IDLE
        made.trainings.look()
        await settle()
        assert pool.trainings["t"].attempt == 2


async def test_what_is_forgotten_ends_without_a_word_and_makes_room() -> None:
    pool = FakePool()
    async with queue(pool, Clock()) as (made, told):
        made.trainings.put(training("t"))
        made.trainings.put(training("u"))
        await settle()
        await made.trainings.forget("t")
        await made.trainings.forget("long ago")
        await settle()
        assert pool.forgotten == ["t", "long ago"] and made.trainings.running == {"u": "fake#0"} and not told


async def test_files_that_cannot_be_had_end_it_with_their_reason() -> None:
    async def gone() -> Mapping[str, bytes]:
        raise Refusal("picture.gone")

    async def broken() -> Mapping[str, bytes]:
        raise ZeroDivisionError

    pool = FakePool()
    async with queue(pool, Clock()) as (made, told):
        made.trainings.put(training("t", had=gone))
        made.trainings.put(training("u", had=broken))
        made.trainings.put(training("v"))
        await settle()
        assert ends(told) == [("t", "failed", "picture.gone"), ("u", "failed", "error.engine")]
        assert made.trainings.running == {"v": "fake#0"}


async def test_only_what_it_takes_beside_others_is_on_the_persons_account() -> None:
    pool = FakePool()
    async with queue(pool, Clock()) as (made, _):
        made.trainings.put(training("t", "ann"))
        await settle()
        pool.learn("t", 1, [0.1], seconds=100.0)  # while nobody is there
        made.put(a_job("b", "bob"))
        made.put(a_job("a", "ann"))
        made.put(a_job("c", "cy"))
        await settle()
        account = made._waiting.line.account
        assert account("ann") < 50
        pool.learn("t", 2, [0.1], seconds=100.0)
        assert account("ann") > 90
        for first, job in (("b", "b"), ("c", "c"), ("a", "a")):
            assert pool.drawn[-1][0] == first
            pool.finish(job)
            await settle()


async def test_while_the_queue_rests_none_begins() -> None:
    pool = FakePool()
    async with queue(pool, Clock()) as (made, _):
        made.pause()
        made.trainings.put(training("t"))
        await settle()
        assert not made.trainings.running
        made.resume()
        assert made.trainings.running == {"t": "fake#0"}


def test_a_folder_is_deleted_where_no_worker_is_alive(tmp_path: Path) -> None:
    pool = LocalPool(["cpu"], [], trainings=tmp_path / "work")
    (tmp_path / "work" / "t").mkdir(parents=True)
    (tmp_path / "work" / "t" / "0.png").write_bytes(b"png")
    for id in ("..", "../work", ""):
        asyncio.run(pool.forget(id))
    assert (tmp_path / "work" / "t" / "0.png").exists()
    asyncio.run(pool.forget("t"))
    assert not list((tmp_path / "work").iterdir())
