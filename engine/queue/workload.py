"""What every worker has to do, and how long it should take for it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from engine.queue.course import Assignment, Course
from engine.queue.estimate import Estimate
from engine.queue.pool import Pool, Worker
from engine.wire import Ready


class Workload:
    """The parts that workers were handed, `parts` by id, and the jobs they have to do with, `serving` in the order of
    their turns. `estimate` learns from what `loads` and `ready` hear; `clock` tells seconds."""

    def __init__(self, pool: Pool, estimate: Estimate, clock: Callable[[], float]) -> None:
        self.pool = pool
        self.estimate = estimate
        self.clock = clock
        self.serving: dict[str, Course] = {}
        self.parts: dict[str, Assignment] = {}  # of jobs that have ended too, until the worker is done with them
        self._loading: dict[str, float] = {}  # since when a worker has been loading, by worker
        self._starting: set[str] = set()  # workers that load their first model

    # --- what workers say of themselves ---

    def loading(self, worker: Worker) -> None:
        """A worker has begun to load a model."""
        self._loading[worker.id] = self.clock()
        if not worker.slots:
            self._starting.add(worker.id)

    def ready(self, worker: Worker, event: Ready) -> None:
        """A worker has loaded what it was loading."""
        if event.seconds:
            self.estimate.loaded(event.model, event.seconds)
        if worker.id in self._starting:
            self._starting.remove(worker.id)
            self.estimate.started(self._passed(worker) - event.seconds)
        self._loading.pop(worker.id, None)

    def lost(self, worker: Worker) -> list[Assignment]:
        """A worker is gone: the parts that it had."""
        self._loading.pop(worker.id, None)
        parts = self.of(worker)
        for part in parts:
            self.remove(part)
        return parts

    # --- parts ---

    def hand(self, course: Course, worker: Worker, pictures: list[int]) -> Assignment:
        """Make a part of held pictures for a worker."""
        course.held = [index for index in course.held if index not in pictures]
        part = course.part(worker, pictures)
        self.parts[part.job.id] = part
        worker.jobs[part.job.id] = part.job
        return part

    def remove(self, part: Assignment) -> None:
        """Forget a part that its worker is done with."""
        part.of.parts.pop(part.job.id, None)
        self.parts.pop(part.job.id, None)
        part.worker.jobs.pop(part.job.id, None)

    def of(self, worker: Worker) -> list[Assignment]:
        """The parts that a worker has."""
        return [part for name in worker.jobs if (part := self.parts.get(name))]

    def housed(self, worker: Worker) -> list[Course]:
        """The jobs at home on a worker with pictures that wait for a row of it."""
        return [course for course in self.serving.values() if course.held and course.home is worker]

    # --- room ---

    def rows(self, worker: Worker, *, held: bool = True) -> int:
        """The pictures a worker has to do, with those held for it or without. While others draw for a job too, it has
        no claim on the next row of its home."""
        rows = sum(len(part.left) for part in self.of(worker))
        return rows + sum(len(course.held) for course in self.housed(worker) if held and not course.lent)

    def free(self) -> list[Worker]:
        """The workers with a row to spare. What has lost a worker before is drawn alone, to harm no other."""
        return [
            worker
            for worker in self.pool.workers
            if self.rows(worker) < worker.slots
            and not any(job.attempt for job in worker.jobs.values())
            and not any(course.job.attempt for course in self.housed(worker))
        ]

    # --- seconds ---

    def left(self, part: Assignment) -> list[float]:
        """Device-seconds to go, per picture of a part that is not finished."""
        lefts = []
        for index in part.left:
            step, steps = part.of.steps.get(index, (0, 1))
            seconds = self.estimate.seconds(part.of.job.recipes[index], part.worker.device)
            lefts.append(seconds * (1 - step / max(1, steps)))
        return lefts

    def held(self, course: Course) -> float:
        """Device-seconds of what is held for a job's home."""
        device = course.home.device if course.home else ""
        return sum(self.estimate.seconds(course.job.recipes[index], device) for index in course.held)

    def busy(self, worker: Worker, but: Course | None = None) -> float:
        """Device-seconds of all that a worker has to do, what is held for it too, except of one job's."""
        rows = sum(sum(self.left(part)) for part in self.of(worker))
        return rows + sum(self.held(course) for course in self.housed(worker) if course is not but)

    def alone(self, course: Course) -> float:
        """Seconds until a job ends if its workers had nothing else to do."""
        return max((sum(self.left(part)) for part in course.parts.values()), default=0.0) + self.held(course)

    def load(self, worker: Worker, model: str) -> float:
        """Seconds until a worker has a model: none where it has, the rest where it is loading it."""
        if model in worker.tiers:
            return 0.0
        passed = self._passed(worker) if worker.loading == model else 0.0
        if worker.id in self._starting:
            passed = max(0.0, passed - self.estimate.start)
        return max(0.0, self.estimate.loading(model) - passed)

    def models(self, worker: Worker) -> set[str]:
        """The models of all that a worker has to do."""
        jobs = (*worker.jobs.values(), *(course.job for course in self.housed(worker)))
        return {recipe.model for job in jobs for recipe in job.recipes}

    def loads(self, worker: Worker, more: Collection[str] = ()) -> float:
        """Seconds of all the loading that a worker has before it, with that of `more` models."""
        loading = {worker.loading} if worker.loading else set[str]()
        return sum(self.load(worker, model) for model in self.models(worker) | loading | set(more))

    def until_free(self, worker: Worker) -> float:
        """Seconds until a worker that is full should have a row to spare; its rows share its time."""
        lefts = [left for part in self.of(worker) for left in self.left(part)]
        return self.loads(worker) + min(lefts, default=0.0) * len(lefts)

    def until_started(self, worker: Worker) -> float:
        """Seconds until a worker that starts should begin to load its first model."""
        return max(0.0, self.estimate.start - self._passed(worker))

    def _passed(self, worker: Worker) -> float:
        now = self.clock()
        return now - self._loading.get(worker.id, now)
