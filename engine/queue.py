"""The queue: accepted jobs wait for their turn, are handed to workers, retried when a worker dies, and ended once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from engine.fairness import Line
from engine.job import Job, Picture, Progress, State
from engine.pool import Event, Lost, Pool, Worker
from engine.recipe import Recipe
from engine.wire import Drawn, Ended, Ready, Step
from prompts.errors import Refusal

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3  # workers one job may take down before it is given up
STANDINGS_EVERY = 1.0  # seconds between two rounds of places and times told to those who wait
FIRST_GUESS = 2.0  # device-seconds per megapixel and step before anything was measured: the built-in model on two cores
SMOOTHING = 0.3  # share of the newest measurement in a model's speed: five pictures forget a cold start


@dataclass(frozen=True, slots=True)
class Changed:
    """A job is in another state, or in the same one after its worker died (`job.attempt` has grown)."""

    job: Job


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a job: its pictures in the order of its recipes, or a text key that says why there are none."""

    job: Job
    pictures: tuple[Picture, ...] = ()
    key: str = ""
    values: Mapping[str, str | int | float] = field(default_factory=dict)


Listener = Callable[[Changed | Progress | Finished], Awaitable[None]]


@dataclass(slots=True)
class _Running:
    job: Job
    worker: Worker
    expected: float  # device-seconds the owner's account was charged
    steps: dict[int, tuple[int, int]] = field(default_factory=dict)
    used: dict[int, float] = field(default_factory=dict)
    pictures: dict[int, Picture] = field(default_factory=dict)
    handed: bool = False
    cancelled: bool = False  # the worker was told, and has not answered yet


def work(recipe: Recipe) -> float:
    """The size of a recipe in megapixel-steps; a source at strength s needs that share of the steps."""
    share = 1.0 if recipe.source is None else recipe.source.strength
    passes = 2 if recipe.guidance > 1 else 1
    return max(1.0, recipe.steps * share) * recipe.width * recipe.height * passes / 2e6


