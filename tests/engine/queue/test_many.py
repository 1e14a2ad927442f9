"""Many workers: what is remembered of each is what there is, and people are served in turn, quickly."""

from __future__ import annotations

import random
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.queue import estimate, placement
from engine.queue.course import Assignment, Course
from engine.queue.fairness import Line
from engine.queue.pool import Worker
from engine.queue.workload import MANY, Workload
from tests.day import people
from tests.day.day import lived
from tests.day.many import crowd, late
from tests.engine.queue.test_queue import settle
from tests.engine.queue.test_trainings import Clock, queue, training
from tests.fakes import FakePool, a_job
from tests.properties import tried


class _Doubted(Workload):
    """Reckons everything anew, and looks whether it is what was remembered."""

    seen = 0

    def housed(self, worker: Worker) -> list[Course]:
        there = [course for course in self.serving.values() if course.held and course.home is worker]
        assert super().housed(worker) == there
        return there

    def rows(self, worker: Worker, *, held: bool = True) -> int:
        anew = sum(len(assignment.active) for assignment in self.of(worker))
        anew += sum(len(course.held) for course in self.housed(worker) if held and not course.lent)
        assert super().rows(worker, held=held) == anew
        return anew

    def free(self) -> list[Worker]:
        anew = [
            worker
            for worker in self.pool.workers
            if self.rows(worker) < worker.slots
            and not any(job.attempt for job in worker.jobs.values())
            and not any(course.job.attempt for course in self.housed(worker))
        ]
        assert super().free() == anew
        assert list(super().emptiest()) == sorted(anew, key=self.rows)
        type(self).seen += 1
        return anew

    def free_for(self, owner: str) -> Iterator[Worker]:
        found = list(super().free_for(owner))
        assert found == [worker for worker in self.free() if self._owners(worker) <= {owner}]
        return iter(found)

    @property
    def resting(self) -> list[Assignment]:
        anew = [assignment for assignment in self.assignments.values() if assignment.resting]
        assert super().resting == anew
        return anew

    def in_turn(self, count: int) -> list[Course]:
        everybody = {course for course in self.serving.values() if course.held}
        assert set(super().in_turn(len(self.pool.workers))) == everybody
        return super().in_turn(count)

    def until_done(self, worker: Worker, models: frozenset[str]) -> float:
        anew = self.loads(worker, models) + self.busy(worker)
        assert super().until_done(worker, models) == pytest.approx(anew, rel=0.2, abs=2.0)
        return anew

    def _owners(self, worker: Worker) -> set[str]:
        jobs = (*worker.jobs.values(), *(course.job for course in self.housed(worker)))
        return {job.owner for job in jobs}


@tried(6)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 8))
def test_what_is_remembered_of_workers_is_what_there_is(seed: int, cards: int, slots: int) -> None:
    """So every job is placed as if all were looked at each time."""
    asked = people.asked(12, 16, 120, random.Random(seed))
    _Doubted.seen = 0
    with patch("engine.queue.queue.Workload", _Doubted):
        day = lived(asked, cards=cards, slots=slots, seed=seed)
    assert sum(day.ended.values()) + day.refused == len(asked) and _Doubted.seen > len(asked)


@tried(2)
@given(st.integers(0, 2**32))
def test_of_many_workers_too(seed: int) -> None:
    with patch("engine.queue.queue.Workload", _Doubted):
        seen = crowd(cards=MANY + 4, people=90, seconds=10, slots=2, seed=seed)
    assert len(seen.last) == seen.jobs


def test_a_recipe_is_reckoned_once_and_as_before() -> None:
    [(_, one)] = people.asked(1, 1, 10, random.Random(1))[:1]
    assert estimate.parts(one.recipe) == estimate._parts(one.recipe)
    assert estimate.parts(one.recipe) is estimate.parts(one.recipe)


def test_a_recipe_that_is_nowhere_any_more_is_remembered_no_longer() -> None:
    """The bot draws for weeks, and has little memory."""
    [one] = a_job("j").recipes
    before = len(estimate._known)
    estimate.parts(one)
    assert len(estimate._known) == before + 1
    del one
    assert len(estimate._known) == before


async def test_a_training_is_begun_beside_many_workers_too() -> None:
    pool = FakePool(workers=MANY + 1)
    async with queue(pool, Clock()) as (made, _):
        pool.loaded(pool.workers[0], "ink")
        made.trainings.put(training("t", model="clay"))
        await settle()
        assert made.trainings.waiting == ["t"]  # nobody has been idle for long
        pool.loaded(pool.workers[7], "clay")
        await settle()
        assert made.trainings.running == {"t": pool.workers[7].id}


def test_the_first_of_each_person_comes_in_the_order_of_turns_and_stays_in_the_line() -> None:
    line = Line()
    for number, owner in enumerate(("ann", "ann", "bob", "cem", "bob")):
        line.add(a_job(f"job {number}", owner))
    line.charge("ann", 5.0)
    line.charge("bob", 1.0)
    assert [one.id for one in line.first_of(10)] == ["job 3", "job 2", "job 0"]
    assert [one.id for one in line.first_of(2)] == ["job 3", "job 2"] and line.peek() == line.first_of(1)[0]
    assert len(line) == 5


def test_twenty_cards_serve_a_hundred_people_soon_and_the_bot_has_little_to_do() -> None:
    """All 189 jobs come within seconds; the cards need nearly a minute for them, loading counted in."""
    seen = crowd(cards=20, people=120, seconds=5)
    assert len(seen.first) == 120 and len(seen.last) == seen.jobs == 189
    assert late(seen.first, 95) < 25 and seen.lasted < 70
    assert seen.per_job < 100, "26 ms of the processor; each against each took seconds"


def test_beyond_many_workers_everybody_is_served_in_turn() -> None:
    seen = crowd(cards=MANY + 1, people=60, seconds=5)
    assert len(seen.first) == 60 and len(seen.last) == seen.jobs
    assert late(seen.first, 95) < 30


def test_no_more_workers_are_weighed_against_each_other_than_pays() -> None:
    assert placement.LOOKED_AT <= MANY


async def test_of_many_workers_those_with_nothing_to_do_help_the_others_out() -> None:
    """While nobody else waits: twenty pictures at a home with two rows are not drawn there one after the other."""
    pool = FakePool(workers=MANY + 4, slots=2)
    async with queue(pool, Clock()) as (made, _):
        made.put(a_job("all", count=20))
        await settle()
        drawn = [len(job.recipes) for worker in pool.workers for job in worker.jobs.values()]
        assert sum(drawn) == 20 and max(drawn) <= 2
