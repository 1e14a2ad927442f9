"""Trainings that wait for a worker or are guests of one: each worker has one guest at most, which learns while nobody
is drawn for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.queue.pool import Pool, Worker
from engine.training_plan import TrainingPlan
from engine.wire import HalfLearnt, Learning, Learnt, Train, TrainingNews
from prompts.errors import Refusal

log = logging.getLogger(__name__)

TrainingListener = Callable[[TrainingNews], Awaitable[None]]
IDLE = 30.0  # seconds without jobs after which a worker may load a model for a guest
# Seconds that a training waits for the machine that has its checkpoint; then another begins it anew.
AWAY = 900.0
FEW = 32  # workers that are looked at all the time; of more only while somebody wants something learnt
MAX_DEATHS = 3  # of workers in a row, without a step beyond all that were known: then a training is given up


@dataclass(frozen=True, slots=True)
class Training:
    """A training of somebody's: the plan, the steps from one half-learnt file to the next (0: none is wanted), and how
    the files of the plan's folder are had, by name, whenever a worker needs them; that may raise Refusal."""

    id: str
    owner: str
    plan: TrainingPlan
    every: int
    files: Callable[[], Awaitable[Mapping[str, bytes]]]


@dataclass(slots=True, eq=False)
class _Standing:
    training: Training
    worker: Worker | None = None
    attempt: int = 0
    handed: bool = False
    parking: bool = False
    deaths: int = 0
    furthest: int = 0
    moved: bool = False  # whether it has got further since the last death
    host: str = ""  # the machine that has its folder, where that is another than the bot's
    left: float = 0.0  # when it was there last


async def _nobody(news: TrainingNews) -> None:
    pass


