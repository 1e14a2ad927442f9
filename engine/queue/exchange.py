"""Who gives way to whom: between two steps, a picture that is drawn and one that waits change places.

Everybody who has something to draw has had so many device-seconds, and has so many rows. A picture gives its row up to
somebody's who will have had less, both looked at some seconds ahead, so that shares become equal and stay so without
anybody going to and fro. Who has no row at all is not kept waiting for that: the person with most gives way at once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from engine.job import Lane
from engine.queue.course import Assignment, Course
from engine.queue.pool import Worker
from engine.queue.waiting import Waiting
from engine.queue.workload import Workload

EVERY = 1.0  # seconds that a picture which changed places stays where it is
# Seconds that shares are looked ahead. Where there are more people than rows, each keeps one for about twice as long.
HORIZON = 10.0
KEPT = 4  # half-drawn pictures that may rest on a worker, for each of its slots: a few megabytes each
BEHIND = 32  # jobs of the line that are looked at
LANES = list(Lane)  # in the order of their turns


@dataclass(slots=True)
class Share:
    """What a person has had, in device-seconds, and has now, in device-seconds a second; `begun` says that something
    of it is half drawn or being drawn."""

    had: float
    rate: float = 0.0
    begun: bool = False

    def soon(self, more: float) -> float:
        """What the person will have had, with so much more a second or less."""
        return self.had + HORIZON * (self.rate + more)


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A picture that waits: number `index` of a job, on the `worker` it is bound to, in an `assignment` if it rests
    there."""

    course: Course
    index: int
    worker: Worker | None = None
    assignment: Assignment | None = None

    @property
    def owner(self) -> str:
        return self.course.job.owner

    @property
    def lane(self) -> Lane:
        return self.course.job.lane

    @property
    def begun(self) -> bool:
        """Whether it rests half drawn."""
        return self.assignment is not None and self.index in self.course.steps


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """On a worker, picture `index` of an assignment gives way to a claim."""

    worker: Worker
    assignment: Assignment
    index: int
    claim: Claim


def shares(work: Workload, waiting: Waiting) -> dict[str, Share]:
    """Everybody's share who has been given something to draw; all others have what is on their account."""
    found: dict[str, Share] = {}

    def share(owner: str) -> Share:
        return found.setdefault(owner, Share(waiting.line.account(owner)))

    for course in work.serving.values():
        share(course.job.owner).had -= waiting.ahead(course)
    for worker in work.pool.workers:
        active = {assignment: len(assignment.active) for assignment in work.of(worker)}
        rows = max(1, worker.slots, sum(active.values()))
        for assignment, count in active.items():
            own = share(assignment.of.job.owner)
            own.rate += count / rows
            own.begun = own.begun or count > 0 or bool(assignment.kept)
    return found


def even_out(work: Workload, waiting: Waiting, owner: str) -> None:
    """Level the accounts before somebody asks for more than he has rows for.

    Nobody owes others for time that they did not want, and nobody has saved up what he did not want himself: who comes,
    or had all he asked for, has had as much as the one with least of those who wait. Where nobody waits, all have had
    the same. A moment's worth less, so that none is too late for the next step.
    """
    line = waiting.line
    if line.waiting_of(owner):
        return
    known = shares(work, waiting)
    for name in line.owners:
        known.setdefault(name, Share(line.account(name)))
    behind = set(line.owners) | {course.job.owner for course in work.serving.values() if course.claims}
    if owner in behind or not known:
        return
    level = min((known[name].had - EVERY * known[name].rate for name in behind), default=None)
    if level is None:
        most = max(known.values(), key=lambda share: share.had)
        level = most.had - EVERY * most.rate
        for name, share in known.items():
            if name != owner:
                line.charge(name, max(0.0, most.had - share.had))
    had = known[owner].had if owner in known else line.account(owner)
    line.charge(owner, max(0.0, level - had))


