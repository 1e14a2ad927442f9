"""One job on several workers: who draws which picture, what happens when one of them fails, and how long it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from engine.control import Control
from engine.further_guidance import Perturbed, Smoothed, Thresholding
from engine.job import Job, Lane, Progress, State
from engine.queue import estimate
from engine.queue.estimate import Estimate
from engine.queue.news import Changed, Finished
from engine.queue.pool import Worker
from engine.queue.queue import Queue
from engine.recipe import Fix, Hires, Source, Upscale
from engine.wire import Drawn, Ended
from tests.engine.queue.test_queue import Heard, fetch, settle
from tests.fakes import FakePool, a_job, a_png, a_recipe

BUILTIN = "danqing-demo"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Known(Estimate):
    """A second for each picture of four steps, ten for each model to load."""

    def __init__(self) -> None:
        second = 1 / (4 * 128 * 128 * 2 / 2e6)
        super().__init__(speeds={BUILTIN: second, "other": second}, loads={BUILTIN: 10.0, "other": 10.0})


@asynccontextmanager
async def queue(pool: FakePool, estimate: Estimate | None = None) -> AsyncIterator[tuple[Queue, Heard]]:
    heard, clock = Heard(), Clock()
    made = Queue(pool, heard, fetch, per_person=99, in_all=99, estimate=estimate or Known(), clock=clock)
    await made.start()
    yield made, heard
    await made.close()


def the_clock(made: Queue) -> Clock:
    assert isinstance(made._work.clock, Clock)
    return made._work.clock


def of(model: str, id: str, owner: str = "ann", count: int = 1) -> Job:
    job = a_job(id, owner, count)
    return replace(job, recipes=tuple(replace(recipe, model=model) for recipe in job.recipes))


def drawing(pool: FakePool) -> list[dict[str, list[int]]]:
    """By worker: the seeds it draws of each job it was handed."""
    found: list[dict[str, list[int]]] = []
    for worker in pool.workers:
        seeds: dict[str, list[int]] = {}
        for name, part in worker.jobs.items():
            seeds.setdefault(name.partition("/")[0], []).extend(recipe.seed for recipe in part.recipes)
        found.append({job: sorted(some) for job, some in seeds.items()})
    return found


def finish(pool: FakePool, worker: int, seconds: float = 1.0) -> None:
    """Have a worker finish the first thing it was handed."""
    pool.finish(next(iter(pool.workers[worker].jobs)), seconds)


def end(heard: Heard, job: str) -> Finished:
    [found] = [news for news in heard.news if isinstance(news, Finished) and news.job.id == job]
    return found


def seeds(found: Finished) -> list[int]:
    return [picture.recipe.seed for picture in found.pictures]


# --- who draws what ---


async def test_two_workers_share_a_grid_of_four() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=4))
        await settle()
        assert drawing(pool) == [{"j": [1, 3]}, {"j": [2, 4]}]
        assert made.running == 1 and len(made) == 0
        finish(pool, 1)
        await settle()
        assert heard.ends() == []
        finish(pool, 0)
        await settle()
        assert heard.ends() == [("j", State.DONE)] and seeds(end(heard, "j")) == [1, 2, 3, 4]
        assert "j" not in made and made.running == 0


async def test_a_shared_job_took_as_long_as_its_person_waited() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=4))
        await settle()
        for part in [name for worker in pool.workers for name in worker.jobs]:
            pool.step(part, 1, seconds=0.5)
        the_clock(made).now = 5.5
        finish(pool, 0, seconds=3.0)
        finish(pool, 1, seconds=3.0)
        await settle()
        assert end(heard, "j").seconds == 6.0
        assert sum(picture.seconds for picture in end(heard, "j").pictures) == 12.0  # which is what quotas count


async def test_a_single_picture_is_not_shared_and_one_worker_gets_a_job_whole() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, _):
        made.put(a_job("j"))
        await settle()
        assert drawing(pool) == [{"j": [1]}, {}]
    alone = FakePool(slots=1)
    async with queue(alone) as (made, _):
        made.put(a_job("j", count=4))
        await settle()
        assert alone.drawn == [("j", 0)] and drawing(alone) == [{"j": [1, 2, 3, 4]}]


async def test_pictures_go_one_by_one_to_whichever_worker_is_free() -> None:
    pool = FakePool(workers=2, slots=1)
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=5))
        await settle()
        assert drawing(pool) == [{"j": [1]}, {"j": [2]}]
        finish(pool, 1)
        await settle()
        assert drawing(pool) == [{"j": [1]}, {"j": [3]}]
        finish(pool, 1)
        await settle()
        finish(pool, 0)
        await settle()
        assert drawing(pool) == [{"j": [5]}, {"j": [4]}]
        finish(pool, 0)
        finish(pool, 1)
        await settle()
        assert seeds(end(heard, "j")) == [1, 2, 3, 4, 5]


async def test_a_worker_that_is_ready_later_helps_with_what_has_not_begun() -> None:
    pool = FakePool(workers=2, slots=1)
    async with queue(pool) as (made, _):
        pool.lose(pool.workers[1])
        made.put(a_job("j", count=3))
        await settle()
        assert drawing(pool) == [{"j": [1]}, {}]
        pool.ready(pool.workers[1])
        await settle()
        assert drawing(pool) == [{"j": [1]}, {"j": [2]}]


async def test_nobody_elses_wait_grows_for_it() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, _):
        made.pause()
        made.put(a_job("a", "ann", 4))
        made.put(a_job("b", "bob", 4))
        made.resume()
        await settle()
        assert drawing(pool) == [{"a": [1, 2, 3, 4]}, {"b": [1, 2, 3, 4]}]


async def test_somebody_new_goes_before_what_is_left_of_a_shared_job() -> None:
    pool = FakePool(workers=2, slots=1)
    async with queue(pool) as (made, _):
        made.put(a_job("a", "ann", 4))
        await settle()
        made.put(a_job("b", "bob"))
        await settle()
        finish(pool, 0)
        await settle()
        assert drawing(pool) == [{"b": [1]}, {"a": [2]}]
        finish(pool, 0)
        await settle()
        assert drawing(pool) == [{"a": [3]}, {"a": [2]}]


async def test_a_worker_that_draws_for_another_person_is_left_alone() -> None:
    pool = FakePool(workers=3, slots=4)
    async with queue(pool) as (made, _):
        made.put(a_job("b", "bob"))
        await settle()
        made.put(a_job("a", "ann", 4))
        await settle()
        assert drawing(pool) == [{"b": [1]}, {"a": [1, 3]}, {"a": [2, 4]}]


async def test_background_jobs_share_too_while_nobody_waits() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, _):
        made.put(replace(a_job("j", count=2), lane=Lane.BACKGROUND))
        await settle()
        assert drawing(pool) == [{"j": [1]}, {"j": [2]}]


async def test_a_slow_device_gets_only_what_it_finishes_in_time() -> None:
    pool = FakePool(workers=2, slots=4)
    known = Known()
    pool.workers[0].device, pool.workers[1].device = "fast", "slow"
    known.devices = {"fast": {BUILTIN: known.speeds[BUILTIN]}, "slow": {BUILTIN: 3 * known.speeds[BUILTIN]}}
    async with queue(pool, known) as (made, _):
        made.put(a_job("j", count=4))
        await settle()
        assert drawing(pool) == [{"j": [1, 2, 3]}, {"j": [4]}]


async def test_a_device_of_another_kind_is_no_help_before_it_was_measured() -> None:
    pool = FakePool(workers=2, slots=4)
    pool.workers[1].device = "slow?"
    async with queue(pool) as (made, _):
        made.put(a_job("j", count=4))
        await settle()
        assert drawing(pool) == [{"j": [1, 2, 3, 4]}, {}]


# --- models ---


async def test_who_holds_the_model_draws_even_if_somebody_is_there_already() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, _):
        pool.loaded(pool.workers[1], "other")
        made.put(of("other", "a", "ann"))
        made.put(of("other", "b", "bob"))
        await settle()
        assert drawing(pool) == [{}, {"a": [1], "b": [1]}]


async def test_no_model_is_loaded_for_longer_than_sharing_gains() -> None:
    pool = FakePool(workers=2, slots=32)
    async with queue(pool) as (made, _):
        pool.loaded(pool.workers[1], "other")
        made.put(of("other", "few", count=4))
        await settle()
        assert drawing(pool) == [{}, {"few": [1, 2, 3, 4]}]
        finish(pool, 1)
        made.put(of("other", "many", count=30))
        await settle()
        [there], [here] = drawing(pool)[0].values(), drawing(pool)[1].values()
        assert len(there) == pytest.approx(10, abs=1) and len(there) + len(here) == 30, (
            "ten seconds of loading and ten pictures, twenty meanwhile"
        )


async def test_a_job_waits_for_the_worker_with_its_model_where_that_is_sooner() -> None:
    pool = FakePool(workers=2, slots=1)
    async with queue(pool) as (made, _):
        pool.loaded(pool.workers[1], "other")
        made.put(of("other", "a", "ann"))
        made.put(of("other", "b", "bob"))  # in a second the other worker has a row free; loading takes ten
        made.put(a_job("c", "cy"))  # and who comes later may have the worker that is free
        await settle()
        assert drawing(pool) == [{"c": [1]}, {"a": [1]}]
        finish(pool, 1)
        await settle()
        assert drawing(pool) == [{"c": [1]}, {"b": [1]}]


async def test_what_one_person_asked_for_is_begun_in_the_order_it_was_asked_for() -> None:
    pool = FakePool(workers=2, slots=1)
    async with queue(pool) as (made, _):
        pool.loaded(pool.workers[1], "other")
        for name, model in (("a", "other"), ("b", "other"), ("c", BUILTIN), ("d", "other")):
            made.put(of(model, name, "ann"))
        await settle()
        assert drawing(pool) == [{}, {"a": [1]}]  # the other one is free for "c", which is not next
        finish(pool, 1)
        await settle()
        assert drawing(pool) == [{"c": [1]}, {"b": [1]}]


async def test_nobody_waits_longer_for_a_model_than_loading_it_takes() -> None:
    pool = FakePool(workers=2, slots=1)
    async with queue(pool) as (made, _):
        pool.loaded(pool.workers[1], "other")
        made.put(of("other", "a", "ann"))
        made.put(of("other", "b", "bob"))
        await settle()
        assert drawing(pool) == [{}, {"a": [1]}]
        clock = the_clock(made)
        clock.now = 10.0  # the one who holds it takes ten times as long as expected
        made._news.tell_standings()
        await settle()
        assert drawing(pool) == [{"b": [1]}, {"a": [1]}]


# --- what goes wrong ---


async def test_a_dead_worker_takes_only_its_part_and_what_it_had_finished_counts() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=4))
        await settle()
        two = pool.workers[1]
        [part] = two.jobs.values()
        pool._listener(two, Drawn(part.id, 0, 0, 1.0, a_png((1, 2, 3))))  # the picture with seed 2
        pool.lose(two)
        await settle()
        states = [(news.job.state, news.job.attempt) for news in heard.news if isinstance(news, Changed)]
        assert states == [(State.RUNNING, 0), (State.RUNNING, 1)]
        assert drawing(pool) == [{"j": [1, 3]}, {}], "what is to be attempted again waits for an empty worker"
        pool.ready(two)
        await settle()
        assert drawing(pool) == [{"j": [1, 3]}, {"j": [4]}]
        finish(pool, 0)
        finish(pool, 1)
        await settle()
        found = end(heard, "j")
        assert found.job.state is State.DONE and seeds(found) == [1, 2, 3, 4]
        assert found.pictures[1].png == a_png((1, 2, 3))
        assert found.job.attempt == 1


async def test_the_part_of_a_dead_worker_is_drawn_by_another_alone() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=4))
        await settle()
        pool.lose(pool.workers[1])
        finish(pool, 0)
        await settle()
        assert drawing(pool) == [{"j": [2, 4]}, {}]
        made.put(a_job("k", "bob"))
        await settle()
        assert drawing(pool)[0] == {"j": [2, 4]}, "with nobody beside it"
        finish(pool, 0)
        await settle()
        assert seeds(end(heard, "j")) == [1, 2, 3, 4] and drawing(pool) == [{"k": [1]}, {}]


async def test_late_words_of_a_dead_part_are_dropped() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=4))
        await settle()
        two = pool.workers[1]
        [name] = two.jobs
        pool.lose(two)
        pool.ready(two)
        await settle()
        assert name in two.jobs, "the same pictures under the same name"
        pool._listener(two, Drawn(name, 0, 0, 1.0, a_png()))
        pool._listener(two, Ended(name, 0, "done"))
        finish(pool, 0)
        await settle()
        assert heard.ends() == []
        finish(pool, 1)
        await settle()
        assert heard.ends() == [("j", State.DONE)] and len(end(heard, "j").pictures) == 4


async def test_all_workers_dead_at_once_is_one_attempt_of_the_whole() -> None:
    pool = FakePool(workers=3, slots=4)
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=3))
        await settle()
        assert drawing(pool) == [{"j": [1]}, {"j": [2]}, {"j": [3]}]
        for worker in pool.workers:
            pool.lose(worker)
        await settle()
        assert len(made) == 1 and made.running == 0
        for worker in pool.workers:
            pool.ready(worker)
        await settle()
        assert [jobs for jobs in drawing(pool) if jobs] == [{"j": [1, 2, 3]}]
        assert pool.drawn[-1] == ("j", 1)
        pool.finish("j")
        await settle()
        assert seeds(end(heard, "j")) == [1, 2, 3]


async def test_a_grid_that_kills_its_workers_ends_in_an_error_and_takes_few_down() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, heard):
        made.put(a_job("poison", "mallory", 4))
        deaths = 0
        while "poison" in made:
            await settle()
            at_work = [worker for worker in pool.workers if worker.jobs]
            for worker in at_work:
                pool.lose(worker)
            for worker in at_work:
                pool.ready(worker)
            deaths += len(at_work)
        await settle()
        found = end(heard, "poison")
        assert (found.key, found.values) == ("error.worker_died", {"attempts": 3})
        assert deaths == 4, "both workers once, then one of them alone with all of it, twice"
        made.put(a_job("good"))
        await settle()
        pool.finish("good")
        await settle()
        assert heard.ends()[-1] == ("good", State.DONE)


async def test_cancel_reaches_all_parts_and_what_is_held() -> None:
    class Slow(FakePool):
        async def stop(self, worker: Worker, job: str) -> None:
            self.told.append((worker.id, job))

        told: list[tuple[str, str]]

    pool = Slow(workers=2, slots=1)
    pool.told = []
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=4))
        await settle()
        assert made.cancel("j")
        await settle()
        assert [worker for worker, _ in pool.told] == ["fake#0", "fake#1"]
        pool._end(next(iter(pool.workers[0].jobs)), "cancelled")
        await settle()
        assert heard.ends() == [] and drawing(pool)[0] == {}, "nothing more of it is begun"
        pool.lose(pool.workers[1])
        await settle()
        assert heard.ends() == [("j", State.CANCELLED)]
        pool.ready(pool.workers[1])
        await settle()
        assert drawing(pool) == [{}, {}]


async def test_a_part_that_fails_ends_the_job_once_and_stops_the_others() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=4))
        await settle()
        pool.fail(next(iter(pool.workers[1].jobs)), "error.memory")
        await settle()
        assert heard.ends() == [("j", State.FAILED)] and end(heard, "j").key == "error.memory"
        assert drawing(pool) == [{}, {}] and made.running == 0


async def test_a_missing_source_of_one_part_fails_the_job_once() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, heard):
        job = a_job("j", count=2)
        broken = replace(job.recipes[1], source=Source("gone", 0.5))
        made.put(replace(job, recipes=(job.recipes[0], broken)))
        await settle()
        assert heard.ends() == [("j", State.FAILED)] and end(heard, "j").key == "picture.gone"
        assert drawing(pool) == [{}, {}]


# --- what it costs and how it is told ---


async def test_progress_is_that_of_the_whole() -> None:
    pool = FakePool(workers=2, slots=4)
    async with queue(pool) as (made, heard):
        made.put(a_job("j", count=4))
        await settle()
        one, two = (next(iter(worker.jobs)) for worker in pool.workers)
        pool.step(one, 2, index=1)
        pool.step(two, 3, index=0)
        await settle()
        [told] = [news for news in heard.news[-1:] if isinstance(news, Progress)]
        assert (told.job, told.step, told.steps, told.place) == ("j", 5, 16, 0)
        assert made.standings()["j"].seconds_left == pytest.approx(1.5)


async def test_each_picture_is_charged_once_whoever_dies() -> None:
    pool = FakePool(workers=2, slots=1)
    async with queue(pool) as (made, heard):
        made.put(a_job("j", "ann", 4))
        await settle()
        made.put(a_job("b", "bob"))
        finish(pool, 0, 2.0)
        await settle()
        assert drawing(pool) == [{"b": [1]}, {"j": [2]}]
        pool.step(next(iter(pool.workers[1].jobs)), 3, seconds=50.0)
        pool.lose(pool.workers[1])
        pool.ready(pool.workers[1])
        await settle()
        assert drawing(pool) == [{"b": [1]}, {"j": [2, 3, 4]}]
        finish(pool, 1, 3.0)
        await settle()
        assert heard.ends() == [("j", State.DONE)]
        assert made._waiting.line._accounts["ann"] == pytest.approx(2.0 + 3 * 3.0)


async def test_loading_is_in_the_estimate_and_said() -> None:
    pool = FakePool(slots=1)
    async with queue(pool) as (made, heard):
        clock = the_clock(made)
        [worker] = pool.workers
        made.put(of("other", "a", "ann"))
        made.put(a_job("b", "bob"))
        await settle()
        assert [round(made.standings()[name].seconds_left) for name in "ab"] == [11, 12]
        pool.load(worker, "other")
        clock.now = 4.0
        assert [round(made.standings()[name].seconds_left) for name in "ab"] == [7, 8]
        made._news.tell_standings()
        await settle()
        told = {news.job: news.loading for news in heard.news if isinstance(news, Progress)}
        assert told == {"a": "other", "b": ""}
        pool.loaded(worker, "other", seconds=20.0)
        assert made.standings()["a"].loading == ""
        assert made.estimate.loads["other"] == pytest.approx(13.0)


async def test_those_who_wait_for_a_model_nobody_has_are_told_its_loading_once() -> None:
    pool = FakePool(slots=1)
    async with queue(pool) as (made, _):
        made.put(a_job("a", "ann"))
        made.put(of("other", "b", "bob"))
        made.put(of("other", "c", "cy"))
        await settle()
        assert [round(made.standings()[name].seconds_left) for name in "abc"] == [1, 12, 13]


async def test_before_any_worker_is_ready_all_wait_for_the_first_model() -> None:
    class Asleep(FakePool):
        def ready(self, worker: Worker) -> None:
            pass

    pool = Asleep(slots=1)
    async with queue(pool) as (made, _):
        clock = the_clock(made)
        pool.load(pool.workers[0], BUILTIN)
        made.put(a_job("a"))
        told = made.standings()["a"]
        assert (told.loading, told.place) == (BUILTIN, 1)
        assert told.seconds_left == pytest.approx(made.estimate.start + 10.0 + 1.0)
        clock.now = 30.0
        pool.loaded(pool.workers[0], BUILTIN, 12.0)
        assert made.estimate.loads[BUILTIN] == pytest.approx(10.6)
        assert made.estimate.start == pytest.approx(8.0 + 0.3 * (18.0 - 8.0))


def test_an_estimate_is_remembered() -> None:
    known = Estimate()
    known.drew(a_recipe(), "CPU (2)", 3.0)
    known.loaded("other", 5.0)
    known.started(4.0)
    again = Estimate.from_json(known.to_json())
    assert again == known and again is not known
    assert again.seconds(a_recipe(), "CPU (2)") == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("more", "times"),
    [
        ({"source": Source("x", 0.5)}, 0.5),
        ({"hires": Hires(1.5, 0.4, upscaler="Lanczos")}, 1 + 1.5**2 * 0.4),
        ({"fixes": (Fix("face", 0.4), Fix("hand", 0.4))}, 1.8),
        ({"upscale": Upscale("Lanczos", 2.0)}, 1.0),
        ({"upscale": Upscale("Lanczos", 2.0, 0.25)}, 1 + 2.0**2 * 0.25 * 1.25),  # tiles lie over one another
    ],
)
def test_second_passes_are_counted(more: dict[str, Any], times: float) -> None:
    known = Estimate()
    known.drew(a_recipe(), "CPU (2)", 3.0)
    assert known.seconds(replace(a_recipe(), **more), "CPU (2)") == pytest.approx(3.0 * times)


def test_tiles_over_a_picture_as_it_is_are_learnt_from_and_mere_enlarging_is_not() -> None:
    known = Estimate()
    enlarged = replace(a_recipe(), source=Source("x", 0.0), upscale=Upscale("Lanczos", 2.0))
    known.drew(enlarged, "CPU (2)", 3.0)
    assert known == Estimate(devices=known.devices) and not known.speeds
    known.drew(replace(enlarged, upscale=Upscale("Lanczos", 2.0, 0.35)), "CPU (2)", 8.0)
    assert known.seconds(replace(enlarged, upscale=Upscale("Lanczos", 2.0, 0.35)), "CPU (2)") == pytest.approx(8.0)


def test_the_first_guess_at_loading_is_from_the_size_and_from_how_others_went() -> None:
    known = Estimate(sizes={"small": 4 * 10**6, "large": 4 * 10**9})
    assert known.loading("small") == pytest.approx(1.01)
    assert known.loading("large") == pytest.approx(11.0)
    assert known.loading("not looked at") > known.loading("large")
    known.loaded("small", 2.02)
    assert known.loading("large") == pytest.approx(22.0)


async def test_a_models_file_is_looked_at_when_it_is_first_asked_for() -> None:
    async def size(model: str) -> int:
        return {"new": 40 * 10**6}.get(model, 0)

    pool = FakePool(slots=1)
    made = Queue(pool, Heard(), fetch, per_person=9, in_all=9, size=size)
    await made.start()
    made.put(of("new", "a"))
    await settle()
    assert made.estimate.sizes == {"new": 40 * 10**6}
    await made.close()


def test_nets_are_counted_where_and_as_long_as_they_act() -> None:
    plain, net = a_recipe(), Control("net", "c" * 64)
    usual = estimate.work(plain)
    counted: list[tuple[dict[str, Any], float]] = [
        ({}, 1.4), ({"end": 0.5}, 1.2), ({"mode": "control"}, 1.2), ({"stages": "second"}, 1.0),
        ({"strength": 0.0}, 1.0),
    ]  # fmt: skip
    for said, times in counted:
        own = replace(plain, controls=(replace(net, **said),))
        assert estimate.work(own) == pytest.approx(usual * times), said
    twice = replace(plain, hires=Hires(2.0, 0.5, upscaler="Lanczos"))
    again = estimate.work(twice) - usual
    late = replace(twice, controls=(replace(net, stages="second"),))
    assert estimate.work(late) == pytest.approx(usual + 1.4 * again)


def test_what_acts_beside_guidance_is_counted_by_its_entries() -> None:
    plain = a_recipe()
    usual = estimate.work(plain)
    changes: list[tuple[dict[str, Any], float]] = [
        ({"pag": Perturbed(3.0)}, 1.5), ({"pag": Perturbed(3.0), "seg": Smoothed(3.0)}, 2.0),
        ({"perpendicular": 1.0}, 1.5), ({"perpendicular": 1.0, "guidance_end": 0.5}, 1.0),
        ({"threshold": Thresholding(3.0)}, 1.0),
    ]  # fmt: skip
    for change, times in changes:
        assert estimate.work(replace(plain, **change)) == pytest.approx(usual * times)


def test_passes_that_recipes_have_in_common_take_their_time_once() -> None:
    learnt = Known()
    own = a_recipe(steps=8)
    [first] = [learnt.seconds(own)]
    again = [replace(own, hires=Hires(1.5, strength)) for strength in (0.25, 0.5)]
    alone = [learnt.seconds(one) for one in again]
    assert learnt.together([own, own]) == pytest.approx(first)
    assert learnt.together(again) == pytest.approx(sum(alone) - first)
    mended = [*again, replace(again[0], fixes=(Fix("face", 0.5),))]
    assert learnt.together(mended) == pytest.approx(sum(alone) - first + learnt.seconds(mended[2]) - alone[0])
    assert learnt.together([own, replace(own, seed=2)]) == pytest.approx(2 * first)
