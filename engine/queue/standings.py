"""Everybody's place in the queue and the seconds left."""

from __future__ import annotations

from collections.abc import Mapping

from engine.job import Progress, State
from engine.queue.course import Course
from engine.queue.fairness import Line
from engine.queue.pool import Worker
from engine.queue.workload import Workload


def standings(work: Workload, line: Line, costs: Mapping[str, float]) -> dict[str, Progress]:
    """Place and seconds left of every job, running ones (place 0) included; `costs` are the expected device-seconds of
    those in the line.

    Rows of one worker share its time equally, and device-seconds of rows that share a batch add up to wall time; so a
    row with r device-seconds to go is done after the sum over all rows of min(r, their own). Before that come the
    models that the worker has still to load.
    """
    workers = work.pool.workers
    live = [worker for worker in workers if worker.slots] or list(workers)
    ends: dict[str, float] = {}
    busy = 0.0
    for worker in live:
        loads = work.loads(worker)
        lefts = [(assignment.of.job.id, work.left(assignment)) for assignment in work.of(worker)]
        flat = [left for _, rows in lefts for left in rows]
        for job, rows in lefts:
            most = max(rows, default=0.0)
            ends[job] = max(ends.get(job, 0.0), loads + sum(min(most, left) for left in flat))
        queued = loads + sum(flat)
        for course in work.housed(worker):
            queued += work.held(course)
            ends[course.job.id] = max(ends.get(course.job.id, 0.0), queued)
        busy += queued
    told = {name: progress(course, ends.get(name, 0.0)) for name, course in work.serving.items()}
    return told | _waiting(work, line, costs, live, busy)


def _waiting(
    work: Workload, line: Line, costs: Mapping[str, float], live: list[Worker], busy: float
) -> dict[str, Progress]:
    """Place and seconds left of the jobs in the line; `busy` are the seconds of all that workers have to do already."""
    told: dict[str, Progress] = {}
    there = {model for worker in live for model in (*worker.tiers, worker.loading, *work.models(worker))}
    starting = not any(worker.slots for worker in live)
    start = min((work.until_started(worker) for worker in live), default=0.0) if starting else 0.0
    loading = next((worker.loading for worker in live if worker.loading), "") if starting else ""
    ahead, place = busy, 0
    for job in line.ordered(costs):
        ahead += costs[job.id]
        for model in {recipe.model for recipe in job.recipes} - there:
            there.add(model)
            ahead += work.estimate.loading(model)
        seconds = start + ahead / max(1, len(live))
        if job.id in work.serving:  # the rest of it is being drawn
            told[job.id] = progress(work.serving[job.id], seconds)
            continue
        place += 1
        told[job.id] = Progress(
            job=job.id,
            state=State.WAITING,
            place=place,
            seconds_left=seconds,
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
