"""Many people at many cards for a few minutes, by a clock of their own: who waited how long, how even their shares
were, and what the queue itself took of the processor."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from engine.job import Job, Progress
from engine.queue.estimate import Estimate
from engine.queue.news import Changed, Finished
from engine.queue.pool import Event, Worker
from engine.queue.queue import Queue
from engine.wire import Step
from tests.day import clock
from tests.day.cards import Cards
from tests.day.day import jain
from tests.fakes import a_recipe

SPEEDS = {"danqing-demo": 1.3, "anime": 1.3, "photo": 1.3}  # a picture of four steps takes a card a second and a half
LOADS = {"danqing-demo": 3.0, "anime": 9.0, "photo": 12.0}
MODELS = {"danqing-demo": 5, "anime": 3, "photo": 2}  # how often each is asked for
STEPS = 4  # few and long: it is the queue that is measured, not these cards
JOBS = {1: 80, 2: 12, 5: 6, 20: 2}  # of a person, one after the other
PICTURES = {1: 8, 4: 2}  # of a job
BETWEEN = 2.0  # seconds between two of a person's jobs
WINDOW = 20.0  # seconds over which shares are compared


@dataclass(slots=True)
class Crowd:
    """What was seen: `first` seconds until each person's first step, `last` until each job was finished, `shares`
    Jain's index of each window with how many waited in it all the time; `processor` seconds of the queue's own by what
    it was asked, `lasted` seconds by the clock of the day."""

    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    shares: list[tuple[float, int]] = field(default_factory=list)
    processor: dict[str, float] = field(default_factory=dict)
    jobs: int = 0
    lasted: float = 0.0

    @property
    def jain(self) -> float:
        """Jain's index over all windows, each by how many waited in it."""
        people = sum(count for _, count in self.shares)
        return sum(index * count for index, count in self.shares) / people if people else 1.0

    @property
    def per_job(self) -> float:
        """Milliseconds of the processor that the queue takes for a job, all told."""
        return 1000 * sum(self.processor.values()) / max(1, self.jobs)


def late(values: list[float], share: float) -> float:
    """The value that so many of a hundred do not exceed."""
    return sorted(values)[int(share / 100 * (len(values) - 1))]


def crowd(*, cards: int, people: int, seconds: float, slots: int = 8, seed: int = 1) -> Crowd:
    """So many people who come within so many seconds, until the last picture is drawn."""
    return clock.run(_crowd(cards, people, seconds, slots, random.Random(seed)))


class _Measured(Queue):
    """A queue that knows what it took of the processor."""

    took: dict[str, float]

    def put(self, job: Job) -> None:
        self._taking("put", lambda: super(_Measured, self).put(job))

    def _hear(self, worker: Worker, event: Event) -> None:
        self._taking(type(event).__name__, lambda: super(_Measured, self)._hear(worker, event))

    def _round(self) -> dict[str, Progress]:
        return self._taking("round", lambda: super(_Measured, self)._round())

    def _taking(self, what: str, work: Callable[[], Any]) -> Any:
        begun = time.thread_time()
        try:
            return work()
        finally:
            self.took[what] = self.took.get(what, 0.0) + time.thread_time() - begun


async def _crowd(cards: int, people: int, seconds: float, slots: int, chance: random.Random) -> Crowd:
    seen, loop = Crowd(), asyncio.get_running_loop()
    asked = _asked(people, seconds, chance)
    at: dict[str, float] = {}
    new: dict[str, float] = {}
    had: dict[str, float] = {}
    all_ended = asyncio.Event()
    pool = Cards(cards, slots, SPEEDS, LOADS, seed=1)

    async def hear(news: Changed | Progress | Finished) -> None:
        if isinstance(news, Finished):
            seen.last.append(loop.time() - at[news.job.id])
            if len(seen.last) == len(asked):
                all_ended.set()

    estimate = Estimate(speeds=dict(SPEEDS), devices={"card": dict(SPEEDS)}, loads=dict(LOADS))
    queue = _Measured(pool, hear, _fetch, per_person=100, in_all=10**9, estimate=estimate, clock=loop.time)
    queue.took = seen.processor
    start = pool.start

    async def watched(listener: Callable[[Worker, Event], None]) -> None:
        def both(worker: Worker, event: Event) -> None:
            if isinstance(event, Step):
                owner = worker.jobs[event.job].owner
                had[owner] = had.get(owner, 0.0) + event.seconds
                if owner in new:
                    seen.first.append(loop.time() - new.pop(owner))
            listener(worker, event)

        await start(both)

    pool.start = watched  # type: ignore[method-assign]
    await queue.start()
    looking = asyncio.create_task(_look(queue, had, seen))
    known: set[str] = set()
    for when, job in asked:
        await asyncio.sleep(max(0.0, when - loop.time()))
        at[job.id] = loop.time()
        if job.owner not in known:
            known.add(job.owner)
            new[job.owner] = loop.time()
        queue.put(job)
    ending = asyncio.create_task(all_ended.wait())
    done, _ = await asyncio.wait({ending, looking, *pool.tasks}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*done)  # which raises what went wrong with a card
    looking.cancel()
    await queue.close()
    seen.jobs, seen.lasted = len(asked), loop.time()
    return seen


async def _look(queue: Queue, had: dict[str, float], seen: Crowd) -> None:
    """Compare, window by window, what those have had who had something in the line at its beginning and its end."""
    before: dict[str, float] = {}
    waited: set[str] = set()
    while True:
        await asyncio.sleep(WINDOW)
        waiting = {course.job.owner for course in queue._courses.values() if course.claims}
        if len(both := waited & waiting) > 1:
            shares = [had.get(owner, 0.0) - before.get(owner, 0.0) for owner in both]
            seen.shares.append((jain(shares), len(both)))
        before, waited = dict(had), waiting


def _asked(people: int, seconds: float, chance: random.Random) -> list[tuple[float, Job]]:
    found: list[tuple[float, Job]] = []
    for person in range(people):
        when, [model] = chance.uniform(0, seconds), chance.choices(list(MODELS), list(MODELS.values()))
        [jobs] = chance.choices(list(JOBS), list(JOBS.values()))
        for _ in range(jobs):
            [count] = chance.choices(list(PICTURES), list(PICTURES.values()))
            one = replace(a_recipe(steps=STEPS, model=model), width=512, height=512)
            recipes = tuple(replace(one, seed=seed) for seed in range(count))
            found.append((when, Job(id=f"job {len(found)}", owner=f"person {person}", recipes=recipes)))
            when += chance.expovariate(1 / BETWEEN)
    return sorted(found, key=lambda one: one[0])


async def _fetch(picture: str) -> bytes:
    raise AssertionError("nothing is drawn over here")
