"""The work that every worker has, and the seconds it should take."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from engine.files.shelf import Need, needs
from engine.queue.course import Assignment, Course
from engine.queue.estimate import Estimate
from engine.queue.pool import Pool, Worker
from engine.queue.spare import Spare, WorkerRoom
from engine.wire import Ready

# Workers beyond which nobody gives way: with so many, a row comes free every moment, whoever has had least gets it, and
# to weigh everybody against everybody at each of these moments would take the processor that the page needs.
MANY = 32


class Workload:
    """The assignments that workers were handed, `assignments` by id, and the jobs they have to do with, `serving` in
    the order of their turns. `estimate` learns from what `loads` and `ready` hear; `clock` tells seconds."""

    def __init__(self, pool: Pool, estimate: Estimate, clock: Callable[[], float]) -> None:
        self.pool = pool
        self.estimate = estimate
        self.clock = clock
        self.serving: dict[str, Course] = {}
        self.assignments: dict[str, Assignment] = {}  # of jobs that have ended too, until the worker is done with them
        self._homes: dict[str, dict[str, Course]] = {}  # what is served, by the worker it is at home on
        self._served = self._handed = 0
        self._resting: dict[str, Assignment] = {}  # those of which pictures rest
        self._spare = Spare(pool, self._seen)
        self._rows: dict[tuple[str, bool], int] = {}  # what `rows` said of workers of which nothing has changed since,
        self._known: dict[str, dict[str, tuple[float, float]]] = {}  # and `_once`, with the time
        self._loading: dict[str, float] = {}  # since when a worker has been loading, by worker
        self._starting: set[str] = set()  # workers that load their first model

    @property
    def many(self) -> bool:
        """Whether there are so many workers that people are served in turn alone."""
        return len(self.pool.workers) > MANY

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

    def lost(self, worker: Worker) -> list[Course]:
        """A worker is gone, and with it an attempt at each job it was drawing pictures of: the jobs that had to do with
        it and have not ended."""
        self._loading.pop(worker.id, None)
        assignments = self.of(worker)
        for assignment in assignments:
            self.remove(assignment)
            job = assignment.of.job
            if assignment.left and not assignment.of.over:
                assignment.of.job = replace(job, attempt=max(job.attempt, assignment.job.attempt + 1))
        self.touch(worker)
        for assignment in assignments:
            self.touch(assignment.of.home)
        drawn = [assignment.of for assignment in assignments if not assignment.of.over]
        return list(dict.fromkeys((*drawn, *self.housed(worker))))

    # --- homes ---

    def serve(self, course: Course, worker: Worker) -> None:
        """Give a job a home."""
        self.leave(course)
        if course.job.id not in self.serving:
            self._served += 1
            course.served = self._served
        course.home = worker
        self.serving[course.job.id] = course
        self._homes.setdefault(worker.id, {})[course.job.id] = course
        self.touch(worker)

    def leave(self, course: Course) -> None:
        """Take a job's home from it."""
        if course.home is not None:
            self._homes.get(course.home.id, {}).pop(course.job.id, None)
            self.touch(course.home)
        course.home = None

    def end(self, course: Course) -> None:
        """Have nothing to do with a job any more but for what workers have of it."""
        home = course.home
        self.leave(course)
        course.home = home  # it was drawn there, whoever asks
        self.serving.pop(course.job.id, None)

    def touch(self, worker: Worker | None) -> None:
        """Something of a worker's has changed by which it may have another number of rows to spare."""
        if worker is not None:
            self._spare.touch(worker)
            self._rows.pop((worker.id, True), None)
            self._rows.pop((worker.id, False), None)
            self._known.pop(worker.id, None)

    # --- assignments ---

    def hand(self, course: Course, worker: Worker, pictures: list[int]) -> Assignment:
        """Make an assignment of held pictures for a worker."""
        course.held = [index for index in course.held if index not in pictures]
        assignment = course.assign(worker, pictures)
        self._handed += 1
        assignment.number = self._handed
        self.assignments[assignment.job.id] = assignment
        worker.jobs[assignment.job.id] = assignment.job
        self.touch(worker)
        self.touch(course.home)
        return assignment

    def remove(self, assignment: Assignment) -> None:
        """Forget an assignment that its worker is done with."""
        assignment.of.assignments.pop(assignment.job.id, None)
        self.assignments.pop(assignment.job.id, None)
        self._resting.pop(assignment.job.id, None)
        assignment.worker.jobs.pop(assignment.job.id, None)
        self.touch(assignment.worker)
        self.touch(assignment.of.home)

    def rest(self, assignment: Assignment, index: int, *, rests: bool) -> None:
        """Have a picture give its row up, or have one again."""
        (assignment.resting.add if rests else assignment.resting.discard)(index)
        assignment.moved[index] = self.clock()
        if assignment.resting:
            self._resting[assignment.job.id] = assignment
        else:
            self._resting.pop(assignment.job.id, None)
        self.touch(assignment.worker)

    def beyond(self, worker: Worker) -> list[tuple[Assignment, int]]:
        """The pictures that a worker was handed and has no row for, the last handed over; none that has begun."""
        active = [(assignment, index) for assignment in self.of(worker) for index in assignment.active]
        unbegun = [(assignment, index) for assignment, index in active if index not in assignment.of.steps]
        count = min(max(0, len(active) - worker.slots), len(unbegun))
        return unbegun[len(unbegun) - count :]

    def make_room(self, worker: Worker) -> list[Assignment]:
        """Let what a worker has no row for rest. Returns the assignments in which something changed."""
        changed = self.beyond(worker)
        for assignment, index in changed:
            assignment.resting.add(index)
            self._resting[assignment.job.id] = assignment
        self.touch(worker)
        return list(dict.fromkeys(assignment for assignment, _ in changed))

    @property
    def resting(self) -> list[Assignment]:
        """The assignments of which pictures rest, the first handed over first."""
        return sorted(self._resting.values(), key=lambda assignment: assignment.number)

    def of(self, worker: Worker) -> list[Assignment]:
        """The assignments that a worker has."""
        return [assignment for name in worker.jobs if (assignment := self.assignments.get(name))]

    def housed(self, worker: Worker) -> list[Course]:
        """The jobs at home on a worker with pictures that wait for a row of it."""
        there = [course for course in self._homes.get(worker.id, {}).values() if course.held]
        return sorted(there, key=lambda course: course.served)

    # --- files ---

    def fits(self, worker: Worker, course: Course) -> bool:
        """Whether a worker has all the files that a job names."""
        return worker.holds is None or self.needs(course) <= worker.holds

    def fitting(self, course: Course) -> bool:
        """Whether some worker has, be it free or not."""
        return any(self.fits(worker, course) for worker in self.pool.workers)

    def needs(self, course: Course) -> frozenset[Need]:
        """The files that a job names, among them the embeddings that some worker has."""
        if course.needs is None:
            held = (worker.holds or () for worker in self.pool.workers)
            embeddings = {name for one in held for kind, name in one if kind == "embedding"}
            course.needs = needs(course.job.recipes, embeddings)
        return course.needs

    # --- room ---

    def rows(self, worker: Worker, *, held: bool = True) -> int:
        """The pictures a worker has to do but for those that rest, with those held for it or without. While others draw
        for a job too, it has no claim on the next row of its home."""
        known = self._rows.get((worker.id, held))
        if known is None:
            known = sum(len(assignment.active) for assignment in self.of(worker))
            known += sum(len(course.held) for course in self.housed(worker) if held and not course.lent)
            self._rows[worker.id, held] = known
        return known

    def packed(self, course: Course) -> bool:
        """Whether the home of a job has no row for any of its held pictures; most have none most of the time."""
        if course.job.attempt or len(self.pool.workers) == 1 or course.home is None:
            return False
        return course.home.slots <= self.rows(course.home, held=False)

    def free(self) -> list[Worker]:
        """The workers with a row to spare. What has lost a worker before is drawn alone, to harm no other."""
        return self._spare.free()

    def emptiest(self) -> Iterator[Worker]:
        """The same, those with the fewest rows in use first."""
        return self._spare.emptiest()

    def free_for(self, owner: str) -> Iterator[Worker]:
        """Those of them that draw, and are at home, for this person alone or for nobody."""
        return self._spare.free_for(owner)

    def moved(self) -> list[Course]:
        """The jobs with held pictures at home where something has changed since this was last asked, or at a worker
        that helps out."""
        changed = self._spare.changed()
        helped = [home for worker in changed for assignment in self.of(worker) if (home := assignment.of.home)]
        homes = {worker.id: worker for worker in (*changed, *helped) if self._spare.holds(worker)}
        return [course for home in homes.values() for course in self.housed(home)]

    def in_turn(self, count: int) -> list[Course]:
        """Jobs with held pictures at so many homes, at others each time, until it was asked of all."""
        return [course for home in self._spare.holding(count) for course in self.housed(home)]

    def _seen(self, worker: Worker) -> WorkerRoom:
        rows, housed = self.rows(worker), self.housed(worker)
        jobs = [*worker.jobs.values(), *(course.job for course in housed)]
        owners = {job.owner for job in jobs}
        spare = rows < worker.slots and not any(job.attempt for job in jobs)
        return WorkerRoom(rows if spare else None, next(iter(owners), "") if len(owners) < 2 else None, bool(housed))

    # --- seconds ---

    def left(self, assignment: Assignment) -> list[float]:
        """Device-seconds to go, per picture of an assignment that is not finished."""
        return [self.left_of(assignment, index) for index in assignment.left]

    def left_of(self, assignment: Assignment, index: int) -> float:
        """Device-seconds to go of one picture."""
        course = assignment.of
        step, steps = course.steps.get(index, (0, 1))
        return self.estimate.seconds(course.job.recipes[index], assignment.worker.device) * (1 - step / max(1, steps))

    def held(self, course: Course) -> float:
        """Device-seconds of what is held for a job's home."""
        device = course.home.device if course.home else ""
        return sum(self.estimate.seconds(course.job.recipes[index], device) for index in course.held)

    def busy(self, worker: Worker, but: Course | None = None) -> float:
        """Device-seconds of all that a worker has to do, what is held for it too, except of one job's."""
        rows = sum(sum(self.left(assignment)) for assignment in self.of(worker))
        return rows + sum(self.held(course) for course in self.housed(worker) if course is not but)

    def alone(self, course: Course) -> float:
        """Seconds until a job ends if its workers had nothing else to do."""
        drawn = max((sum(self.left(assignment)) for assignment in course.assignments.values()), default=0.0)
        return drawn + self.held(course)

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
        handed = (assignment.models for assignment in self.of(worker))
        return set[str]().union(*handed, *(course.models for course in self.housed(worker)))

    def loads(self, worker: Worker, more: Collection[str] = ()) -> float:
        """Seconds of all the loading that a worker has before it, with that of `more` models."""
        loading = {worker.loading} if worker.loading else set[str]()
        return sum(self.load(worker, model) for model in self.models(worker) | loading | set(more))

    def until_done(self, worker: Worker, models: frozenset[str]) -> float:
        """Seconds until a worker should have done all that it has to do, and have these models too."""
        own = self._once("done", worker, lambda: self.loads(worker) + self.busy(worker))
        missing = models - worker.tiers.keys()
        if missing:
            missing -= {*self.models(worker), worker.loading}
        return own + sum(self.load(worker, model) for model in missing)

    def until_free(self, worker: Worker) -> float:
        """Seconds until a worker that is full should have a row to spare; its rows share its time."""

        def reckoned() -> float:
            lefts = [left for assignment in self.of(worker) for left in self.left(assignment)]
            return self.loads(worker) + min(lefts, default=0.0) * len(lefts)

        return self._once("free", worker, reckoned)

    def _once(self, what: str, worker: Worker, reckoned: Callable[[], float]) -> float:
        """Seconds of what a worker has to do, which go by; with many workers reckoned once, until something changes."""
        if not self.many:
            return reckoned()
        now, known = self.clock(), self._known.setdefault(worker.id, {})
        if what not in known:
            known[what] = now, reckoned()
        when, seconds = known[what]
        return max(0.0, seconds - (now - when))

    def until_started(self, worker: Worker) -> float:
        """Seconds until a worker that starts should begin to load its first model."""
        return max(0.0, self.estimate.start - self._passed(worker))

    def _passed(self, worker: Worker) -> float:
        now = self.clock()
        return now - self._loading.get(worker.id, now)
