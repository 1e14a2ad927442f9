"""Which workers have a row to spare, and whom they draw for: remembered of each until something of it changes."""

from __future__ import annotations

import bisect
import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from engine.queue.pool import Pool, Worker

Kind = TypeVar("Kind", int, str)


@dataclass(frozen=True, slots=True)
class WorkerRoom:
    """What a worker is found to have: its `rows` in use, None where it has none to spare; the one person that all of it
    is for (`owner`: "" where there is nothing, None for several); and whether pictures are held for it."""

    rows: int | None
    owner: str | None
    holds: bool


class Spare:
    """The workers of a pool, as `see` found them when something of them had changed."""

    def __init__(self, pool: Pool, see: Callable[[Worker], WorkerRoom]) -> None:
        self._pool = pool
        self._see = see
        self._list: Sequence[Worker] = ()  # the pool's own, and
        self._workers: list[Worker] = []  # what was in it
        self._places: dict[str, int] = {}  # where each stands there
        self._free: list[int] = []  # the places of those with a row to spare, in order,
        self._by_rows: dict[int, list[int]] = {}  # the same by their rows in use,
        self._rows: dict[int, int] = {}  # which these are,
        self._by_owner: dict[str, list[int]] = {}  # and those that draw for one person or nobody, by whom,
        self._owners: dict[int, str] = {}  # who that is
        self._holding: dict[str, None] = {}  # those that pictures are held for, the last asked for behind the rest
        self._touched: set[str] = set()  # what is to be looked at anew
        self._changed: dict[str, None] = {}  # what has changed since `changed` was asked

    def touch(self, worker: Worker) -> None:
        """Something of a worker has changed."""
        self._touched.add(worker.id)
        self._changed[worker.id] = None

    def free(self) -> list[Worker]:
        """Those with a row to spare, in the pool's order."""
        self._look()
        return [self._workers[place] for place in self._free]

    def emptiest(self) -> Iterator[Worker]:
        """The same, those with the fewest rows in use first."""
        self._look()
        return (self._workers[place] for rows in sorted(self._by_rows) for place in self._by_rows[rows])

    def free_for(self, owner: str) -> Iterator[Worker]:
        """Those of them that draw for this person alone or for nobody, in the pool's order."""
        self._look()
        return (self._workers[place] for place in heapq.merge(*(self._by_owner.get(one, ()) for one in {"", owner})))

    def changed(self) -> list[Worker]:
        """Those of which something has changed since this was last asked."""
        self._look()
        changed, self._changed = self._changed, {}
        return [self._workers[self._places[name]] for name in changed if name in self._places]

    def holds(self, worker: Worker) -> bool:
        """Whether pictures are held for a worker."""
        return worker.id in self._holding

    def holding(self, count: int) -> list[Worker]:
        """So many that pictures are held for: others each time, until it was asked of all."""
        self._look()
        names = list(itertools.islice(self._holding, count))
        for name in names:
            self._holding[name] = self._holding.pop(name)
        return [self._workers[self._places[name]] for name in names]

    def _look(self) -> None:
        workers = self._pool.workers
        if workers is not self._list or len(workers) != len(self._workers):
            self._list, self._workers = workers, list(workers)
            self._places = {worker.id: place for place, worker in enumerate(workers)}
            for kept in (self._free, self._by_rows, self._rows, self._by_owner, self._owners, self._holding):
                kept.clear()
            self._touched, self._changed = set(self._places), dict.fromkeys(self._places)
        for place in sorted(self._places[name] for name in self._touched & self._places.keys()):
            worker = self._workers[place]
            seen = self._see(worker)
            _keep(self._free, place, seen.rows is not None)
            _sort(self._by_rows, self._rows, place, seen.rows)
            _sort(self._by_owner, self._owners, place, None if seen.rows is None else seen.owner)
            if seen.holds:
                self._holding.setdefault(worker.id)
            else:
                self._holding.pop(worker.id, None)
        self._touched.clear()


def _keep(places: list[int], place: int, there: bool) -> None:
    """Have a place be in an ordered list, or not."""
    at = bisect.bisect_left(places, place)
    if (at < len(places) and places[at] == place) == there:
        return
    if there:
        places.insert(at, place)
    else:
        del places[at]


def _sort(kinds: dict[Kind, list[int]], known: dict[int, Kind], place: int, kind: Kind | None) -> None:
    """Have a place be in the ordered list of a kind, and in no other's."""
    before = known.pop(place, None)
    if before is not None and before != kind:
        _keep(kinds[before], place, False)
        if not kinds[before]:
            del kinds[before]
    if kind is not None:
        known[place] = kind
        _keep(kinds.setdefault(kind, []), place, True)