class TrainingQueue:
    """Trainings between `put` and the `Learnt` that ends them. `listener` is told what happens, one after the other.

    `charge` is told whose device time a guest has taken while it is on; `paused` whether nothing may begin.
    """

    def __init__(
        self,
        pool: Pool,
        charge: Callable[[str, float], None],
        paused: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.listener: TrainingListener = _nobody
        self._pool = pool
        self._charge = charge
        self._paused = paused
        self._clock = clock
        self._standings: dict[str, _Standing] = {}  # in the order they were put
        self._idle: dict[str, float] = {}  # since when, by worker
        self._untold: asyncio.Queue[TrainingNews | None] = asyncio.Queue()
        self._telling: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to tell the listener."""
        self._telling = asyncio.ensure_future(self._tell())

    async def close(self) -> None:
        """Tell what has happened so far, and end; what is being learnt goes on from its checkpoint another time."""
        self._standings.clear()
        if self._timer:
            self._timer.cancel()
        self._untold.put_nowait(None)
        if self._telling:
            await asyncio.gather(self._telling, *self._tasks, return_exceptions=True)

    def __contains__(self, training: str) -> bool:
        return training in self._standings

    @property
    def running(self) -> Mapping[str, str]:
        """The worker of each training that is a guest of one, by their ids."""
        return {id: one.worker.id for id, one in self._standings.items() if one.worker}

    @property
    def waiting(self) -> Sequence[str]:
        """The trainings that no worker has, in the order in which they will be."""
        return [one.training.id for one in self._waiting()]

    def put(self, training: Training) -> None:
        """Let a training be learnt, from its checkpoint on where there is one, until one `Learnt` is told. One that is
        here already, and is not to be parked after all, stays."""
        if standing := self._standings.get(training.id):
            standing.parking = False
        else:
            self._standings[training.id] = _Standing(training)
        self.look()

    def park(self, id: str) -> bool:
        """Have a training keep what it knows and leave its worker; Learnt("parked") follows, at once where it waits.
        False where it is not here."""
        standing = self._standings.get(id)
        if standing is None:
            return False
        if standing.worker and standing.handed:
            standing.parking = True
            self._spawn(self._pool.park(standing.worker, id))
        else:
            self._end(standing, Learnt(id, standing.attempt, "parked"))
        return True

    def keep(self, trainings: Callable[[], Awaitable[Collection[str]]]) -> None:
        """Have nothing kept on other machines but what these trainings, whenever that is asked, go on from."""
        self._pool.keep(trainings)

    async def forget(self, id: str) -> None:
        """End a training without a word, and delete what workers have of it: pictures, captions and checkpoints. So it
        is for one that is not here any more."""
        if standing := self._standings.pop(id, None):
            self._release(standing)
        await self._pool.forget(id)
        self.look()

    # --- which worker ---

    def look(self) -> None:
        """Give trainings that wait to workers that may have them."""
        now = self._clock()
        if not self._standings and len(self._pool.workers) > FEW:
            self._idle.clear()
            return
        for worker in self._pool.workers:
            if worker.slots and not worker.jobs:
                self._idle.setdefault(worker.id, now)
            else:
                self._idle.pop(worker.id, None)
        if self._paused():
            return
        waiting = self._waiting()
        for standing in waiting:
            if chosen := self._placed(standing, now):
                self._hand(standing, chosen)
        if any(standing.worker is None for standing in waiting):
            self._look_again(now)

    def _waiting(self) -> list[_Standing]:
        """Whoever has none running goes first."""
        busy = {one.training.owner for one in self._standings.values() if one.worker}
        waiting = [one for one in self._standings.values() if one.worker is None]
        return sorted(waiting, key=lambda one: one.training.owner in busy)

    def _placed(self, standing: _Standing, now: float) -> Worker | None:
        """The worker that has the model, of several the one idle longest; else the one idle longest, if long enough to
        load a model that nobody draws with. One on the machine with its checkpoint, unless that is gone for long."""
        training = standing.training
        free = [worker for worker in self._pool.workers if worker.slots and not worker.training]
        needed = "checkpoint", training.plan.model.casefold()
        free = [worker for worker in free if worker.holds is None or needed in worker.holds]
        if standing.host:
            there = any(worker.host == standing.host for worker in self._pool.workers)
            if there or now - standing.left < AWAY:
                free = [worker for worker in free if worker.host == standing.host]
        since = {worker.id: self._idle.get(worker.id, now) for worker in free}
        at_home = [worker for worker in free if training.plan.model in worker.tiers]
        idle = [worker for worker in free if now - since[worker.id] >= IDLE and not worker.loading]
        return min(at_home or idle, key=lambda worker: since[worker.id], default=None)

    def _look_again(self, now: float) -> None:
        """Look again when the next worker has been idle long enough."""
        free = [worker.id for worker in self._pool.workers if not worker.training]
        left = [self._idle[id] + IDLE - now for id in free if id in self._idle]
        if self._timer:
            self._timer.cancel()
        left += [one.left + AWAY - now for one in self._standings.values() if one.host and one.worker is None]
        if soon := [seconds for seconds in left if seconds > 0]:
            self._timer = asyncio.get_running_loop().call_later(min(soon), self.look)

    def _hand(self, standing: _Standing, worker: Worker) -> None:
        if standing.host not in ("", worker.host):
            log.warning(
                "machine %s is gone: %s learns training %s anew", standing.host, worker.host, standing.training.id
            )
        standing.worker, standing.handed, standing.host = worker, False, worker.host
        standing.attempt += 1
        worker.training = standing.training.id
        self._spawn(self._handed(standing, worker, standing.attempt))

    async def _handed(self, standing: _Standing, worker: Worker, attempt: int) -> None:
        training = standing.training
        failure: tuple[str, dict[str, str | int | float]] | None = None
        try:
            files = await training.files()
        except Refusal as refusal:
            failure = refusal.key, dict(refusal.values)
        except Exception:
            log.exception("the files of training %s cannot be had", training.id)
            failure = "error.engine", {}
        if self._standings.get(training.id) is not standing or (standing.worker, standing.attempt) != (worker, attempt):
            return  # parked, forgotten or lost meanwhile
        if failure:
            self._end(standing, Learnt(training.id, attempt, "failed", *failure))
            return
        standing.handed = True
        await self._pool.train(worker, Train(training.id, attempt, training.plan.to_json(), training.every), files)

    # --- what workers say ---

    def hear(self, worker: Worker, news: TrainingNews) -> None:
        """A worker tells of a training; what it tells of one that it has no more is dropped."""
        standing = self._standings.get(news.training)
        if standing is None or standing.worker is not worker or standing.attempt != news.attempt:
            return
        match news:
            case Learning():
                standing.moved |= news.step > standing.furthest
                standing.furthest = max(standing.furthest, news.step)
                self._charge(standing.training.owner, news.seconds)
                self._untold.put_nowait(news)
            case HalfLearnt():
                self._untold.put_nowait(news)
            case Learnt(outcome="parked") if not standing.parking:  # its model had to go
                self._release(standing)
                self.look()
            case Learnt():
                self._end(standing, news)

    def lost(self, worker: Worker) -> None:
        """A worker has died: its guest goes on from its checkpoint, on another or on the next that starts."""
        self._idle.pop(worker.id, None)
        for standing in [one for one in self._standings.values() if one.worker is worker]:
            standing.deaths = 1 if standing.moved else standing.deaths + 1
            standing.moved = False
            if standing.parking:
                self._end(standing, Learnt(standing.training.id, standing.attempt, "parked"))
            elif standing.deaths >= MAX_DEATHS:
                died: dict[str, str | int | float] = {"attempts": standing.deaths}
                self._end(standing, Learnt(standing.training.id, standing.attempt, "failed", "error.worker_died", died))
            else:
                self._release(standing)
        worker.training = ""

    def _end(self, standing: _Standing, last: Learnt) -> None:
        self._standings.pop(standing.training.id, None)
        self._release(standing)
        self._untold.put_nowait(last)
        self.look()

    def _release(self, standing: _Standing) -> None:
        if standing.worker and standing.worker.training == standing.training.id:
            standing.worker.training = ""
        standing.worker, standing.handed, standing.left = None, False, self._clock()

    async def _tell(self) -> None:
        while (news := await self._untold.get()) is not None:
            try:
                await self.listener(news)
            except Exception:  # one training's listener must not silence the others
                log.exception("listener failed on training %s", news.training)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