class Queue:
    """Jobs between `put` and their one `Finished`. `fetch` gets a source picture's bytes by hash;
    `speeds` are device-seconds per megapixel-step by model, learnt as pictures are drawn."""

    def __init__(
        self,
        pool: Pool,
        listener: Listener,
        fetch: Callable[[str], Awaitable[bytes]],
        *,
        per_person: int,
        in_all: int,
        speeds: Mapping[str, float] | None = None,
    ) -> None:
        self.pool = pool
        self.speeds = dict(speeds or {})
        self._listener = listener
        self._fetch = fetch
        self._per_person = per_person
        self._in_all = in_all
        self._line = Line()
        self._jobs: dict[str, Job] = {}  # waiting
        self._costs: dict[str, float] = {}  # expected device-seconds of waiting jobs
        self._running: dict[str, _Running] = {}
        self._news: asyncio.Queue[Changed | Progress | Finished | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tell_soon: asyncio.TimerHandle | None = None
        self.paused = False

    async def start(self) -> None:
        """Start the pool and begin to tell the listener."""
        self._spawn(self._tell())
        await self.pool.start(self._hear)

    async def close(self) -> None:
        """End the workers and tell what has happened so far; unfinished jobs get no `Finished`."""
        if self._tell_soon:
            self._tell_soon.cancel()
        await self.pool.close()
        self._news.put_nowait(None)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def __contains__(self, job: str) -> bool:
        return job in self._jobs or job in self._running

    def __len__(self) -> int:
        """Jobs that wait; the running ones are not counted."""
        return len(self._jobs)

    @property
    def running(self) -> int:
        return len(self._running)

    def admit(self, owner: str) -> None:
        """Refuse when this person, or all together, have too many jobs waiting."""
        if self._line.waiting_of(owner) >= self._per_person:
            raise Refusal("queue.full_person", limit=self._per_person)
        if len(self._jobs) >= self._in_all:
            raise Refusal("queue.full", limit=self._in_all)

    def pause(self) -> None:
        """Begin no more jobs; what is being drawn is finished."""
        self.paused = True

    def resume(self) -> None:
        """Begin jobs again."""
        self.paused = False
        self._hand_over()
        self._standings_soon()

    def put(self, job: Job) -> None:
        """Let a job wait its turn; from now on it ends in exactly one `Finished`."""
        if job.id in self:
            return
        job = replace(job, state=State.WAITING)
        self._wait(job)
        self._hand_over()
        self._standings_soon()

    def cancel(self, job_id: str) -> bool:
        """End a job as cancelled: at once if it waits, before its next step if it runs. False if it is not here."""
        if job := self._jobs.pop(job_id, None):
            self._line.remove(job)
            self._costs.pop(job_id)
            self._news.put_nowait(Finished(replace(job, state=State.CANCELLED)))
            self._standings_soon()
            return True
        if running := self._running.get(job_id):
            if running.handed:
                running.cancelled = True
                self._spawn(self.pool.stop(running.worker, job_id))
            else:
                self._finish(running, State.CANCELLED)
            return True
        return False

    def standings(self) -> dict[str, Progress]:
        """Place and seconds left of every job, running ones (place 0) included.

        Rows of one worker share its time equally, and device-seconds of rows that share a batch add up to wall time;
        so a row with r device-seconds to go is done after the sum over all rows of min(r, their own).
        """
        told: dict[str, Progress] = {}
        backlog: dict[str, float] = {}
        for worker in self.pool.workers:
            rows = {job: self._left(self._running[job]) for job in worker.jobs if job in self._running}
            flat = [left for lefts in rows.values() for left in lefts]
            backlog[worker.id] = sum(flat)
            for job_id, lefts in rows.items():
                seconds = sum(min(max(lefts, default=0.0), left) for left in flat)
                told[job_id] = self._progress(self._running[job_id], seconds)
        workers = max(1, len(backlog))
        ahead = sum(backlog.values())
        for place, job in enumerate(self._line.ordered(self._costs), 1):
            ahead += self._costs[job.id]
            told[job.id] = Progress(job=job.id, state=State.WAITING, place=place, seconds_left=ahead / workers)
        return told

    def expected(self, recipe: Recipe) -> float:
        """The device-seconds a recipe should take."""
        speed = self.speeds.get(recipe.model) or (
            sum(self.speeds.values()) / len(self.speeds) if self.speeds else FIRST_GUESS
        )
        return speed * work(recipe)

    # --- in and out of the line ---

    def _wait(self, job: Job, *, first: bool = False) -> None:
        self._jobs[job.id] = job
        self._costs[job.id] = sum(map(self.expected, job.recipes))
        self._line.add(job, first=first)

    def _hand_over(self) -> None:
        while not self.paused and (job := self._line.peek()) and (worker := self._free_for(job)):
            cost = self._costs.pop(job.id)
            del self._jobs[job.id]
            self._line.start(job, cost)
            job = replace(job, state=State.RUNNING)
            running = _Running(job, worker, cost)
            self._running[job.id] = running
            worker.jobs[job.id] = job
            self._news.put_nowait(Changed(job))
            self._spawn(self._draw(running))

    def _free_for(self, job: Job) -> Worker | None:
        """A worker with a row to spare. A job that has lost a worker before is drawn alone, to harm no other."""
        free = [worker for worker in self.pool.workers if self._rows(worker) < worker.slots]
        if job.attempt:
            free = [worker for worker in free if not worker.jobs]
        free = [worker for worker in free if not any(other.attempt for other in worker.jobs.values())]
        return min(free, key=self._rows, default=None)

    def _rows(self, worker: Worker) -> int:
        return sum(
            len(job.recipes) - len(self._running[job.id].pictures)
            for job in worker.jobs.values()
            if job.id in self._running
        )

    async def _draw(self, running: _Running) -> None:
        job = running.job
        try:
            hashes = {file for recipe in job.recipes if recipe.source for file in recipe.source.files}
            sources = {picture: await self._fetch(picture) for picture in hashes}
        except Refusal as refusal:
            if job.id in self._running:
                self._finish(running, State.FAILED, refusal.key, refusal.values)
            return
        if self._running.get(job.id) is running:  # neither cancelled nor lost meanwhile
            running.handed = True
            await self.pool.draw(running.worker, job, sources)

    def _finish(
        self, running: _Running, state: State, key: str = "", values: Mapping[str, str | int | float] | None = None
    ) -> None:
        job = running.job
        del self._running[job.id]
        running.worker.jobs.pop(job.id, None)
        self._line.finish(job, sum(running.used.values()) - running.expected)
        pictures = tuple(running.pictures[index] for index in sorted(running.pictures)) if state is State.DONE else ()
        self._news.put_nowait(Finished(replace(job, state=state), pictures, key, values or {}))
        self._hand_over()
        self._standings_soon()

    # --- what workers say ---

    def _hear(self, worker: Worker, event: Event) -> None:
        match event:
            case Ready():
                self._hand_over()
            case Step() | Drawn() | Ended():
                running = self._running.get(event.job)
                if running and running.worker is worker and running.job.attempt == event.attempt:
                    self._advance(running, event)
            case Lost():
                self._lost(worker, event.reason)
        if not isinstance(event, Step):
            self._standings_soon()

    def _advance(self, running: _Running, event: Step | Drawn | Ended) -> None:
        job = running.job
        match event:
            case Step():
                running.steps[event.index] = (event.step, event.steps)
                running.used[event.index] = running.used.get(event.index, 0.0) + event.seconds
                left = sum(self._left(running))  # alone on its worker; the next round of standings knows better
                progress = replace(self._progress(running, left), preview=event.blob or None)
                self._news.put_nowait(progress)
            case Drawn():
                recipe = job.recipes[event.index]
                running.pictures[event.index] = Picture(png=event.blob, recipe=recipe, seconds=event.seconds)
                running.used[event.index] = event.seconds
                self._learn(recipe, event.seconds)
                self._hand_over()
            case Ended(outcome="done"):
                self._finish(running, State.DONE)
            case Ended(outcome="cancelled"):
                self._finish(running, State.CANCELLED)
            case Ended():
                self._finish(running, State.FAILED, event.key, event.values)

    def _lost(self, worker: Worker, reason: str) -> None:
        log.warning("worker %s lost (%s) with jobs %s", worker.id, reason, list(worker.jobs))
        lost = [self._running[job] for job in worker.jobs if job in self._running]
        for running in reversed(lost):  # each goes before the others, so the last put first is the first again
            if running.cancelled:
                self._finish(running, State.CANCELLED)
                continue
            job = replace(running.job, attempt=running.job.attempt + 1, state=State.WAITING)
            running.job = job
            if job.attempt >= MAX_ATTEMPTS:
                self._finish(running, State.FAILED, "error.worker_died", {"attempts": job.attempt})
                continue
            del self._running[job.id]
            worker.jobs.pop(job.id)
            self._line.finish(job, -running.expected)  # what the dead worker spent is not the person's debt
            self._wait(job, first=True)
            self._news.put_nowait(Changed(job))
        self._hand_over()

    def _learn(self, recipe: Recipe, seconds: float) -> None:
        if recipe.source and not recipe.source.strength:
            return  # nothing was drawn
        measured = seconds / work(recipe)
        known = self.speeds.get(recipe.model)
        self.speeds[recipe.model] = measured if known is None else known + SMOOTHING * (measured - known)

    def _left(self, running: _Running) -> list[float]:
        """Device-seconds to go, per row that is not finished."""
        lefts = []
        for index, recipe in enumerate(running.job.recipes):
            if index not in running.pictures:
                step, steps = running.steps.get(index, (0, 1))
                lefts.append(self.expected(recipe) * (1 - step / max(1, steps)))
        return lefts

    def _progress(self, running: _Running, seconds: float) -> Progress:
        steps = [running.steps.get(index, (0, recipe.steps)) for index, recipe in enumerate(running.job.recipes)]
        return Progress(
            job=running.job.id,
            state=State.RUNNING,
            place=0,
            seconds_left=seconds,
            step=sum(step for step, _ in steps),
            steps=sum(of for _, of in steps),
        )

    # --- telling ---

    def _standings_soon(self) -> None:
        if self._tell_soon is None:
            self._tell_soon = asyncio.get_running_loop().call_later(STANDINGS_EVERY, self._tell_standings)

    def _tell_standings(self) -> None:
        self._tell_soon = None
        standings = self.standings()
        for progress in standings.values():
            self._news.put_nowait(progress)
        if standings:
            self._standings_soon()

    async def _tell(self) -> None:
        while (news := await self._news.get()) is not None:
            try:
                await self._listener(news)
            except Exception:  # one job's listener must not silence the others
                log.exception("listener failed on %s", getattr(news, "job", news))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
