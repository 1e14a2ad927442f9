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
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.estimate import Estimate
from engine.fairness import Line
from engine.job import Job, Picture, Progress, State
from engine.parts import Course, Part
from engine.pool import Event, Lost, Pool, Worker
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
        self._clock = clock
        self._per_person = per_person
        self._in_all = in_all
        self._line = Line()
        self._courses: dict[str, Course] = {}  # every job that has not ended
        self._waiting: dict[str, Course] = {}  # those with pictures in the line
        self._costs: dict[str, float] = {}  # expected device-seconds of what waits, by job
        self._serving: dict[str, Course] = {}  # those that workers have to do with, in the order of their turns
        self._parts: dict[str, Part] = {}  # of jobs that have ended too, until the worker is done with them
        self._loading: dict[str, float] = {}  # since when a worker has been loading, by worker
        self._starting: set[str] = set()  # workers that load their first model
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
        return len(self._courses) - len(self._serving)

    @property
    def running(self) -> int:
        return len(self._serving)

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
        for course in sorted(self._serving.values(), key=lambda course: course.lent):
            if course.held:
                self._spread(course)

    def _next(self) -> tuple[Course, Worker] | None:
        """The job whose turn it is and its home. Where it does better to wait for a worker that holds its model, those
        behind it may have the others."""
        first = self._line.peek()
        if first is None:
            return None
        free = self._free()
        if not free:
            return None
        course = self._waiting[first.id]
        home, waits = self._home(course, free)
        if home or not waits:
            return (course, home) if home else None
        for job in itertools.islice(self._line.ordered(self._costs), 1, AHEAD):
            course = self._waiting[job.id]
            home, _ = self._home(course, free)
            if home:
                return course, home
        return None

    def _free(self) -> list[Worker]:
        """The workers with a row to spare. What has lost a worker before is drawn alone, to harm no other."""
        return [
            worker
            for worker in self.pool.workers
            if self._rows(worker) < worker.slots
            and not any(job.attempt for job in worker.jobs.values())
            and not any(course.job.attempt for course in self._housed(worker))
        ]

    def _home(self, course: Course, free: list[Worker]) -> tuple[Worker | None, bool]:
        """Which of the free workers should finish a job first; None and True where it would have to load the model
        for longer than one that holds it has no row to spare."""
        if course.job.attempt:
            free = [worker for worker in free if not worker.jobs and not self._housed(worker)]
        if not free:
            return None, False
        recipes = [course.job.recipes[index] for index in course.waiting]
        models = {recipe.model for recipe in recipes}

        def end(worker: Worker) -> tuple[float, int]:
            own = sum(self.estimate.seconds(recipe, worker.device) for recipe in recipes)
            return self._loads(worker, models) + self._busy(worker) + own, self._rows(worker)

        home = min(free, key=end)
        load = sum(self._load(home, model) for model in models)
        if load and not course.job.attempt:
            holders = [worker for worker in self.pool.workers if worker.slots and models <= worker.tiers.keys()]
            wait = min((self._until_free(worker) for worker in holders if worker not in free), default=load)
            now = self._clock()
            since = now if course.deferred is None else course.deferred
            if wait < load and now - since < load:
                course.deferred = since
                return None, True
        return home, False

    def _serve(self, course: Course, home: Worker) -> None:
        for index in course.waiting:
            course.charged[index] = self.expected(course.job.recipes[index])
        self._line.start(course.job, sum(course.charged[index] for index in course.waiting))
        course.held = sorted({*course.held, *self._unwait(course)})
        course.home, course.deferred = home, None
        self._serving[course.job.id] = course
        if course.job.state is not State.RUNNING:
            course.job = replace(course.job, state=State.RUNNING)
            self._news.put_nowait(Changed(course.job))

    def _spread(self, course: Course) -> None:
        """Hand the held pictures of a job to its home and, where that ends it sooner, to workers with nothing to do."""
        home = course.home
        assert home
        if course.job.attempt or len(self.pool.workers) == 1:
            self._hand(course, home, list(course.held))
            return
        workers = [home, *self._guests(course, home)]
        ends = {worker.id: self._loads(worker) + self._busy(worker, course) for worker in workers}
        room = {worker.id: worker.slots - self._rows(worker, held=False) for worker in workers}
        models = {worker.id: self._models(worker) for worker in workers}
        plan: dict[str, list[int]] = {worker.id: [] for worker in workers}
        for index in course.held:
            recipe = course.job.recipes[index]

            def end(worker: Worker, recipe: Recipe = recipe) -> float:
                load = 0.0 if recipe.model in models[worker.id] else self._load(worker, recipe.model)
                return ends[worker.id] + load + self.estimate.seconds(recipe, worker.device)

            best = min((worker for worker in workers if worker is home or room[worker.id] > 0), key=end)
            if room[best.id] <= 0:
                break  # it ends sooner at home, when there is room
            ends[best.id] = end(best)
            room[best.id] -= 1
            models[best.id].add(recipe.model)
            plan[best.id].append(index)
        for worker in workers:
            if plan[worker.id]:
                self._hand(course, worker, plan[worker.id])

    def _guests(self, course: Course, home: Worker) -> list[Worker]:
        """The workers that may help a job's home out: none while somebody else waits, and none that draws for
        somebody else or whose speed beside the home's is not known."""
        owner, model = course.job.owner, course.job.recipe.model
        if len(self._waiting) > self._line.waiting_of(owner):
            return []
        return [
            worker
            for worker in self._free()
            if worker is not home
            and self.estimate.comparable(model, home.device, worker.device)
            and all(job.owner == owner for job in worker.jobs.values())
            and all(other.job.owner == owner for other in self._housed(worker))
        ]

    def _hand(self, course: Course, worker: Worker, pictures: list[int]) -> None:
        course.held = [index for index in course.held if index not in pictures]
        part = course.part(worker, pictures)
        self._parts[part.job.id] = part
        worker.jobs[part.job.id] = part.job
        self._spawn(self._draw(part))

    async def _draw(self, part: Part) -> None:
        try:
            hashes = {file for recipe in part.job.recipes if recipe.source for file in recipe.source.files}
            sources = {picture: await self._fetch(picture) for picture in hashes}
        except Refusal as refusal:
            if self._parts.get(part.job.id) is part and not part.of.over:
                self._remove(part)
                self._finish(part.of, State.FAILED, refusal.key, refusal.values)
            return
        if self._parts.get(part.job.id) is part:  # neither cancelled nor lost meanwhile
            part.handed = True
            await self.pool.draw(part.worker, part.job, sources)

    def _stop(self, course: Course) -> None:
        """Have all workers give a job up: at once where it has not been handed over."""
        for part in tuple(course.parts.values()):
            if part.handed:
                self._spawn(self.pool.stop(part.worker, part.job.id))
            else:
                self._remove(part)

    def _remove(self, part: Part) -> None:
        part.of.parts.pop(part.job.id, None)
        self._parts.pop(part.job.id, None)
        part.worker.jobs.pop(part.job.id, None)

    def _finish(
        self, course: Course, state: State, key: str = "", values: Mapping[str, str | int | float] | None = None
    ) -> None:
        self._unwait(course)
        course.held.clear()
        course.job = replace(course.job, state=state)
        self._stop(course)
        job = course.job
        del self._courses[job.id]
        self._serving.pop(job.id, None)
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
                self._loading[worker.id] = self._clock()
                if not worker.slots:
                    self._starting.add(worker.id)
            case Ready():
                self._ready(worker, event)
            case Step() | Drawn() | Ended():
                part = self._parts.get(event.job)
                if part and part.worker is worker and part.job.attempt == event.attempt:
                    self._advance(part, event)
            case Lost():
                self._lost(worker, event.reason)
        if not isinstance(event, Step):
            self._standings_soon()

    def _ready(self, worker: Worker, event: Ready) -> None:
        if event.seconds:
            self.estimate.loaded(event.model, event.seconds)
        if worker.id in self._starting:
            self._starting.remove(worker.id)
            self.estimate.started(self._passed(worker) - event.seconds)
        self._loading.pop(worker.id, None)
        self._hand_over()

    def _advance(self, part: Part, event: Step | Drawn | Ended) -> None:
        course = part.of
        match event:
            case Step() if not course.over:
                index = part.indexes[event.index]
                course.steps[index] = (event.step, event.steps)
                course.used[index] = course.used.get(index, 0.0) + event.seconds
                progress = replace(self._progress(course, self._alone(course)), preview=event.blob or None)
                self._news.put_nowait(progress)
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
                self._remove(part)
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
        self._loading.pop(worker.id, None)
        parts = [part for name in worker.jobs if (part := self._parts.get(name))]
        for part in parts:
            self._remove(part)
        lost = dict.fromkeys(part.of for part in parts if not part.of.over)
        for part in parts:
            if part.left and not part.of.over:
                attempt = max(part.of.job.attempt, part.job.attempt + 1)
                part.of.job = replace(part.of.job, attempt=attempt)
        courses = dict.fromkeys((*lost, *self._housed(worker)))
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
            del self._serving[course.job.id]
            course.job = replace(course.job, state=State.WAITING)
        self._wait(course, left, first=True)
        self._news.put_nowait(Changed(course.job))

    # --- how long it takes ---

    def _housed(self, worker: Worker) -> list[Course]:
        """The jobs at home on a worker with pictures that wait for a row of it."""
        return [course for course in self._serving.values() if course.held and course.home is worker]

    def _rows(self, worker: Worker, *, held: bool = True) -> int:
        """The pictures a worker has to do, with those held for it or without. While others draw for a job too, it has
        no claim on the next row of its home."""
        rows = sum(len(part.left) for name in worker.jobs if (part := self._parts.get(name)))
        return rows + sum(len(course.held) for course in self._housed(worker) if held and not course.lent)

    def _left(self, part: Part) -> list[float]:
        """Device-seconds to go, per picture of a part that is not finished."""
        lefts = []
        for index in part.left:
            step, steps = part.of.steps.get(index, (0, 1))
            seconds = self.estimate.seconds(part.of.job.recipes[index], part.worker.device)
            lefts.append(seconds * (1 - step / max(1, steps)))
        return lefts

    def _held(self, course: Course) -> float:
        """Device-seconds of what is held for a job's home."""
        device = course.home.device if course.home else ""
        return sum(self.estimate.seconds(course.job.recipes[index], device) for index in course.held)

    def _busy(self, worker: Worker, but: Course | None = None) -> float:
        """Device-seconds of all that a worker has to do, what is held for it too, except of one job's."""
        parts = [part for name in worker.jobs if (part := self._parts.get(name))]
        rows = sum(sum(self._left(part)) for part in parts)
        return rows + sum(self._held(course) for course in self._housed(worker) if course is not but)

    def _load(self, worker: Worker, model: str) -> float:
        """Seconds until a worker has a model: none where it has, the rest where it is loading it."""
        if model in worker.tiers:
            return 0.0
        passed = self._passed(worker) if worker.loading == model else 0.0
        if worker.id in self._starting:
            passed = max(0.0, passed - self.estimate.start)
        return max(0.0, self.estimate.loading(model) - passed)

    def _passed(self, worker: Worker) -> float:
        """Seconds since a worker began to load."""
        now = self._clock()
        return now - self._loading.get(worker.id, now)

    def _models(self, worker: Worker) -> set[str]:
        """The models of all that a worker has to do."""
        jobs = (*worker.jobs.values(), *(course.job for course in self._housed(worker)))
        return {recipe.model for job in jobs for recipe in job.recipes}

    def _loads(self, worker: Worker, more: Collection[str] = ()) -> float:
        """Seconds of all the loading that a worker has before it, with that of `more` models."""
        loading = {worker.loading} if worker.loading else set[str]()
        return sum(self._load(worker, model) for model in self._models(worker) | loading | set(more))

    def _until_free(self, worker: Worker) -> float:
        """Seconds until a worker that is full should have a row to spare; its rows share its time."""
        lefts = [left for name in worker.jobs if (part := self._parts.get(name)) for left in self._left(part)]
        least = min(lefts, default=0.0)
        return self._loads(worker) + least * len(lefts)

    def _alone(self, course: Course) -> float:
        """Seconds left if workers had nothing else to do; the next round of standings knows better."""
        ends = [sum(self._left(part)) for part in course.parts.values()]
        return max(ends, default=0.0) + self._held(course)

    def standings(self) -> dict[str, Progress]:
        """Place and seconds left of every job, running ones (place 0) included.

        Rows of one worker share its time equally, and device-seconds of rows that share a batch add up to wall time;
        so a row with r device-seconds to go is done after the sum over all rows of min(r, their own). Before that
        come the models that the worker has still to load.
        """
        ends: dict[str, float] = {}
        live = [worker for worker in self.pool.workers if worker.slots] or list(self.pool.workers)
        busy = 0.0
        for worker in live:
            loads = self._loads(worker)
            parts = [part for name in worker.jobs if (part := self._parts.get(name))]
            lefts = {part.job.id: self._left(part) for part in parts}
            flat = [left for rows in lefts.values() for left in rows]
            for part in parts:
                most = max(lefts[part.job.id], default=0.0)
                seconds = loads + sum(min(most, left) for left in flat)
                ends[part.of.job.id] = max(ends.get(part.of.job.id, 0.0), seconds)
            queued = loads + sum(flat)
            for course in self._housed(worker):
                queued += self._held(course)
                ends[course.job.id] = max(ends.get(course.job.id, 0.0), queued)
            busy += queued
        told = {name: self._progress(course, ends.get(name, 0.0)) for name, course in self._serving.items()}
        return told | self._places(live, busy)

    def _places(self, live: list[Worker], busy: float) -> dict[str, Progress]:
        """Those of the jobs that wait; `busy` are the seconds of all that workers have to do already."""
        told: dict[str, Progress] = {}
        there = {model for worker in live for model in (*worker.tiers, worker.loading, *self._models(worker))}
        starting = not any(worker.slots for worker in live)
        start = min((self._until_started(worker) for worker in live), default=0.0) if starting else 0.0
        loading = next((worker.loading for worker in live if worker.loading), "") if starting else ""
        ahead, place = busy, 0
        for job in self._line.ordered(self._costs):
            ahead += self._costs[job.id]
            for model in dict.fromkeys(recipe.model for recipe in job.recipes):
                if model not in there:
                    there.add(model)
                    ahead += self.estimate.loading(model)
            seconds = start + ahead / max(1, len(live))
            if job.id in self._serving:  # the rest of it is being drawn
                told[job.id] = self._progress(self._courses[job.id], seconds)
                continue
            place += 1
            told[job.id] = Progress(job=job.id, state=State.WAITING, place=place, seconds_left=seconds, loading=loading)
        return told

    def _until_started(self, worker: Worker) -> float:
        return max(0.0, self.estimate.start - self._passed(worker))

    def _progress(self, course: Course, seconds: float) -> Progress:
        recipes = enumerate(course.job.recipes)
        steps = [course.steps.get(index, (0, recipe.steps)) for index, recipe in recipes]
        loading = [part.worker.loading for part in course.parts.values() if part.left]
        return Progress(
            job=course.job.id,
            state=State.RUNNING,
            place=0,
            seconds_left=seconds,
            step=sum(step for step, _ in steps),
            steps=sum(of for _, of in steps),
            loading=loading[0] if loading and all(loading) else "",
        )

    # --- telling ---

    def _standings_soon(self) -> None:
        if self._tell_soon is None:
            self._tell_soon = asyncio.get_running_loop().call_later(STANDINGS_EVERY, self._tell_standings)

    def _tell_standings(self) -> None:
        self._tell_soon = None
        self._hand_over()  # for those who have waited long enough for a worker that holds their model
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
