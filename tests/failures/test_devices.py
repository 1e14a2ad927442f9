"""Two workers share a job's pictures, and they are those that one worker draws. Real processes, built-in model."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import numpy
import pytest
from PIL import Image

from engine.files.catalog import BUILTIN
from engine.job import Job, Picture, Progress, State
from engine.pixels import png_recipe
from engine.queue.estimate import Estimate
from engine.queue.local_pool import LocalPool
from engine.queue.news import Changed, Finished
from engine.queue.queue import Queue
from prompts.prompt import Json
from storage import facts
from storage.database import Database
from tests.fakes import a_recipe
from tests.patience import PATIENCE
from tests.running import Bot, drawing

pytestmark = pytest.mark.failure
GRID = tuple(a_recipe("a red apple", seed=seed, steps=12) for seed in (11, 12, 13, 14))


class Workers:
    """A queue over real workers; `by` says which of them have told of a step of a job, `ended` what it ended in."""

    def __init__(self, count: int) -> None:
        self.pool = LocalPool(["cpu"] * count, ["--slots", "4", "--model", BUILTIN])
        self.queue = Queue(self.pool, self.hear, self.fetch, per_person=9, in_all=9)
        self.stepped = asyncio.Event()
        self.ended: asyncio.Queue[Finished] = asyncio.Queue()

    async def hear(self, news: Changed | Progress | Finished) -> None:
        if isinstance(news, Finished):
            self.ended.put_nowait(news)
        elif isinstance(news, Progress) and news.step:
            self.stepped.set()

    async def fetch(self, picture: str) -> bytes:
        raise AssertionError(picture)

    async def draw(self) -> Finished:
        self.queue.put(Job(id="grid", owner="ann", recipes=GRID))
        return await self.ended.get()


@asynccontextmanager
async def workers(count: int) -> AsyncIterator[Workers]:
    made = Workers(count)
    async with asyncio.timeout(PATIENCE):
        await made.queue.start()
        try:
            while not all(worker.slots for worker in made.pool.workers):
                await asyncio.sleep(0.05)
            yield made
        finally:
            await made.queue.close()


def pixels(picture: Picture) -> numpy.ndarray:
    return numpy.asarray(Image.open(io.BytesIO(picture.png)), numpy.int16)


async def test_two_workers_draw_the_pictures_of_one_even_if_one_of_them_is_killed() -> None:
    async with workers(1) as alone:
        expected = await alone.draw()
    async with workers(2) as both:
        shared = asyncio.create_task(both.draw())
        await both.stepped.wait()
        assert [len(job.recipes) for worker in both.pool.workers for job in worker.jobs.values()] == [2, 2]
        found = await shared
        both.stepped.clear()
        again = asyncio.create_task(both.draw())
        await both.stepped.wait()
        pid = both.pool.pid(both.pool.workers[1])
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        after = await again
    assert [one.job.state for one in (expected, found, after)] == [State.DONE] * 3
    assert (found.job.attempt, after.job.attempt) == (0, 1)
    for pictures in (found.pictures, after.pictures):
        for own, other in zip(expected.pictures, pictures, strict=True):
            assert own.recipe == other.recipe
            # A batch of two and one of four may take other kernels, whose last bits differ.
            assert abs(pixels(own) - pixels(other)).max() <= 1


@pytest.fixture
async def bot(tmp_path: Path, warm: str) -> AsyncIterator[Bot]:
    made = Bot(tmp_path, {"DANQING_ENGINE_DEVICES": "cpu,cpu", "DANQING_ENGINE_SLOTS": "2"}, warm=warm)
    await made.start()
    yield made
    await made.stop()


async def test_a_grid_over_two_devices_outlives_a_worker_and_the_bot(bot: Bot) -> None:
    await bot.until(lambda _: len(bot.children()) == 2)
    await bot.say("a red apple --seed 7 --count 4 --steps 30")
    await bot.until(drawing)
    bot.children()[1].kill()
    await bot.until(lambda cards: drawing(cards) and len(bot.children()) == 2)
    await bot.kill()
    await bot.start()
    [card] = await bot.ended(1)
    assert card["state"] == "done" and len(card["pictures"]) == 4
    recipes = [png_recipe.read_recipe(await bot.picture(one["id"])) for one in card["pictures"]]
    assert [recipe and recipe.seed for recipe in recipes] == [7, 8, 9, 10]
    assert len((await bot.get("/api/history"))["pictures"]) == 4
    db = await Database.open("", bot.folder / "data")
    known = Estimate.from_json(cast(dict[str, Json], await facts.fact(db, "estimate")))
    await db.close()
    assert BUILTIN in known.speeds and known.loads[BUILTIN] > 0, "measured, and remembered over restarts"
    status = (await bot.get("/api/hello"))["status"]
    assert (status["workers"], status["tier"]) == (2, "all") and "CPU" in status["device"]
