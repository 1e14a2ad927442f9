"""Whose turn it is: people are served in order of the device-seconds they have had.

Start-time fair queueing (Goyal, Vin, Cheng 1996) on measured device time: a person's account is charged the expected
cost of a job when it starts and corrected by the measured one when it ends; somebody who comes back after a pause
starts level with those being served, so that nobody saves up credit and nobody starves.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from engine.job import Job, Lane


@dataclass(slots=True)
class _Lane:
    waiting: dict[str, deque[Job]] = field(default_factory=dict)
    turns: list[tuple[float, int, str]] = field(default_factory=list)  # heap of (account, age, owner); stale ones stay
    newest: dict[str, int] = field(default_factory=dict)  # the age of the one of an owner's that is not stale


class Line:
    """The waiting jobs, in the order in which they will be served. All operations are O(log n) but `ordered`."""

    def __init__(self) -> None:
        self._lanes = {lane: _Lane() for lane in Lane}  # in Lane's order: interactive first
        self._accounts: dict[str, float] = {}
        self._level = 0.0  # the account of whoever was served last
        self._age = 0
        self._count: dict[str, int] = {}
        self._waiting = 0
        self._running: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return self._waiting

    def waiting_of(self, owner: str) -> int:
        """How many jobs of a person wait."""
        return self._count.get(owner, 0)

    def asked_by(self, owner: str) -> int:
        """How many of them are not in the background."""
        return len(self._lanes[Lane.INTERACTIVE].waiting.get(owner, ()))

    @property
    def owners(self) -> Collection[str]:
        """Those who have jobs that wait."""
        return self._count.keys()

    def account(self, owner: str) -> float:
        """The device-seconds on a person's account."""
        return self._accounts.get(owner, 0.0)

    def add(self, job: Job, *, first: bool = False, level: float | None = None) -> None:
        """Let a job wait behind (`first`: before) the same person's others. Who comes anew starts with no less than
        `level` on the account: what those who are being served have had, as far as is known here."""
        if not self._count.get(job.owner) and not self._running.get(job.owner):
            level = self._level if level is None else level
            self._accounts[job.owner] = max(self._accounts.get(job.owner, 0.0), level)
        line = self._lanes[job.lane].waiting.setdefault(job.owner, deque())
        if first:
            line.appendleft(job)
        else:
            line.append(job)
        self._count[job.owner] = self._count.get(job.owner, 0) + 1
        self._waiting += 1
        self._push(job.lane, job.owner)

    def remove(self, job: Job) -> bool:
        """Take a waiting job out; False if it does not wait."""
        line = self._lanes[job.lane].waiting.get(job.owner, deque())
        known = next((one for one in line if one.id == job.id), None)
        if known is None:
            return False
        line.remove(known)
        self._drop(job)
        return True

    def peek(self) -> Job | None:
        """The job that is served next, still waiting."""
        for lane in self._lanes.values():
            while lane.turns:
                _, age, owner = lane.turns[0]
                if lane.waiting.get(owner) and age == lane.newest[owner]:
                    return lane.waiting[owner][0]
                heapq.heappop(lane.turns)
        return None

    def first_of(self, count: int) -> list[Job]:
        """The first waiting job of each of so many people, in the order of their turns; O(count · log n)."""
        found: list[Job] = []
        for lane in self._lanes.values():
            taken: list[tuple[float, int, str]] = []
            while lane.turns and len(found) < count:
                turn = heapq.heappop(lane.turns)
                _, age, owner = turn
                if lane.waiting.get(owner) and age == lane.newest[owner]:
                    taken.append(turn)
                    found.append(lane.waiting[owner][0])
            for turn in taken:
                heapq.heappush(lane.turns, turn)
        return found

    def start(self, job: Job, cost: float) -> None:
        """Serve a waiting job whose expected cost is `cost` device-seconds."""
        if not self.remove(job):
            raise ValueError(f"job {job.id} does not wait")
        self._level = max(self._level, self._accounts[job.owner])
        self._running.setdefault(job.owner, set()).add(job.id)
        self.charge(job.owner, cost)

    def finish(self, job: Job, correction: float) -> None:
        """A job has ended, however often it was served; `correction` is measured minus expected device-seconds."""
        self.charge(job.owner, correction)
        running = self._running.get(job.owner, set())
        running.discard(job.id)
        if not running:
            self._running.pop(job.owner, None)
        if not self._count and not self._running:  # nobody is here: the books can be closed
            self._accounts.clear()
            self._level = 0.0
            for lane in self._lanes.values():
                lane.turns.clear()
                lane.newest.clear()

    def charge(self, owner: str, seconds: float) -> None:
        """Add device-seconds to a person's account."""
        self._accounts[owner] = self._accounts.get(owner, 0.0) + seconds
        for lane in self._lanes:
            if self._lanes[lane].waiting.get(owner):
                self._push(lane, owner)

    def ordered(self, cost: Mapping[str, float]) -> Iterator[Job]:
        """All waiting jobs in the order in which they would be served now, given expected costs by job id."""
        accounts = dict(self._accounts)
        for lane in self._lanes.values():
            turns = [(accounts[owner], index, owner) for index, owner in enumerate(lane.waiting)]
            heapq.heapify(turns)
            lines = {owner: (len(line), iter(line)) for owner, line in lane.waiting.items()}
            while turns:
                _, index, owner = heapq.heappop(turns)
                count, line = lines[owner]
                job = next(line)
                yield job
                lines[owner] = count - 1, line
                accounts[owner] += cost.get(job.id, 0.0)
                if count > 1:
                    heapq.heappush(turns, (accounts[owner], index, owner))

    def _push(self, lane: Lane, owner: str) -> None:
        self._age += 1
        self._lanes[lane].newest[owner] = self._age
        heapq.heappush(self._lanes[lane].turns, (self._accounts[owner], self._age, owner))

    def _drop(self, job: Job) -> None:
        if not self._lanes[job.lane].waiting[job.owner]:
            del self._lanes[job.lane].waiting[job.owner]
        self._count[job.owner] -= 1
        self._waiting -= 1
        if not self._count[job.owner]:
            del self._count[job.owner]
