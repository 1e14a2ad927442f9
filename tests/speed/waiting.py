"""What the queue itself costs, with a pool that draws nothing and ten thousand jobs waiting."""

from __future__ import annotations

import asyncio
import time

from engine.job import Job, Progress
from engine.queue.news import Changed, Finished
from engine.queue.queue import Queue
from tests.fakes import FakePool, a_recipe
from tests.speed.figure import Figure

JOBS, PEOPLE = 10_000, 500


class InstantPool(FakePool):
    """Finishes each job as soon as it is handed over."""

    async def draw(self, worker, job, sources) -> None:  # type: ignore[no-untyped-def]
        self.finish(job.id)


async def figures() -> list[Figure]:
    recipe = a_recipe()
    jobs = [Job(id=str(index), owner=str(index % PEOPLE), recipes=(recipe,)) for index in range(JOBS)]
    began = time.perf_counter()
    plain: asyncio.Queue[Job] = asyncio.Queue()
    for job in jobs:
        plain.put_nowait(job)
    while not plain.empty():
        await plain.get()
    baseline = (time.perf_counter() - began) / JOBS * 1000

    ended = 0
    done = asyncio.Event()

    async def hear(news: Changed | Progress | Finished) -> None:
        nonlocal ended
        ended += isinstance(news, Finished)
        if ended == JOBS:
            done.set()

    async def fetch(picture: str) -> bytes:
        return b""

    pool = InstantPool()
    queue = Queue(pool, hear, fetch, per_person=JOBS, in_all=JOBS)
    began = time.perf_counter()
    for job in jobs:
        queue.put(job)
    put = time.perf_counter() - began
    began = time.perf_counter()
    standings = len(queue.standings())
    told = time.perf_counter() - began
    assert standings == JOBS
    began = time.perf_counter()
    await queue.start()
    await done.wait()
    served = time.perf_counter() - began
    await queue.close()
    each = (put + served) / JOBS * 1000
    return [
        Figure("a job in and out, 10,000 waiting", each, "ms", baseline, "asyncio.Queue", "under 1 ms"),
        Figure("places and times of all 10,000", told * 1000, "ms"),
    ]
