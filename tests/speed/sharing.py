"""What several devices gain, with a pool whose workers take their time and draw nothing: jobs of many people, and one
job of many pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from engine.job import Job, Progress
from engine.queue.news import Changed, Finished
from engine.queue.pool import Worker
from engine.queue.queue import Queue
from tests.fakes import FakePool, a_job
from tests.speed.figure import Figure

DEVICES, PICTURES, EACH = 8, 40, 0.2  # seconds a picture


class TimedPool(FakePool):
    """Takes its time for each picture of what it was handed."""

    async def draw(self, worker: Worker, job: Job, sources: Mapping[str, bytes]) -> None:
        asyncio.get_running_loop().call_later(EACH * len(job.recipes), self.finish, job.id, EACH)


async def _seconds(workers: int, jobs: list[Job]) -> float:
    left = len(jobs)
    done = asyncio.Event()

    async def hear(news: Changed | Progress | Finished) -> None:
        nonlocal left
        left -= isinstance(news, Finished)
        if not left:
            done.set()

    async def fetch(picture: str) -> bytes:
        return b""

    queue = Queue(TimedPool(workers), hear, fetch, per_person=PICTURES, in_all=PICTURES)
    await queue.start()
    began = time.perf_counter()
    for job in jobs:
        queue.put(job)
    await done.wait()
    passed = time.perf_counter() - began
    await queue.close()
    return passed


async def figures() -> list[Figure]:
    people = [a_job(str(index), str(index)) for index in range(PICTURES)]
    grid = [a_job("grid", count=PICTURES)]
    found = []
    for what, jobs in ((f"{PICTURES} people's pictures", people), (f"one job of {PICTURES} pictures", grid)):
        one, all_of_them = await _seconds(1, jobs), await _seconds(DEVICES, jobs)
        aim = f"{1 / 7.8:.3f}"
        found.append(Figure(f"{what}, {DEVICES} devices", all_of_them, "s", one, "one device", aim))
    return found
