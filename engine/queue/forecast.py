"""When each job should end: the pictures of all, drawn ahead of time by the rules by which they get rows."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.job import Job
from engine.queue.exchange import HORIZON, LANES, shares
from engine.queue.pool import Worker
from engine.queue.waiting import Waiting
from engine.queue.workload import Workload
from engine.recipe import Recipe

JOBS = 200  # of the line that are drawn ahead one by one; those behind them wait for all that comes before
TINY = 1e-9  # seconds that rounding leaves of what is done


@dataclass(slots=True, eq=False)
class _Picture:
    job: Job
    left: float  # device-seconds
    recipe: Recipe

    @property
    def models(self) -> tuple[str, ...]:
        return self.recipe.models

    @property
    def group(self) -> tuple[str, int, int]:
        """Those of one group share calls."""
        return self.recipe.model, self.recipe.width, self.recipe.height


@dataclass(slots=True)
class _Ahead:
    """What a worker has to draw: `active` has rows, `waiting` comes after it in each person's order."""

    worker: Worker
    active: list[_Picture] = field(default_factory=list)
    waiting: dict[str, deque[_Picture]] = field(default_factory=dict)
    seconds: float = 0.0  # of all of it, loading counted in
    models: set[str] = field(default_factory=set)  # that need no more loading

    def add(self, work: Workload, job: Job, left: float, recipe: Recipe, *, active: bool = False) -> None:
        picture = _Picture(job, left, recipe)
        if active:
            self.active.append(picture)
        else:
            self.waiting.setdefault(job.owner, deque()).append(picture)
        self.seconds += left
        self.seconds += self.load(work, recipe.models)
        self.models.update(recipe.models)

    def load(self, work: Workload, models: tuple[str, ...]) -> float:
        """The seconds of loading that these models would take it."""
        return sum(work.load(self.worker, model) for model in models if model not in self.models)


def forecast(work: Workload, waiting: Waiting, workers: Sequence[Worker]) -> dict[str, float]:
    """The seconds until each job ends that is drawn or waits, by its id."""
    known = {owner: share.had for owner, share in shares(work, waiting).items()}
    ahead = [_Ahead(worker) for worker in workers]
    for one in ahead:
        if one.worker.loading:
            one.models.add(one.worker.loading)
            one.seconds += work.load(one.worker, one.worker.loading)
        for assignment in work.of(one.worker):
            for index in assignment.left:
                recipe, left = assignment.of.job.recipes[index], work.left_of(assignment, index)
                room = index not in assignment.resting and len(one.active) < one.worker.slots
                one.add(work, assignment.of.job, left, recipe, active=room)
        for course in work.housed(one.worker):
            for index in course.held:
                recipe = course.job.recipes[index]
                one.add(work, course.job, work.estimate.seconds(recipe, one.worker.device), recipe)
    beyond: list[Job] = []
    for number, job in enumerate(waiting.line.ordered(waiting.costs)):
        if number >= JOBS or work.many:
            beyond.append(job)
            continue
        models = job.recipe.models
        first = min(ahead, key=lambda one: one.seconds + one.load(work, models))
        pictures = waiting.pictures(job.id)
        for index in pictures:
            first.add(work, job, waiting.costs[job.id] / len(pictures), job.recipes[index])
    ends: dict[str, float] = {}
    for one in ahead:
        for name, seconds in _ends(work, one, _of(one, known), waiting).items():
            ends[name] = max(ends.get(name, 0.0), seconds)
    total = sum(one.seconds for one in ahead)
    for job in beyond:
        total += waiting.costs[job.id]
        ends[job.id] = total / len(ahead)
    return ends


def _of(one: _Ahead, known: Mapping[str, float]) -> dict[str, float]:
    """What is known of those who have something on a worker."""
    owners = {picture.job.owner for picture in one.active} | one.waiting.keys()
    return {owner: known[owner] for owner in owners if owner in known}


def _ends(work: Workload, one: _Ahead, had: dict[str, float], waiting: Waiting) -> dict[str, float]:
    """The second at which the last picture of each job should be finished on a worker. Its rows share its time;
    when one is free, it goes to whoever has had least by then, looked ahead as for an exchange."""
    ends: dict[str, float] = {}
    slots = max(1, one.worker.slots)
    there = {one.worker.loading} if one.worker.loading else set[str]()
    now = sum(work.load(one.worker, model) for model in there)
    rows = Counter(picture.job.owner for picture in one.active)

    def turn(owner: str) -> tuple[int, float]:
        known = had[owner] if owner in had else waiting.line.account(owner)
        return LANES.index(one.waiting[owner][0].job.lane), known + HORIZON * rows[owner] / slots

    def load(model: str) -> float:
        if model in there:
            return 0.0
        there.add(model)
        return work.load(one.worker, model)

    now += sum(load(model) for picture in one.active for model in picture.models)
    while one.active or one.waiting:
        while one.waiting and len(one.active) < slots:
            owner = min(one.waiting, key=turn)
            picture = one.waiting[owner].popleft()
            if not one.waiting[owner]:
                del one.waiting[owner]
            one.active.append(picture)
            rows[owner] += 1
            now += sum(map(load, picture.models))
        shares = _shares(one.active)
        first = min(shares, key=lambda picture: picture.left / shares[picture])
        passed = first.left / shares[first]
        now += passed
        for picture, share in shares.items():
            picture.left -= passed * share
            owner = picture.job.owner
            had[owner] = (had[owner] if owner in had else waiting.line.account(owner)) + passed * share
        for picture in [picture for picture in one.active if picture is first or picture.left <= TINY]:
            one.active.remove(picture)
            rows[picture.job.owner] -= 1
            ends[picture.job.id] = now
    return ends


def _shares(active: Sequence[_Picture]) -> dict[_Picture, float]:
    """The share of a worker's time that each picture with a row gets: where all of them share calls, all the same; else
    every person as much as the others (engine/worker/turns.py)."""
    if len({picture.group for picture in active}) == 1:
        return dict.fromkeys(active, 1 / len(active))
    rows = Counter(picture.job.owner for picture in active)
    return {picture: 1 / len(rows) / rows[picture.job.owner] for picture in active}
