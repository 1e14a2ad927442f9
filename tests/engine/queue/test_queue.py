import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from engine.job import Lane, Progress, State
from engine.queue import news
from engine.queue.news import Changed, Finished
from engine.queue.pool import Worker
from engine.queue.queue import Queue
from engine.recipe import Source
from engine.wire import Drawn, Ended
from prompts.errors import Refusal
from tests.fakes import FakePool, a_job, a_png


class Heard:
    def __init__(self) -> None:
        self.news: list[Changed | Progress | Finished] = []

    async def __call__(self, news: Changed | Progress | Finished) -> None:
        self.news.append(news)

    def ends(self) -> list[tuple[str, State]]:
        return [(news.job.id, news.job.state) for news in self.news if isinstance(news, Finished)]


async def fetch(picture: str) -> bytes:
    if picture == "gone":
        raise Refusal("picture.gone")
    return a_png()


@asynccontextmanager
async def queue(pool: FakePool, per_person: int = 8, in_all: int = 100) -> AsyncIterator[tuple[Queue, Heard]]:
    heard = Heard()
    made = Queue(pool, heard, fetch, per_person=per_person, in_all=in_all)
    await made.start()
    yield made, heard
    await made.close()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_job_ends_once_with_its_pictures_in_order() -> None:
    pool = FakePool()
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=3))
        made.put(a_job("j", count=3))
        await settle()
        assert pool.drawn == [("j", 0)]
        pool.finish("j")
        await settle()
        assert heard.ends() == [("j", State.DONE)]
        end = heard.news[-1]
        assert isinstance(end, Finished) and [picture.recipe.seed for picture in end.pictures] == [1, 2, 3]
        assert "j" not in made


async def test_progress_says_which_of_the_pictures_is_the_first_not_finished() -> None:
    pool = FakePool()
    async with queue(pool) as (made, heard):
        made.put(a_job("one", "ann", count=4))
        made.put(a_job("two", "bob", count=2))
        await settle()

        def told(job: str) -> tuple[int, int]:
            now = made.standings()[job]
            return now.picture, now.pictures

        assert told("one") == (1, 4) and told("two") == (1, 2)
        pool.draw_one("one", 1)  # the second is finished before the first
        assert told("one") == (1, 4)
        pool.draw_one("one", 0)
        assert told("one") == (3, 4)
        pool.step("one", 2, index=2)
        await settle()
        last = heard.news[-1]
        assert isinstance(last, Progress) and (last.picture, last.pictures) == (3, 4)
        pool.draw_one("one", 2)
        pool.draw_one("one", 3)
        assert told("one") == (4, 4)


async def test_jobs_join_a_worker_while_it_has_rows_to_spare() -> None:
    pool = FakePool(slots=3)
    async with queue(pool) as (made, _):
        for name in "abcd":
            made.put(a_job(name, name))
        await settle()
        assert pool.drawn == [("a", 0), ("b", 0), ("c", 0)]
        pool.finish("b")
        await settle()
        assert pool.drawn[-1] == ("d", 0)


async def test_a_dead_worker_costs_nothing_but_time() -> None:
    pool = FakePool(slots=2)
    async with queue(pool) as (made, heard):
        made.put(a_job("one", "ann"))
        made.put(a_job("two", "bob"))
        made.put(a_job("three", "cy"))
        await settle()
        pool.lose(pool.workers[0])
        await settle()
        assert heard.ends() == []
        pool.ready(pool.workers[0])
        while len(heard.ends()) < 3:
            await settle()
            now = list(pool.workers[0].jobs.values())
            assert len(now) == 1 or not any(job.attempt for job in now), "what lost a worker is drawn alone"
            if now:
                pool.finish(now[0].id)
        assert sorted(heard.ends()) == [("one", State.DONE), ("three", State.DONE), ("two", State.DONE)]
        assert sorted(pool.drawn) == [("one", 0), ("one", 1), ("three", 0), ("two", 0), ("two", 1)]


async def test_a_job_that_kills_three_workers_ends_in_an_error() -> None:
    pool = FakePool()
    async with queue(pool) as (made, heard):
        made.put(a_job("poison", "mallory"))
        made.put(a_job("good", "ann"))
        while "poison" in made:
            await settle()
            if "poison" in pool.workers[0].jobs:
                pool.lose(pool.workers[0])
                pool.ready(pool.workers[0])
            elif "good" in pool.workers[0].jobs:
                pool.finish("good")
        await settle()
        assert [attempt for job, attempt in pool.drawn if job == "poison"] == [0, 1, 2]
        end = next(news for news in heard.news if isinstance(news, Finished) and news.job.id == "poison")
        assert (end.job.state, end.key, end.values) == (State.FAILED, "error.worker_died", {"attempts": 3})
        assert heard.ends().count(("good", State.DONE)) == 1 and len(heard.ends()) == 2


