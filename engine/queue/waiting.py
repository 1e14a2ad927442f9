"""The courses that have pictures in the line, what they should cost, and what their owners are charged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.job import Job
from engine.queue.course import Course
from engine.queue.estimate import Estimate
from engine.queue.fairness import Line


class Waiting:
    """Courses that wait for their turn. `line` has their jobs in the order of serving, `costs` the device-seconds each
    should take, by job."""

    def __init__(self, estimate: Estimate) -> None:
        self.line = Line()
        self.costs: dict[str, float] = {}
        self._estimate = estimate
        self._courses: dict[str, Course] = {}

    def __len__(self) -> int:
        return len(self._courses)

    def add(self, course: Course, pictures: Iterable[int], *, first: bool = False, level: float | None = None) -> None:
        """Let pictures of a course wait (`first`: before the owner's other jobs), with those that wait already. Who
        comes anew is taken to have had `level` device-seconds at least."""
        course.waiting = sorted({*self.take(course), *pictures})
        self._courses[course.job.id] = course
        self.costs[course.job.id] = sum(self._estimate.seconds(course.job.recipes[index]) for index in course.waiting)
        self.line.add(course.job, first=first, level=level)

    def take(self, course: Course) -> list[int]:
        """Take a course out of the line; the pictures that waited."""
        if self._courses.pop(course.job.id, None):
            self.line.remove(course.job)
            del self.costs[course.job.id]
        pictures, course.waiting = course.waiting, []
        return pictures

    def pictures(self, job: str) -> list[int]:
        """The pictures of a job that wait."""
        return self._courses[job].waiting

    def turns(self) -> Iterator[Course]:
        """The courses in the order of their turns; the first one costs nothing to find."""
        first = self.line.peek()
        if first is not None:
            yield self._courses[first.id]
            yield from (self._courses[job.id] for job in self.line.ordered(self.costs) if job.id != first.id)

    def first_of(self, count: int) -> Iterator[Course]:
        """The first courses of so many people, whoever has had least before the others."""
        yield from (self._courses[job.id] for job in self.line.first_of(count))

    def serve(self, course: Course) -> list[int]:
        """Take a course out of the line and charge its owner what the pictures should cost; the pictures."""
        for index in course.waiting:
            course.charged[index] = self._estimate.seconds(course.job.recipes[index])
        self.line.start(course.job, sum(course.charged[index] for index in course.waiting))
        return self.take(course)

    def ahead(self, course: Course) -> float:
        """Device-seconds that the owner's account carries for a course and that it has not taken yet."""
        return sum(seconds - course.used.get(index, 0.0) for index, seconds in course.charged.items())

    def settle(self, course: Course, index: int, seconds: float) -> None:
        """Have the owner's account carry what a picture took instead of what it should have taken."""
        charged = course.charged.pop(index, None)
        if charged is not None:
            self.line.charge(course.job.owner, seconds - charged)

    def finish(self, course: Course) -> None:
        """A job has ended: its owner is charged what each picture has taken so far."""
        for index in tuple(course.charged):
            self.settle(course, index, course.used.get(index, 0.0))
        self.line.finish(course.job, 0.0)

    def is_alone(self, job: Job) -> bool:
        """Whether nobody but a job's owner has anything waiting."""
        return len(self) == self.line.waiting_of(job.owner)
