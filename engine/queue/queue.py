"""The queue: accepted jobs wait for their turn, are handed to workers, retried when a worker dies, and ended once.

A job is served as a whole: it gets a home, the worker that should finish it first, with the loading of its model
counted in. Its pictures are drawn there as rows come free, and meanwhile on other workers too, where these have
nothing to do for anybody else, nobody else waits, and the job ends sooner for it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine.job import Job, Picture, Progress, State
from engine.queue.course import Assignment, Course
from engine.queue.estimate import Estimate
from engine.queue.fairness import Line
from engine.queue.placement import defers, guests, home, spread
from engine.queue.pool import Event, Lost, Pool, Worker
from engine.queue.standings import progress, standings
from engine.queue.workload import Workload
from engine.recipe import Recipe
from engine.wire import Drawn, Ended, Loading, Ready, Step
from prompts.errors import Refusal

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3  # workers one job may take down before it is given up
STANDINGS_EVERY = 1.0  # seconds between two rounds of places and times told to those who wait
AHEAD = 32  # jobs behind one that waits for its model that are looked at for a worker that would have to load it


@dataclass(frozen=True, slots=True)
class Changed:
    """A job is in another state, or in the same one after a worker of it died (`job.attempt` has grown)."""

    job: Job


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a job: its pictures in the order of its recipes, or a text key that says why there are none."""

    job: Job
    pictures: tuple[Picture, ...] = ()
    key: str = ""
    values: Mapping[str, str | int | float] = field(default_factory=dict)


Listener = Callable[[Changed | Progress | Finished], Awaitable[None]]


async def _unknown(model: str) -> int:
    return 0