async def test_cancel_waiting_and_running() -> None:
    pool = FakePool()
    async with queue(pool) as (made, heard):
        made.put(a_job("runs"))
        made.put(a_job("waits"))
        await settle()
        assert made.cancel("waits") and made.cancel("runs")
        assert not made.cancel("unknown")
        await settle()
        assert sorted(heard.ends()) == [("runs", State.CANCELLED), ("waits", State.CANCELLED)]
        assert pool.drawn == [("runs", 0)]


async def test_late_words_of_a_lost_attempt_are_dropped() -> None:
    pool = FakePool()
    async with queue(pool) as (made, heard):
        made.put(a_job("j"))
        await settle()
        worker = pool.workers[0]
        pool.lose(worker)
        pool.ready(worker)
        await settle()
        pool._listener(worker, Drawn("j", 0, 0, 1.0, a_png()))
        pool._listener(worker, Ended("j", 0, "done"))
        await settle()
        assert heard.ends() == []
        pool.finish("j")
        await settle()
        assert heard.ends() == [("j", State.DONE)]


async def test_limits_are_refused_kindly() -> None:
    pool = FakePool()
    async with queue(pool, per_person=2, in_all=3) as (made, _):
        for index in range(3):
            made.admit("ann")
            made.put(a_job(f"a{index}", "ann"))  # the first is drawn, two wait
        with pytest.raises(Refusal, match=r"queue\.full_person"):
            made.admit("ann")
        made.admit("bob")
        made.put(a_job("b", "bob"))
        with pytest.raises(Refusal, match=r"queue\.full "):
            made.admit("bob")


async def test_what_runs_in_the_background_keeps_nobody_from_asking() -> None:
    async with queue(FakePool(), per_person=2) as (made, _):
        for index in range(3):
            made.put(replace(a_job(f"samples {index}", "ann"), lane=Lane.BACKGROUND))
        for index in range(3):
            made.admit("ann")
            made.put(a_job(f"a{index}", "ann"))  # the first is drawn in the place of samples
        with pytest.raises(Refusal, match=r"queue\.full_person"):
            made.admit("ann")


async def test_a_missing_source_picture_fails_the_job_only() -> None:
    pool = FakePool()
    async with queue(pool) as (made, heard):
        job = a_job("j")
        made.put(replace(job, recipes=(replace(job.recipe, source=Source("gone", 0.5)),)))
        made.put(a_job("next"))
        await settle()
        end = next(news for news in heard.news if isinstance(news, Finished))
        assert (end.job.state, end.key) == (State.FAILED, "picture.gone")
        assert pool.drawn == [("next", 0)]


async def test_speeds_are_learnt_and_estimates_follow() -> None:
    pool = FakePool()
    async with queue(pool) as (made, _):
        made.put(a_job("j"))
        await settle()
        pool.finish("j", seconds=8.0)
        await settle()
        assert made.estimate.seconds(a_job("k").recipe) == pytest.approx(8.0)
        for name in "abc":
            made.put(a_job(name, name))
        await settle()
        standings = made.standings()
        assert [standings[name].place for name in "abc"] == [0, 1, 2]
        assert [round(standings[name].seconds_left) for name in "abc"] == [8, 16, 24]
        pool.step("a", 2)
        assert round(made.standings()["a"].seconds_left) == 4


async def test_people_whose_pictures_share_no_calls_share_the_time() -> None:
    """Somebody's one picture beside three larger ones takes half of the device, not a quarter."""
    pool = FakePool(slots=4)
    async with queue(pool) as (made, _):
        made.put(a_job("j"))
        await settle()
        pool.finish("j", seconds=1.0)
        await settle()
        wide = replace(a_job("b").recipe, width=2 * a_job("b").recipe.width)
        made.put(a_job("a", "ann"))
        made.put(replace(a_job("b", "bob"), recipes=(wide, wide, wide)))
        await settle()
        standings = made.standings()
        assert [round(standings[name].seconds_left, 3) for name in "ab"] == [2.0, 7.0]


async def test_a_cancelled_job_is_not_drawn_again_when_its_worker_dies_over_it() -> None:
    class Deaf(FakePool):
        async def stop(self, worker: Worker, job: str) -> None:
            pass

    pool = Deaf()
    async with queue(pool) as (made, heard):
        made.put(a_job("j"))
        await settle()
        assert made.cancel("j")
        pool.lose(pool.workers[0])
        pool.ready(pool.workers[0])
        await settle()
        assert pool.drawn == [("j", 0)] and heard.ends() == [("j", State.CANCELLED)]


async def test_steps_that_nobody_can_be_told_of_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The listener waits for a store of pictures that is away, for minutes; each step has a preview with it."""
    monkeypatch.setattr(news, "BEHIND", 5)
    told: list[Changed | Progress | Finished] = []
    there = asyncio.Event()

    async def listener(one: Changed | Progress | Finished) -> None:
        await there.wait()
        told.append(one)

    pool = FakePool()
    made = Queue(pool, listener, fetch, per_person=8, in_all=100)
    await made.start()
    made.put(a_job("j", steps=50))
    await settle()
    for step in range(1, 50):
        pool.step("j", step)
    pool.finish("j")
    there.set()
    await made.close()
    assert isinstance(told[-1], Finished) and len(told) < 12
