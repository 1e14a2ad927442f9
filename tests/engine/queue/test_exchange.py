"""Who gives way to whom, and when: pictures that rest and come back, by a clock of the test's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.job import Lane, State
from engine.queue import exchange
from engine.queue.exchange import HORIZON, KEPT
from engine.queue.queue import Queue
from tests.engine.queue.test_queue import settle
from tests.engine.queue.test_sharing import Known, of, queue, the_clock
from tests.fakes import FakePool, a_job


def take(pool: FakePool, made: Queue, seconds: float, count: int = 1) -> None:
    """Let time go by, in which every picture with a row takes so many steps, its share of the seconds each."""
    for _ in range(count):
        the_clock(made).now += seconds
        for worker in pool.workers:
            rows = [(part, index) for part in made._work.of(worker) for index in part.active][: worker.slots]
            for part, index in rows:
                step = part.of.steps.get(index, (0, 0))[0] + 1
                pool.step(part.job.id, min(step, 3), seconds / len(rows), index=part.indexes.index(index))
        made._news.tell_standings()


def active(made: Queue) -> dict[str, int]:
    """How many rows each person has."""
    rows: dict[str, int] = {}
    for part in made._work.assignments.values():
        rows[part.job.owner] = rows.get(part.job.owner, 0) + len(part.active)
    return {owner: count for owner, count in rows.items() if count}


async def test_with_every_row_held_a_newcomer_has_one_at_once() -> None:
    pool = FakePool(slots=8)
    async with queue(pool) as (made, _):
        made.put(a_job("a", "ann", 8))
        await settle()
        take(pool, made, 0.5)
        made.put(a_job("b", "bob"))
        await settle()
        assert pool.resting["a"] in [(index,) for index in range(8)] and pool.drawn[-1] == ("b", 0)
        assert active(made) == {"ann": 7, "bob": 1}
        pool.finish("b")
        await settle()
        assert pool.resting["a"] == () and active(made) == {"ann": 8}, "and gives it back"


async def test_what_was_handed_over_and_has_no_row_yet_waits_with_the_rest() -> None:
    pool = FakePool(slots=4)
    async with queue(pool) as (made, heard):
        made.put(a_job("a", "ann", 20))
        await settle()
        for index in range(4):
            pool.step("a", 1, index=index)
        made.put(a_job("b", "bob"))
        await settle()
        assert active(made) == {"ann": 3, "bob": 1} and len(pool.resting["a"]) == 17
        pool.draw_one("a", next(iter(set(range(4)) - set(pool.resting["a"]))))
        await settle()
        assert active(made) == {"ann": 3, "bob": 1}
        pool.finish("b")
        await settle()
        assert pool.resting["a"] == (), "alone again, nothing has to wait for a word"
        pool.finish("a")
        await settle()
        assert heard.ends() == [("b", State.DONE), ("a", State.DONE)]


async def test_two_people_with_many_pictures_come_to_have_equal_rows() -> None:
    pool = FakePool(slots=8)
    async with queue(pool) as (made, _):
        made.put(a_job("a", "ann", 16))
        await settle()
        take(pool, made, 1.0, 3)
        made.put(a_job("b", "bob", 16))
        for _ in range(4):
            await settle()
            take(pool, made, 1.0)
        assert active(made) == {"ann": 4, "bob": 4}


async def test_nobody_goes_to_and_fro() -> None:
    pool = FakePool(slots=2)
    async with queue(pool) as (made, _):
        for owner in ("ann", "bob", "cy"):
            made.put(a_job(owner[0], owner))
            await settle()
            take(pool, made, 0.1)
        moves = 0
        before = active(made)
        for _ in range(20):
            take(pool, made, 1.0)
            await settle()
            moves += active(made) != before
            before = active(made)
        assert 1 <= moves <= 20 / HORIZON * 2, "each keeps its row for many seconds"


async def test_within_a_second_nothing_changes_places_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "HORIZON", 0.0)  # the least difference would do
    pool = FakePool(slots=1)
    async with queue(pool) as (made, _):
        made.put(a_job("a", "ann"))
        await settle()
        take(pool, made, 0.5)
        made.put(a_job("b", "bob"))
        await settle()
        assert active(made) == {"bob": 1}
        take(pool, made, 0.6)
        assert active(made) == {"bob": 1}, "bob's has had its row for six tenths of a second"
        take(pool, made, 0.6)
        assert active(made) == {"ann": 1}


async def test_a_person_with_rows_is_no_newcomer_however_many_jobs_she_sends() -> None:
    pool = FakePool(slots=4)
    async with queue(pool) as (made, _):
        for owner in ("ann", "bob"):
            made.put(a_job(owner, owner, 2))
        await settle()
        take(pool, made, 0.5)
        for index in range(5):
            made.put(a_job(f"more {index}", "bob"))
        await settle()
        assert active(made) == {"ann": 2, "bob": 2} and not pool.resting


async def test_background_pictures_give_way_to_everybody_and_displace_nobody() -> None:
    pool = FakePool(slots=2)
    async with queue(pool) as (made, _):
        made.put(replace(a_job("slow", "ann", 2), lane=Lane.BACKGROUND))
        await settle()
        made.put(a_job("c", "cy"))
        await settle()
        take(pool, made, 1.5)
        assert active(made)["cy"] == 1
        made.put(replace(a_job("late", "dan"), lane=Lane.BACKGROUND))
        await settle()
        take(pool, made, 5.0, 3)
        assert "dan" not in active(made)


async def test_what_somebody_has_in_the_background_gives_way_to_what_she_asks_for() -> None:
    pool = FakePool(slots=2)
    async with queue(pool) as (made, _):
        made.put(replace(a_job("samples", "ann", 4), lane=Lane.BACKGROUND))
        await settle()
        take(pool, made, 1.5)
        made.put(a_job("own", "ann"))
        await settle()
        take(pool, made, 1.5)
        assert pool.drawn[-1] == ("own", 0) and len(pool.resting["samples"]) == 3
        pool.finish("own")
        await settle()
        take(pool, made, 1.5)
        assert pool.resting["samples"] == () and active(made) == {"ann": 4}, "and comes back"


async def test_a_model_that_would_have_to_be_loaded_has_its_price() -> None:
    pool = FakePool(slots=2)
    async with queue(pool) as (made, _):
        made.put(a_job("a", "ann", 2))
        await settle()
        take(pool, made, 1.0)
        made.put(of("other", "b", "bob"))  # ten seconds of loading
        await settle()
        take(pool, made, 1.0, 5)
        assert active(made) == {"ann": 2}
        take(pool, made, 1.0, 8)
        await settle()
        assert active(made).get("bob") == 1, "when ann has had so much more than bob"


async def test_no_third_model_while_rows_keep_one_that_was_given_up() -> None:
    pool = FakePool(slots=2)
    async with queue(pool) as (made, _):
        made.put(a_job("a", "ann", 2))
        await settle()
        take(pool, made, 1.0)
        pool.workers[0].tiers = {"other": "all"}  # the first is in memory through ann's rows alone
        made.put(of("third", "b", "bob"))
        await settle()
        take(pool, made, 30.0, 4)
        assert active(made) == {"ann": 2}
        made.put(of("other", "c", "cy"))
        await settle()
        assert active(made)["cy"] == 1


async def test_so_many_rest_and_no_more() -> None:
    pool = FakePool(slots=1)
    async with queue(pool) as (made, _):
        for number in range(KEPT + 4):
            made.put(a_job(f"j{number}", f"person {number}"))
            await settle()
            take(pool, made, 2.0)
            await settle()
        kept = sum(len(part.kept) for part in made._work.assignments.values())
        assert kept == KEPT and len(made) > 0
        told = made.standings()
        assert sum(one.resting for one in told.values()) == KEPT


async def test_a_worker_that_dies_takes_what_rested_on_it_along_and_all_is_drawn() -> None:
    pool = FakePool(slots=1)
    async with queue(pool) as (made, heard):
        made.put(a_job("a", "ann"))
        await settle()
        take(pool, made, 2.0)
        made.put(a_job("b", "bob"))
        await settle()
        assert made.standings()["a"].resting
        pool.lose(pool.workers[0])
        pool.ready(pool.workers[0])
        await settle()
        ends = 0
        while ends < 2:
            [names] = [list(worker.jobs) for worker in pool.workers]
            assert len(names) == 1, "what has lost a worker is drawn alone"
            pool.finish(names[0])
            await settle()
            ends = len(heard.ends())
        assert {state for _, state in heard.ends()} == {State.DONE}
        assert sorted(pool.drawn) == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]


async def test_cancelled_while_it_rests() -> None:
    pool = FakePool(slots=1)
    async with queue(pool) as (made, heard):
        made.put(a_job("a", "ann"))
        await settle()
        take(pool, made, 2.0)
        made.put(a_job("b", "bob"))
        await settle()
        assert made.cancel("a")
        await settle()
        assert heard.ends() == [("a", State.CANCELLED)] and active(made) == {"bob": 1}


async def test_those_who_rest_come_back_while_nothing_new_is_begun() -> None:
    pool = FakePool(slots=1)
    async with queue(pool) as (made, _):
        made.put(a_job("a", "ann"))
        await settle()
        take(pool, made, 2.0)
        made.put(a_job("b", "bob"))
        await settle()
        made.put(a_job("c", "cy"))
        made.pause()
        pool.finish("b")
        await settle()
        assert active(made) == {"ann": 1} and "c" not in [name for name, _ in pool.drawn]


async def test_somebody_new_brings_no_credit_for_the_time_before() -> None:
    pool = FakePool(slots=2)
    async with queue(pool) as (made, _):
        made.put(a_job("a", "ann", 20))
        await settle()
        take(pool, made, 100.0, 3)
        made.put(a_job("b", "bob", 20))
        for _ in range(3):
            await settle()
            take(pool, made, 1.0)
        assert active(made) == {"ann": 1, "bob": 1}


async def test_a_job_that_is_shared_gives_way_on_any_of_its_workers() -> None:
    pool = FakePool(workers=2, slots=2)
    async with queue(pool, Known()) as (made, _):
        made.put(a_job("a", "ann", 8))
        await settle()
        take(pool, made, 1.0)
        for owner in ("bob", "cy"):
            made.put(a_job(owner, owner))
            await settle()
        assert active(made) == {"ann": 2, "bob": 1, "cy": 1}
        resting = {name.partition("/")[0] for name, pictures in pool.resting.items() if pictures}
        assert resting == {"a"} and made.standings()["a"].resting is False