class Queue:
    """Jobs between `put` and their one `Finished`. `fetch` gets a source picture's bytes by hash; `size` the bytes of
    a model on the disk by its name, 0 where nobody knows; `estimate` learns as pictures are drawn and models loaded."""

    def __init__(
        self,
        pool: Pool,
        listener: Listener,
        fetch: Callable[[str], Awaitable[bytes]],
        *,
        per_person: int,
        in_all: int,
        estimate: Estimate | None = None,
        size: Callable[[str], Awaitable[int]] = _unknown,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pool = pool
        self.estimate = estimate or Estimate()
        self._listener = listener
        self._fetch = fetch
        self._size = size
        self._per_person = per_person
        self._in_all = in_all
        self._line = Line()
        self._courses: dict[str, Course] = {}  # every job that has not ended
        self._waiting: dict[str, Course] = {}  # those with pictures in the line
        self._costs: dict[str, float] = {}  # expected device-seconds of what waits, by job
        self._work = Workload(pool, self.estimate, clock)
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
        return job in self._courses

    def __len__(self) -> int:
        """Jobs that wait; the running ones are not counted."""
        return len(self._courses) - len(self._work.serving)

    @property
    def running(self) -> int:
        return len(self._work.serving)

    def admit(self, owner: str) -> None:
        """Refuse when this person, or all together, have too many jobs waiting."""
        if self._line.waiting_of(owner) >= self._per_person:
            raise Refusal("queue.full_person", limit=self._per_person)
        if len(self) >= self._in_all:
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
        for model in {recipe.model for recipe in job.recipes}:
            if model not in self.estimate.loads and model not in self.estimate.sizes:
                self._spawn(self._look_at(model))
        course = Course(replace(job, state=State.WAITING), [])
        self._courses[job.id] = course
        self._wait(course, range(len(job.recipes)))
        self._hand_over()
        self._standings_soon()

    def cancel(self, job_id: str) -> bool:
        """End a job as cancelled: at once if it waits, before its next step if it runs. False if it is not here."""
        course = self._courses.get(job_id)
        if course is None:
            return False
        course.cancelled = True
        self._unwait(course)
        course.held.clear()
        self._stop(course)
        if not course.parts:
            self._finish(course, State.CANCELLED)
        return True

    def standings(self) -> dict[str, Progress]:
        """Place and seconds left of every job, running ones (place 0) included."""
        return standings(self._work, self._line, self._costs)

    def expected(self, recipe: Recipe) -> float:
        """The device-seconds a recipe should take."""
        return self.estimate.seconds(recipe)

    # --- in and out of the line ---

    def _wait(self, course: Course, pictures: Iterable[int], *, first: bool = False) -> None:
        course.waiting = sorted({*self._unwait(course), *pictures})
        self._waiting[course.job.id] = course
        self._costs[course.job.id] = sum(self.expected(course.job.recipes[index]) for index in course.waiting)
        self._line.add(course.job, first=first)

    def _unwait(self, course: Course) -> list[int]:
        if self._waiting.pop(course.job.id, None):
            self._line.remove(course.job)
            del self._costs[course.job.id]
        pictures, course.waiting = course.waiting, []
        return pictures

    async def _look_at(self, model: str) -> None:
        if size := await self._size(model):
            self.estimate.sizes[model] = size

    def _hand_over(self) -> None:
        """Give jobs a home while there is room, and then pictures to the workers that are free."""
        while not self.paused and (chosen := self._next()):
            self._serve(*chosen)
        for course in sorted(self._work.serving.values(), key=lambda course: course.lent):
            if course.held and course.home and course.home.slots:
                self._spread(course)

    def _next(self) -> tuple[Course, Worker] | None:
        """The job whose turn it is and its home. Where it does better to wait for a worker that holds its model, those
        behind it may have the others."""
        free = self._work.free()
        if not free or self._line.peek() is None:
            return None
        for job in itertools.islice(self._turns(), AHEAD):
            course = self._waiting[job.id]
            chosen = home(self._work, course, free)
            if chosen is None:
                return None
            if not defers(self._work, course, chosen):
                return course, chosen
        return None

    def _turns(self) -> Iterator[Job]:
        """The waiting jobs in the order of their turns; the first one costs nothing to find."""
        first = self._line.peek()
        if first is not None:
            yield first
            yield from (job for job in self._line.ordered(self._costs) if job.id != first.id)

    def _serve(self, course: Course, worker: Worker) -> None:
        for index in course.waiting:
            course.charged[index] = self.expected(course.job.recipes[index])
        self._line.start(course.job, sum(course.charged[index] for index in course.waiting))
        course.held = sorted({*course.held, *self._unwait(course)})
        course.home, course.deferred = worker, None
        self._work.serving[course.job.id] = course
        if course.job.state is not State.RUNNING:
            course.job = replace(course.job, state=State.RUNNING)
            self._news.put_nowait(Changed(course.job))

    def _spread(self, course: Course) -> None:
        """Hand a job's held pictures over: to its home and, while nobody else waits, to workers with nothing to do."""
        assert course.home
        if course.job.attempt or len(self.pool.workers) == 1:
            plan = [(course.home, list(course.held))]
        else:
            alone = len(self._waiting) == self._line.waiting_of(course.job.owner)
            plan = spread(self._work, course, guests(self._work, course) if alone else ())
        for worker, pictures in plan:
            self._spawn(self._draw(self._work.hand(course, worker, pictures)))

    async def _draw(self, part: Assignment) -> None:
        try:
            hashes = {file for recipe in part.job.recipes if recipe.source for file in recipe.source.files}
            sources = {picture: await self._fetch(picture) for picture in hashes}
        except Refusal as refusal:
            if self._work.parts.get(part.job.id) is part and not part.of.over:
                self._work.remove(part)
                self._finish(part.of, State.FAILED, refusal.key, refusal.values)
            return
        if self._work.parts.get(part.job.id) is part:  # neither cancelled nor lost meanwhile
            part.handed = True
            await self.pool.draw(part.worker, part.job, sources)

    def _stop(self, course: Course) -> None:
        """Have all workers give a job up: at once where it has not been handed over."""
        for part in tuple(course.parts.values()):
            if part.handed:
                self._spawn(self.pool.stop(part.worker, part.job.id))
            else:
                self._work.remove(part)

    def _finish(
        self, course: Course, state: State, key: str = "", values: Mapping[str, str | int | float] | None = None
    ) -> None:
        self._unwait(course)
        course.held.clear()
        course.job = replace(course.job, state=state)
        self._stop(course)
        job = course.job
        del self._courses[job.id]
        self._work.serving.pop(job.id, None)
        for index in tuple(course.charged):
            self._settle(course, index, course.used.get(index, 0.0))
        self._line.finish(job, 0.0)
        pictures = tuple(course.pictures[index] for index in sorted(course.pictures)) if state is State.DONE else ()
        self._news.put_nowait(Finished(job, pictures, key, values or {}))
        self._hand_over()
        self._standings_soon()

    def _settle(self, course: Course, index: int, seconds: float) -> None:
        """Have the owner's account carry what a picture took instead of what it should have taken."""
        charged = course.charged.pop(index, None)
        if charged is not None:
            self._line.charge(course.job.owner, seconds - charged)

    # --- what workers say ---

    def _hear(self, worker: Worker, event: Event) -> None:
        match event:
            case Loading():
                self._work.loading(worker)
            case Ready():
                self._work.ready(worker, event)
                self._hand_over()
            case Step() | Drawn() | Ended():
                part = self._work.parts.get(event.job)
                if part and part.worker is worker and part.job.attempt == event.attempt:
                    self._advance(part, event)
            case Lost():
                self._lost(worker, event.reason)
        if not isinstance(event, Step):
            self._standings_soon()

    def _advance(self, part: Assignment, event: Step | Drawn | Ended) -> None:
        course = part.of
        match event:
            case Step() if not course.over:
                index = part.indexes[event.index]
                course.steps[index] = (event.step, event.steps)
                course.used[index] = course.used.get(index, 0.0) + event.seconds
                now = progress(course, self._work.alone(course))  # the next round of standings knows better
                self._news.put_nowait(replace(now, preview=event.blob or None))
            case Drawn():
                recipe = part.job.recipes[event.index]
                self.estimate.drew(recipe, part.worker.device, event.seconds)
                if not course.over:
                    index = part.indexes[event.index]
                    course.pictures[index] = Picture(png=event.blob, recipe=recipe, seconds=event.seconds)
                    course.used[index] = event.seconds
                    self._settle(course, index, event.seconds)
                self._hand_over()
            case Ended():
                self._work.remove(part)
                if course.over:
                    self._hand_over()
                elif event.outcome == "failed":
                    self._finish(course, State.FAILED, event.key, event.values)
                elif event.outcome == "cancelled" and not course.cancelled:
                    self._finish(course, State.CANCELLED)
                else:
                    self._ended(course)

    def _ended(self, course: Course) -> None:
        """A part of a job has ended well, or as it was told to."""
        if course.waiting or course.begun:
            self._hand_over()
        elif course.cancelled and len(course.pictures) < len(course.job.recipes):
            self._finish(course, State.CANCELLED)
        else:
            self._finish(course, State.DONE)

    def _lost(self, worker: Worker, reason: str) -> None:
        log.warning("worker %s lost (%s) with jobs %s", worker.id, reason, list(worker.jobs))
        parts = self._work.lost(worker)
        lost = dict.fromkeys(part.of for part in parts if not part.of.over)
        for part in parts:
            if part.left and not part.of.over:
                attempt = max(part.of.job.attempt, part.job.attempt + 1)
                part.of.job = replace(part.of.job, attempt=attempt)
        courses = dict.fromkeys((*lost, *self._work.housed(worker)))
        for course in reversed(courses):  # each goes before the others, so the last put first is the first again
            self._take_back(course)
        self._hand_over()

    def _take_back(self, course: Course) -> None:
        """Let what is with no worker any more wait again, before the owner's other jobs."""
        if course.cancelled:
            if not course.parts:
                self._finish(course, State.CANCELLED)
            return
        if course.job.attempt >= MAX_ATTEMPTS:
            self._finish(course, State.FAILED, "error.worker_died", {"attempts": course.job.attempt})
            return
        drawn = {index for part in course.parts.values() for index in part.indexes} | set(course.pictures)
        left = [index for index in range(len(course.job.recipes)) if index not in drawn]
        if not left:
            self._ended(course)
            return
        course.held, course.home = [], None
        for index in left:
            self._settle(course, index, 0.0)  # what the dead worker spent is not the person's debt
            course.steps.pop(index, None)
            course.used.pop(index, None)
        if not course.parts:
            del self._work.serving[course.job.id]
            course.job = replace(course.job, state=State.WAITING)
        self._wait(course, left, first=True)
        self._news.put_nowait(Changed(course.job))

    # --- telling ---

    def _standings_soon(self) -> None:
        if self._tell_soon is None:
            self._tell_soon = asyncio.get_running_loop().call_later(STANDINGS_EVERY, self._tell_standings)

    def _tell_standings(self) -> None:
        self._tell_soon = None
        self._hand_over()  # for those who have waited long enough for a worker that holds their model
        told = self.standings()
        for one in told.values():
            self._news.put_nowait(one)
        if told:
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
