"""Which worker a job goes to, and which of its pictures other workers draw meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.files.shelf import Need
from engine.queue.course import Course
from engine.queue.pool import Worker
from engine.queue.waiting import Waiting
from engine.queue.workload import Workload
from engine.recipe import Recipe

LOOKED_AT = 32  # workers, at most, that are weighed against each other for a job
HELPED = 8  # homes, of many, whose jobs are looked at for others that may help out, whenever something has changed
AHEAD = 32  # jobs behind one that waits for its model that are looked at for a worker that would have to load it
# And jobs behind those whose files the free workers do not have: each is a look into two sets.
AWAY = 1024

_Same = tuple[frozenset[str], frozenset[Need]]  # the models that draw a job, and the files that it names


@dataclass(frozen=True, slots=True)
class _Known:
    """What holds for all jobs that are looked at in one moment: `ends` is when a worker has done what it has and loaded
    these models, `waits` how long until one that holds them has a row (None: there is none), and with many workers
    `loads` what loading would take the home of one that wants the same. Many do."""

    ends: dict[tuple[str, frozenset[str]], float] = field(default_factory=dict)
    waits: dict[_Same, float | None] = field(default_factory=dict)
    loads: dict[_Same, float] = field(default_factory=dict)


def turn(work: Workload, waiting: Waiting) -> tuple[Course, Worker] | None:
    """The job whose turn it is and its home. Where it does better to wait for a worker that holds its model, other
    people's behind it may have the others; the same person's keep their order."""
    free = work.free()
    if not free:
        return None
    deferred: set[str] = set()
    known = _Known()
    looked = 0
    for course in _near(work, waiting):
        if not any(work.fits(worker, course) for worker in free):
            if work.fitting(course):  # it waits for those that have its files, and its person's others for it
                deferred.add(course.job.owner)
            continue
        if course.job.owner in deferred:
            continue
        models = _models(course)
        same, chosen = (models, work.needs(course)), None
        load = known.loads.get(same) if work.many and not course.job.attempt else None
        if load is None:
            chosen = home(work, course, free, known)
            if chosen is None:
                return None
            load = sum(work.load(chosen, model) for model in models)
            if not course.job.attempt:
                known.loads[same] = load
        if not defers(work, course, same, load, known):
            chosen = chosen or home(work, course, free, known)
            return (course, chosen) if chosen else None
        deferred.add(course.job.owner)
        looked += 1
        if looked == AHEAD:
            return None
    return None


def _near(work: Workload, waiting: Waiting) -> Iterator[Course]:
    """The jobs whose turn may be now, in the order of their turns: of many people the first of each alone."""
    if not work.many:
        yield from itertools.islice(waiting.turns(), AWAY)
        return
    first = list(waiting.first_of(AHEAD))
    yield from first
    if len(first) == AHEAD:  # and none of them could be served: their files lie elsewhere
        yield from itertools.islice(waiting.first_of(AWAY), AHEAD, None)


def home(work: Workload, course: Course, free: Sequence[Worker], known: _Known) -> Worker | None:
    """Which of the free workers that have its files should finish a waiting job first, the loading of its models
    counted in; None where none may have it. What has lost a worker before needs one with nothing to do."""
    recipes, models = [course.job.recipes[index] for index in course.waiting], _models(course)
    own: dict[str, float] = {}

    def able(workers: Iterable[Worker]) -> Iterator[Worker]:
        for worker in workers:
            idle = not course.job.attempt or not (worker.jobs or work.housed(worker))
            if idle and work.fits(worker, course):
                yield worker

    found = able(free)
    if len(free) > LOOKED_AT:  # those that have least to do, of those that need not load before the others
        ready = (worker for worker in able(work.emptiest()) if models <= worker.tiers.keys())
        others = (worker for worker in able(work.emptiest()) if not models <= worker.tiers.keys())
        found = itertools.islice(itertools.chain(ready, others), LOOKED_AT)

    def end(worker: Worker) -> tuple[float, int]:
        if worker.device not in own:
            own[worker.device] = sum(work.estimate.seconds(recipe, worker.device) for recipe in recipes)
        if (worker.id, models) not in known.ends:
            known.ends[worker.id, models] = work.until_done(worker, models)
        return known.ends[worker.id, models] + own[worker.device], work.rows(worker)

    return min(found, key=end, default=None)


def defers(work: Workload, course: Course, same: _Same, load: float, known: _Known) -> bool:
    """Whether a job does better to wait for a worker that holds its models and has no row to spare than to have them
    loaded, in so many seconds, by one that has. It waits no longer than loading takes."""
    if not load or course.job.attempt:
        return False
    if same not in known.waits:
        known.waits[same] = _wait(work, course, same[0])
    wait = known.waits[same]
    now = work.clock()
    since = now if course.deferred is None else course.deferred
    if wait is None or wait >= load or now - since >= load:
        return False
    course.deferred = since
    return True


def _models(course: Course) -> frozenset[str]:
    """The names of the models that draw what waits of a job."""
    return frozenset(model for index in course.waiting for model in course.job.recipes[index].models)


def _wait(work: Workload, course: Course, models: frozenset[str]) -> float | None:
    holding = (worker for worker in work.pool.workers if models <= worker.tiers.keys() and work.fits(worker, course))
    full = (worker for worker in holding if 0 < worker.slots <= work.rows(worker))
    return min((work.until_free(worker) for worker in itertools.islice(full, LOOKED_AT)), default=None)


def held(work: Workload) -> list[Course]:
    """The jobs whose held pictures may have a row now, those that others draw for too behind the rest. With many
    workers they are those whose homes have changed, and of the others a few at a time that somebody may help out."""
    if work.many:
        found = work.moved()
        if next(work.free_for(""), None):
            found = list(dict.fromkeys((*found, *work.in_turn(HELPED))))
    else:
        found = [course for course in work.serving.values() if course.held]
    there = [course for course in found if course.home and course.home.slots]
    return sorted(there, key=lambda course: course.lent)


def guests(work: Workload, course: Course) -> list[Worker]:
    """The workers that may help a job's home out: none that draws for somebody else, has not its files, or whose speed
    beside the home's is not known."""
    assert course.home
    model, device = course.job.recipe.model, course.home.device
    found = [
        worker
        for worker in work.free_for(course.job.owner)
        if worker is not course.home
        and work.fits(worker, course)
        and work.estimate.comparable(model, device, worker.device)
    ]
    if len(found) > LOOKED_AT:  # those that need not load
        found = sorted(found, key=lambda worker: not course.models <= worker.tiers.keys())[:LOOKED_AT]
    return found


