"""The queue: accepted jobs wait for their turn, are handed to workers, retried when a worker dies, and ended once.

A job is served as a whole: it gets a home, the worker that should finish it first, with the loading of its model
counted in. Its pictures are drawn there as rows come free, and meanwhile on other workers too, where these have
nothing to do for anybody else, nobody else waits, and the job ends sooner for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from engine.files import model_folders
from engine.files.shelf import Need
from engine.job import Job, Picture, Progress, State
from engine.queue.course import Assignment, Course
from engine.queue.estimate import Estimate
from engine.queue.exchange import Balance, Exchange, even_out
from engine.queue.looks import Charge, Looks
from engine.queue.news import Changed, Finished, Listener, News
from engine.queue.placement import guests, spread, turn
from engine.queue.pool import Event, Lost, Pool, Worker
from engine.queue.standings import progress, standings
from engine.queue.trainings import TrainingQueue
from engine.queue.waiting import Waiting
from engine.queue.workload import Workload
from engine.wire import (
    Drawn,
    Ended,
    HalfLearnt,
    Learning,
    Learnt,
    Loading,
    Look,
    Looked,
    MakeMap,
    Mapped,
    ReadTags,
    Ready,
    Step,
    TagsRead,
)
from prompts.errors import Refusal

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3  # workers one job may take down before it is given up
LACKING = 60.0  # seconds without a worker that has a job's files: a machine that is started anew is back by then


async def _unknown(model: str) -> int:
    return 0


async def _nothing(seconds: float) -> None:
    pass


class Queue:
    """Jobs between `put` and their one `Finished`. `fetch` gets a source picture's bytes by hash; `size` the bytes of
    a model on the disk by its name, 0 where nobody knows; `estimate` learns as pictures are drawn and models loaded.
    `trainings` are those that wait for the workers or are their guests."""

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
        self._fetch = fetch
        self._size = size
        self._per_person = per_person
        self._in_all = in_all
        self._courses: dict[str, Course] = {}  # every job that has not ended
        self._waiting = Waiting(self.estimate)
        self._work = Workload(pool, self.estimate, clock)
        self._news = News(listener, self._round)
        self._looks = Looks(pool, per_person)
        self.trainings = TrainingQueue(pool, self._charge_training, lambda: self.paused, clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lent_words: set[str] = set()
        self.paused = False
        self._started = False

    async def start(self) -> None:
        """Start the pool and begin to tell the listener, unless that was done before."""
        if self._started:
            return
        self._started = True
        self._news.start()
        self.trainings.start()
        await self.pool.start(self._hear)

    async def close(self) -> None:
        """End the workers and tell what has happened so far; unfinished jobs get no `Finished`."""
        self._news.hush()
        await self.pool.close()
        await asyncio.gather(self._news.close(), self.trainings.close(), *self._tasks, return_exceptions=True)

    def __contains__(self, job: str) -> bool:
        return job in self._courses

    def __len__(self) -> int:
        """Jobs that wait; the running ones are not counted."""
        return len(self._courses) - len(self._work.serving)

    @property
    def running(self) -> int:
        return len(self._work.serving)

    def admit(self, owner: str) -> None:
        """Refuse when this person, or all together, have too many jobs waiting that they asked for."""
        if self._waiting.line.asked_by(owner) >= self._per_person:
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
        self._news.standings_soon()

    def put(self, job: Job) -> None:
        """Let a job wait its turn; from now on it ends in exactly one `Finished`."""
        if job.id in self:
            return
        for model in {model for recipe in job.recipes for model in recipe.models}:
            if model not in self.estimate.loads and model not in self.estimate.sizes:
                self._spawn(self._look_at(model))
        course = Course(replace(job, state=State.WAITING), [])
        self._courses[job.id] = course
        if not self._work.many:
            even_out(self._work, self._waiting, job.owner)
        self._waiting.add(course, range(len(job.recipes)), level=None if self._work.many else 0.0)
        self._hand_over()
        self._news.standings_soon()

    def cancel(self, job_id: str) -> bool:
        """End a job as cancelled: at once if it waits, before its next step if it runs. False if it is not here."""
        course = self._courses.get(job_id)
        if course is None:
            return False
        course.cancelled = True
        self._waiting.take(course)
        course.held.clear()
        self._work.touch(course.home)
        self._stop(course)
        if not course.assignments:
            self._finish(course, State.CANCELLED)
        return True

    async def make_map(self, wish: MakeMap, owner: str = "", charge: Charge = _nothing) -> Mapped:
        """A map for a net, made beside what is drawn; the queue is started where it was not. Its seconds are on the
        `owner`'s account, as those of pictures are, and told to `charge`, whatever becomes of it. Raises Refusal; where
        nobody waits any more it is given up."""
        made = await self._look(wish, owner, charge)
        assert isinstance(made, Mapped)
        return made

    async def read_tags(self, wish: ReadTags, owner: str = "", charge: Charge = _nothing) -> TagsRead:
        """Tags of a picture, read beside what is drawn; the same holds as for maps."""
        read = await self._look(wish, owner, charge)
        assert isinstance(read, TagsRead)
        return read

    async def _look(self, wish: Look, owner: str, charge: Charge) -> Looked:
        await self.start()

        async def charged(seconds: float) -> None:
            if owner and not self._work.many:
                even_out(self._work, self._waiting, owner)
            if owner:
                self._waiting.line.charge(owner, seconds)
            await charge(seconds)

        files = {file: await self._fetch(file) for file in wish.files}
        return await self._looks.make(wish, files, owner, charged)

    def lend(self, files: Mapping[Need, Path]) -> None:
        """Have these files, which lie here, be drawn with on machines that have them not, and no others any more."""
        self.pool.lend(files)
        words = {name for kind, name in files if kind == "embedding"}
        if words != self._lent_words:  # a word of a text may be one by now, or none any more
            self._lent_words = words
            for course in self._courses.values():
                course.needs = None
        self._hand_over()

    def standings(self) -> dict[str, Progress]:
        """Place and seconds left of every job, running ones (place 0) included."""
        return standings(self._work, self._waiting)

    async def _look_at(self, model: str) -> None:
        if size := await self._size(model):
            self.estimate.sizes[model] = size

    def _hand_over(self) -> None:
        """Give jobs a home while there is room, and then pictures to the workers that are free. Where there is none,
        pictures of those who have had much give way to others'."""
        self._bring_back(line=not self.paused)
        while not self.paused and (chosen := turn(self._work, self._waiting)):
            self._serve(*chosen)
        held = [course for course in self._work.serving.values() if course.held and course.home and course.home.slots]
        for course in sorted(held, key=lambda course: course.lent):
            self._spread(course)
        if not self._work.many:
            self._change_places()
        self.trainings.look()

    def _change_places(self) -> None:
        """Have pictures of those who have had much give way."""
        self._bring_back(line=False)
        for _ in range(sum(worker.slots for worker in self.pool.workers)):
            found = Balance(self._work, self._waiting).exchange(line=not self.paused)
            if found is None:
                break
            self._exchange(found)

    def _bring_back(self, *, line: bool) -> None:
        """Let pictures that rest have the rows that have come free."""
        changed: dict[Assignment, None] = {}
        while claim := Balance(self._work, self._waiting).back(line=line):
            assert claim.assignment
            self._work.rest(claim.assignment, claim.index, rests=False)
            changed[claim.assignment] = None
        self._tell_resting(changed)

    def _exchange(self, found: Exchange) -> None:
        claim, worker = found.claim, found.worker
        changed = dict.fromkeys((found.assignment, *self._work.make_room(worker)))
        self._work.rest(found.assignment, found.index, rests=True)
        if claim.assignment:
            changed[claim.assignment] = None
            self._work.rest(claim.assignment, claim.index, rests=False)
        else:
            if claim.worker is None:
                self._serve(claim.course, worker)
            whole = len(self.pool.workers) == 1
            assignment = self._work.hand(claim.course, worker, list(claim.course.held) if whole else [claim.index])
            assignment.resting |= set(assignment.indexes)
            self._work.rest(assignment, claim.index, rests=False)
            self._spawn(self._draw(assignment))
        self._tell_resting(changed)
        self._news.standings_soon()

    def _tell_resting(self, assignments: Iterable[Assignment]) -> None:
        """Have workers told which pictures rest; those that have not been handed over will be told with them."""
        for assignment in assignments:
            if assignment.handed:
                self._spawn(self._rest(assignment))

    async def _rest(self, assignment: Assignment) -> None:
        pictures = [number for number, index in enumerate(assignment.indexes) if index in assignment.resting]
        await self.pool.rest(assignment.worker, assignment.job.id, pictures)

    def _serve(self, course: Course, worker: Worker) -> None:
        course.held = sorted({*course.held, *self._waiting.serve(course)})
        course.deferred = None
        self._work.serve(course, worker)
        if course.job.state is not State.RUNNING:
            course.job = replace(course.job, state=State.RUNNING)
            self._news.put(Changed(course.job))

    def _spread(self, course: Course) -> None:
        """Hand a job's held pictures over: to its home and, while nobody else waits, to workers with nothing to do."""
        alone = self._waiting.is_alone(course.job)
        if not alone and self._work.packed(course):
            return
        for worker, pictures in spread(self._work, course, guests(self._work, course) if alone else ()):
            others = {job.owner for job in worker.jobs.values()} - {course.job.owner}
            self._spawn(self._draw(self._work.hand(course, worker, pictures)))
            if others:
                self._tell_resting(self._work.make_room(worker))

    async def _draw(self, assignment: Assignment) -> None:
        try:
            hashes = {file for recipe in assignment.job.recipes for file in recipe.files}
            sources = {picture: await self._fetch(picture) for picture in hashes}
        except Refusal as refusal:
            if self._work.assignments.get(assignment.job.id) is assignment and not assignment.of.over:
                self._work.remove(assignment)
                self._finish(assignment.of, State.FAILED, refusal.key, refusal.values)
            return
        if self._work.assignments.get(assignment.job.id) is assignment:  # neither cancelled nor lost meanwhile
            assignment.handed = True
            await self.pool.draw(assignment.worker, assignment.job, sources)
            if assignment.resting:
                await self._rest(assignment)

    def _stop(self, course: Course) -> None:
        """Have all workers give a job up: at once where it has not been handed over."""
        for assignment in tuple(course.assignments.values()):
            if assignment.handed:
                self._spawn(self.pool.stop(assignment.worker, assignment.job.id))
            else:
                self._work.remove(assignment)

    def _charge_training(self, owner: str, seconds: float) -> None:
        """Have somebody's account carry what a guest took while others were drawn for; what a worker had to spare costs
        nobody a turn."""
        if self._courses:
            if not self._work.many:
                even_out(self._work, self._waiting, owner)
            self._waiting.line.charge(owner, seconds)

    def _finish(
        self, course: Course, state: State, key: str = "", values: Mapping[str, str | int | float] | None = None
    ) -> None:
        self._waiting.take(course)
        course.held.clear()
        course.job = replace(course.job, state=state)
        self._stop(course)
        job = course.job
        del self._courses[job.id]
        self._work.end(course)
        self._waiting.finish(course)
        kept = state in (State.DONE, State.CANCELLED)
        pictures = tuple(course.pictures[index] for index in sorted(course.pictures)) if kept else ()
        now = self._work.clock()
        seconds = now - (now if course.began is None else course.began)
        self._news.put(Finished(job, pictures, key, values or {}, seconds))
        self._hand_over()
        self._news.standings_soon()

    # --- what workers say ---

    def _hear(self, worker: Worker, event: Event) -> None:
        self._work.touch(worker)
        match event:
            case Loading():
                self._work.loading(worker)
            case Mapped() | TagsRead():
                self._looks.hear(worker, event)
                return
            case Learning() | HalfLearnt() | Learnt():
                self.trainings.hear(worker, event)
                return
            case Ready():
                self._work.ready(worker, event)
                self._looks.ready()
                self._hand_over()
            case Step() | Drawn() | Ended():
                assignment = self._work.assignments.get(event.job)
                if assignment and assignment.worker is worker and assignment.job.attempt == event.attempt:
                    self._advance(assignment, event)
            case Lost():
                self._looks.lost(worker)
                self.trainings.lost(worker)
                self._lost(worker, event.reason)
        if not isinstance(event, Step):
            self._news.standings_soon()

    def _advance(self, assignment: Assignment, event: Step | Drawn | Ended) -> None:
        course = assignment.of
        if course.began is None and not isinstance(event, Ended):
            course.began = self._work.clock() - event.seconds
        match event:
            case Step() if not course.over:
                index = assignment.indexes[event.index]
                course.steps[index] = (event.step, event.steps)
                course.used[index] = course.used.get(index, 0.0) + event.seconds
                now = progress(course, self._work.alone(course))  # the next round of standings knows better
                self._news.put_step(replace(now, preview=event.blob or None))
            case Drawn():
                model_folders.learn(event.hashed)
                recipe = assignment.job.recipes[event.index]
                if not event.recalled:
                    self.estimate.drew(recipe, assignment.worker.device, event.seconds)
                if not course.over:
                    index = assignment.indexes[event.index]
                    made = Picture(
                        png=event.blob, recipe=recipe, seconds=event.seconds, adult=event.adult, notes=event.notes
                    )
                    course.pictures[index] = made
                    course.used[index] = event.seconds
                    self._waiting.settle(course, index, event.seconds)
                self._hand_over()
            case Ended():
                self._work.remove(assignment)
                if course.over:
                    self._hand_over()
                elif event.outcome == "failed":
                    self._finish(course, State.FAILED, event.key, event.values)
                elif event.outcome == "cancelled" and not course.cancelled:
                    self._finish(course, State.CANCELLED)
                else:
                    self._ended(course)

    def _ended(self, course: Course) -> None:
        """An assignment of a job has ended well, or as it was told to."""
        if course.waiting or course.begun:
            self._hand_over()
        elif course.cancelled and len(course.pictures) < len(course.job.recipes):
            self._finish(course, State.CANCELLED)
        else:
            self._finish(course, State.DONE)

    def _lost(self, worker: Worker, reason: str) -> None:
        log.warning("worker %s lost (%s) with jobs %s", worker.id, reason, list(worker.jobs))
        # Each goes before the others, so the last put first is the first again.
        for course in reversed(self._work.lost(worker)):
            self._take_back(course)
        self._hand_over()

    def _take_back(self, course: Course) -> None:
        """Let what is with no worker any more wait again, before the owner's other jobs."""
        if course.cancelled:
            if not course.assignments:
                self._finish(course, State.CANCELLED)
            return
        if course.job.attempt >= MAX_ATTEMPTS:
            self._finish(course, State.FAILED, "error.worker_died", {"attempts": course.job.attempt})
            return
        drawn = {index for assignment in course.assignments.values() for index in assignment.indexes}
        drawn |= set(course.pictures)
        left = [index for index in range(len(course.job.recipes)) if index not in drawn]
        if not left:
            self._ended(course)
            return
        course.held = []
        self._work.leave(course)
        for index in left:
            self._waiting.settle(course, index, 0.0)  # what the dead worker spent is not the person's debt
            course.steps.pop(index, None)
            course.used.pop(index, None)
        if not course.assignments:
            del self._work.serving[course.job.id]
            course.job = replace(course.job, state=State.WAITING)
        self._waiting.add(course, left, first=True)
        self._news.put(Changed(course.job))

    def _give_up_lacking(self) -> None:
        """End the jobs with files that no worker has had for a while. Where there is no worker at all, they wait: some
        may come back."""
        workers = self.pool.workers
        if not workers or any(worker.holds is None for worker in workers):
            return
        now = self._work.clock()
        for course in tuple(self._courses.values()):
            if course.begun or self._work.fitting(course):
                course.lacking = None
            elif course.lacking is None:
                course.lacking = now
            elif now - course.lacking >= LACKING:
                lacks = min((self._work.needs(course) - (worker.holds or set()) for worker in workers), key=len)
                names = ", ".join(sorted(name for _, name in lacks))
                self._finish(course, State.FAILED, "hosts.lacking", {"names": names})

    def _round(self) -> dict[str, Progress]:
        """The standings, after work for those who have waited long enough for a worker that holds their model."""
        self._give_up_lacking()
        self._hand_over()
        return self.standings()

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
