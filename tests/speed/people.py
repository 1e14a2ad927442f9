"""Eight people at once through the queue and a real worker, against one after another through diffusers."""

from __future__ import annotations

import asyncio
import statistics
import time

from engine.files.catalog import BUILTIN, DEMO
from engine.job import Job, Progress
from engine.queue.local_pool import LocalPool
from engine.queue.news import Changed, Finished
from engine.queue.queue import Queue
from tests.fakes import a_recipe
from tests.speed.figure import Figure

PEOPLE, STEPS, ROUNDS = 8, 20, 3


async def figures() -> list[Figure]:
    first: dict[str, float] = {}
    ended: dict[str, float] = {}
    told: dict[str, float] = {}
    done = asyncio.Event()

    async def hear(news: Changed | Progress | Finished) -> None:
        now = time.perf_counter()
        if isinstance(news, Progress):
            if news.step:
                first.setdefault(news.job, now)
        elif isinstance(news, Finished):
            ended[news.job.id] = now
            done.set()

    async def fetch(picture: str) -> bytes:
        return b""

    pool = LocalPool(["auto"], ["--slots", str(PEOPLE), "--model", BUILTIN])
    queue = Queue(pool, hear, fetch, per_person=99, in_all=99)
    await queue.start()
    while not pool.workers[0].slots:
        await asyncio.sleep(0.05)
    rates, waits, errors = [], [], []
    for turn in range(ROUNDS + 1):
        began = time.perf_counter()
        jobs = [
            Job(id=f"{turn}-{person}", owner=str(person), recipes=(a_recipe(f"a red apple {person}", steps=STEPS),))
            for person in range(PEOPLE)
        ]
        for job in jobs:
            queue.put(job)
        told = {job: standing.seconds_left for job, standing in queue.standings().items()}
        while not all(job.id in ended for job in jobs):
            done.clear()
            await done.wait()
        if turn:  # the first warms up and teaches the speed
            rates.append(PEOPLE / (max(ended[job.id] for job in jobs) - began))
            waits += [first[job.id] - began for job in jobs]
            errors += [abs(told[job.id] - (ended[job.id] - began)) / (ended[job.id] - began) for job in jobs]
    await queue.close()
    rate, last = await asyncio.to_thread(_one_after_another)
    return [
        Figure("pictures a second, 8 people at once", statistics.median(rates), "/s", rate, "diffusers in turn"),
        Figure("until the last person's first step", max(waits), "s", last, "diffusers in turn"),
        Figure("error of the seconds told, median", 100 * statistics.median(errors), "%"),
    ]


def _one_after_another() -> tuple[float, float]:
    """Pictures a second, and the seconds until the eighth person's first step."""
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline

    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipe = StableDiffusionPipeline.from_pretrained(
        DEMO, safety_checker=None, dtype=torch.float32, local_files_only=True
    ).to(device)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    rates, lasts = [], []
    for turn in range(ROUNDS + 1):
        began = time.perf_counter()
        last = 0.0
        for person in range(PEOPLE):
            steps: list[float] = []

            def note(pipe, step, at, values, steps=steps):  # type: ignore[no-untyped-def]
                steps.append(time.perf_counter())
                return values

            recipe = a_recipe(f"a red apple {person}", steps=STEPS)
            pipe(
                recipe.prompt.positive,
                negative_prompt=recipe.prompt.negative,
                num_inference_steps=STEPS,
                guidance_scale=recipe.guidance,
                width=recipe.width,
                height=recipe.height,
                generator=torch.Generator("cpu").manual_seed(recipe.seed),
                callback_on_step_end=note,
            )
            last = steps[0] - began
        if turn:
            rates.append(PEOPLE / (time.perf_counter() - began))
            lasts.append(last)
    return statistics.median(rates), statistics.median(lasts)