def spread(work: Workload, course: Course, guests: Sequence[Worker]) -> list[tuple[Worker, list[int]]]:
    """Which of a job's held pictures to hand to whom now: each to where it ends first, home or guest, as far as there
    is room. Those that end sooner at home than anywhere now stay held. What has lost a worker before goes home
    whole."""
    assert course.home
    if course.job.attempt or len(work.pool.workers) == 1:
        return [(course.home, list(course.held))]
    workers = [course.home, *guests]
    ends = {worker.id: work.loads(worker) + work.busy(worker, course) for worker in workers}
    room = {worker.id: worker.slots - work.rows(worker, held=False) for worker in workers}
    models = {worker.id: work.models(worker) for worker in workers}
    plan: dict[str, list[int]] = {worker.id: [] for worker in workers}
    for index in course.held:
        recipe = course.job.recipes[index]

        def end(worker: Worker, recipe: Recipe = recipe) -> float:
            load = sum(work.load(worker, model) for model in recipe.models if model not in models[worker.id])
            return ends[worker.id] + load + work.estimate.seconds(recipe, worker.device)

        best = min((worker for worker in workers if worker is course.home or room[worker.id] > 0), key=end)
        if room[best.id] <= 0:
            break
        ends[best.id] = end(best)
        room[best.id] -= 1
        models[best.id].update(recipe.models)
        plan[best.id].append(index)
    return [(worker, plan[worker.id]) for worker in workers if plan[worker.id]]