class Balance:
    """The shares of all at a moment, by which pictures change places."""

    def __init__(self, work: Workload, waiting: Waiting) -> None:
        self._work = work
        self._waiting = waiting
        self._now = work.clock()
        self._most: dict[str, tuple[int, float, float]] = {}

    @cached_property
    def _shares(self) -> dict[str, Share]:
        return shares(self._work, self._waiting)

    def exchange(self, *, line: bool = True) -> Exchange | None:
        """The next pictures that should change places; without `line`, only such as have been served already."""
        first = next(self._line(), None) if line else None
        claims = [*self._claims(), *((first,) if first else ())]
        if not claims:
            return None
        givers = {worker.id: self._givers(worker) for worker in self._work.pool.workers}
        if not any(givers.values()):
            return None
        self._most = {worker.id: self._reach(worker, givers[worker.id]) for worker in self._work.pool.workers}
        for claim in sorted(claims, key=self._turn):
            if found := self._exchange(claim, givers):
                return found
        # Whose model would have to be loaded, or lies elsewhere, does not stand in the way of those behind.
        if first and any(self._stands_off(worker, first) for worker in self._work.pool.workers):
            return next(filter(None, (self._exchange(claim, givers) for claim in self._line())), None)
        return None

    def _exchange(self, claim: Claim, givers: Mapping[str, Mapping[str, tuple[Assignment, int]]]) -> Exchange | None:
        workers = [claim.worker] if claim.worker else self._work.pool.workers
        own, lane = self.share(claim.owner), LANES.index(claim.lane)
        workers = [worker for worker in workers if self._reaches(worker, own, lane)]
        workers = workers if claim.worker else [one for one in workers if self._work.fits(one, claim.course)]
        for worker in sorted(workers, key=lambda worker: self._loading(worker, claim)):
            if found := self._giver(worker, claim, givers[worker.id]):
                return Exchange(worker, *found, claim)
        return None

    def _reach(self, worker: Worker, givers: Mapping[str, tuple[Assignment, int]]) -> tuple[int, float, float]:
        """Beyond what nobody on a worker gives way: the last lane, the most that one has had, and will have had."""
        row = 1 / max(1, worker.slots)
        shares = [self.share(owner) for owner in givers]
        lanes = (LANES.index(assignment.job.lane) for assignment, _ in givers.values())
        return (
            max(lanes, default=-1),
            max((share.had for share in shares), default=-math.inf),
            max((share.soon(-row) for share in shares), default=-math.inf),
        )

    def _reaches(self, worker: Worker, own: Share, lane: int) -> bool:
        """Whether somebody on a worker might give way, by what costs little to know: most of the time nobody does."""
        last, had, soon = self._most[worker.id]
        return last > lane or (not own.begun and own.had < had) or own.soon(1 / max(1, worker.slots)) <= soon

    def back(self, *, line: bool = True) -> Claim | None:
        """The next picture that should come back to a row that has come free; with `line`, unless somebody else's turn
        is before."""
        by_worker: dict[str, list[Claim]] = {}
        for claim in self._resting():
            assert claim.worker
            by_worker.setdefault(claim.worker.id, []).append(claim)
        for resting in by_worker.values():
            worker = resting[0].worker
            assert worker
            assignments = self._work.of(worker)
            others = [Claim(course, course.held[0], worker) for course in self._work.housed(worker)]
            alone = not others and not len(self._waiting) and len({one.of.job.owner for one in assignments}) == 1
            room = worker.slots - sum(len(assignment.active) for assignment in assignments)
            if not worker.slots or (room <= 0 and not alone):
                continue
            if line:
                own = (claim for claim in self._line() if self._work.fits(worker, claim.course))
                others += itertools.islice(own, 1)
            first: Claim = min(resting + others, key=self._turn)
            if first.assignment:
                return first
            if not line:
                return min(resting, key=self._turn)
        return None

    def share(self, owner: str) -> Share:
        """A person's share."""
        return self._shares.get(owner) or Share(self._waiting.line.account(owner))

    def _turn(self, claim: Claim) -> tuple[int, float, bool, float]:
        moved = claim.assignment.moved.get(claim.index, 0.0) if claim.assignment else 0.0
        return LANES.index(claim.lane), self.share(claim.owner).soon(0.0), not claim.begun, moved

    # --- who claims a row ---

    def _claims(self) -> Iterator[Claim]:
        for claim in self._resting():
            assert claim.assignment
            if self._settled(claim.assignment, claim.index):
                yield claim
        for course in self._work.serving.values():
            if course.held and course.home and not course.job.attempt:
                yield Claim(course, course.held[0], course.home)

    def _resting(self) -> Iterator[Claim]:
        """Of each assignment the picture that is to come back first: one that is half drawn, where there is any."""
        for assignment in self._work.resting:
            resting = [index for index in assignment.left if index in assignment.resting]
            if resting and not assignment.of.over and not assignment.of.cancelled:
                index = (assignment.kept or resting)[0]
                yield Claim(assignment.of, index, assignment.worker, assignment)

    def _line(self) -> Iterator[Claim]:
        """The first job of each person in the line; what has lost a worker waits for an empty one."""
        seen: set[str] = set()
        turns = self._waiting.first_of(BEHIND) if self._work.many else self._waiting.turns()
        for course in itertools.islice(turns, BEHIND):
            if course.job.owner not in seen and not course.job.attempt:
                yield Claim(course, course.waiting[0])
            seen.add(course.job.owner)

    # --- who gives one up ---

    def _givers(self, worker: Worker) -> dict[str, tuple[Assignment, int]]:
        """By person, the picture on a worker that would give way: one that has hardly begun, or has most to go."""
        assignments = self._work.of(worker)
        full = 0 < worker.slots <= sum(len(assignment.active) for assignment in assignments)
        if not full or any(assignment.job.attempt for assignment in assignments):
            return {}  # what has lost a worker before is drawn alone
        found: dict[str, tuple[Assignment, int]] = {}
        most: dict[str, tuple[int, float]] = {}
        beyond = set(self._work.beyond(worker))
        for assignment in assignments:
            course = assignment.of
            if course.over or course.cancelled:
                continue
            for index in assignment.active:
                left = LANES.index(course.job.lane), self._work.left_of(assignment, index)
                settled = self._settled(assignment, index) and (assignment, index) not in beyond
                if settled and left > most.get(course.job.owner, (-1, 0.0)):
                    most[course.job.owner], found[course.job.owner] = left, (assignment, index)
        return found

    def _giver(
        self, worker: Worker, claim: Claim, givers: Mapping[str, tuple[Assignment, int]]
    ) -> tuple[Assignment, int] | None:
        """Whose picture gives way to a claim on a worker, of all who should the one with most."""
        load = self._loading(worker, claim)
        if not givers or (load and self._surplus(worker)):
            return None
        full = not claim.begun and self._kept[worker.id] >= KEPT * worker.slots
        own, row, lane = self.share(claim.owner), 1 / max(1, worker.slots), LANES.index(claim.lane)
        best: tuple[int, float] = (-1, 0.0)
        found = None
        for owner, (assignment, index) in givers.items():
            other, below = self.share(owner), LANES.index(assignment.job.lane)
            own_too = owner == claim.owner and below == lane  # what runs in the background gives way to its owner, too
            if own_too or below < lane or (full and index in assignment.of.steps):
                continue
            new = not own.begun and own.had + load < other.had
            if below > lane or new or own.soon(row) + load <= other.soon(-row):
                best, found = max((best, found), ((below, other.soon(-row)), (assignment, index)), key=itemgetter(0))
        return found

    def _loading(self, worker: Worker, claim: Claim) -> float:
        """Seconds until a worker has the model for a claim, and has loaded what it is loading; what is half drawn has
        its own."""
        if claim.begun:
            return 0.0
        models = {*claim.course.job.recipes[claim.index].models, worker.loading} - {""}
        return sum(self._work.load(worker, model) for model in models)

    def _stands_off(self, worker: Worker, claim: Claim) -> bool:
        """Whether a worker would have to load the model for a claim, or has not its files."""
        return not self._work.fits(worker, claim.course) or self._loading(worker, claim) > 0

    def _settled(self, assignment: Assignment, index: int) -> bool:
        """Whether a picture has been where it is for long enough."""
        return self._now - assignment.moved.get(index, -math.inf) >= EVERY

    @cached_property
    def _kept(self) -> dict[str, int]:
        """How many pictures rest half drawn, by worker."""
        work = self._work
        return {one.id: sum(len(assignment.kept) for assignment in work.of(one)) for one in work.pool.workers}

    def _surplus(self, worker: Worker) -> bool:
        """Whether rows keep a model in a worker's memory that it has given up: there is no room for yet another."""
        begun = [
            assignment.of.job.recipes[index].model
            for assignment in self._work.of(worker)
            for index in assignment.left
            if index in assignment.of.steps
        ]
        return not set(begun) <= worker.tiers.keys()
