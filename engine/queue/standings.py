"""Everybody's place in the queue and the seconds left."""

from __future__ import annotations

from engine.job import Progress, State
from engine.queue.course import Course
from engine.queue.forecast import forecast
from engine.queue.waiting import Waiting
from engine.queue.workload import Workload


def standings(work: Workload, waiting: Waiting) -> dict[str, Progress]:
    """Place and seconds left of every job, running ones (place 0) included."""
    workers = work.pool.workers
    live = [worker for worker in workers if worker.slots] or list(workers)
    starting = not any(worker.slots for worker in live)
    start = min((work.until_started(worker) for worker in live), default=0.0) if starting else 0.0
    loading = next((worker.loading for worker in live if worker.loading), "") if starting else ""
    ends = forecast(work, waiting, live) if live else {}
    told = {name: progress(course, start + ends.get(name, 0.0)) for name, course in work.serving.items()}
    place = 0
    for job in waiting.line.ordered(waiting.costs):
        if job.id in work.serving:  # the rest of it is being drawn
            continue
        place += 1
        told[job.id] = Progress(
            job=job.id,
            state=State.WAITING,
            place=place,
            seconds_left=start + ends.get(job.id, 0.0),
            pictures=len(job.recipes),
            loading=loading,
        )
    return told


def progress(course: Course, seconds: float) -> Progress:
    """How far all pictures of a job are together, with so many seconds left."""
    steps = [course.steps.get(index, (0, recipe.steps)) for index, recipe in enumerate(course.job.recipes)]
    loading = [assignment.worker.loading for assignment in course.assignments.values() if assignment.left]
    return Progress(
        job=course.job.id,
        state=State.RUNNING,
        place=0,
        seconds_left=seconds,
        step=sum(step for step, _ in steps),
        steps=sum(of for _, of in steps),
        picture=course.first_left + 1,
        pictures=len(course.job.recipes),
        loading=loading[0] if loading and all(loading) else "",
        resting=course.rests,
    )
