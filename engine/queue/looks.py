"""Maps that are being made and tags that are being read, beside what is drawn: each by the worker that has the fewest
such looks at pictures, by another where that one dies; of each person's one at a time, so that whoever wants many keeps
nobody waiting."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from weakref import WeakValueDictionary

from engine.files.shelf import Need
from engine.queue.pool import Pool, Worker
from engine.wire import Look, Looked, MakeMap
from prompts.errors import Refusal

log = logging.getLogger(__name__)

Charge = Callable[[float], Awaitable[None]]
MAX_ATTEMPTS = 3  # workers that one look may take down


def _need(wish: Look) -> Need:
    """The file that a look may take."""
    if isinstance(wish, MakeMap):
        return "preprocessor", wish.preprocessor.casefold()
    return "tagger", wish.reader.casefold()


class Looks:
    """The looks at pictures that somebody waits for, of each person `per_person` at most."""

    def __init__(self, pool: Pool, per_person: int) -> None:
        self._pool = pool
        self._per_person = per_person
        self._owners: Counter[str] = Counter()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting: dict[str, asyncio.Future[Looked | None]] = {}
        self._ready = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def make(self, wish: Look, files: Mapping[str, bytes], owner: str, charge: Charge) -> Looked:
        """The map or tags, as soon as a worker has them; `charge` is told the seconds that it took, be it in vain,
        before anybody knows. Raises Refusal as the worker does, `queue.full_maps`, and `error.worker_died`."""
        if owner and self._owners[owner] >= self._per_person:
            raise Refusal("queue.full_maps", limit=self._per_person)
        self._owners[owner] += 1
        try:
            async with self._turns.setdefault(owner, asyncio.Lock()) if owner else nullcontext():
                made = await self._made(wish, files)
        finally:
            self._owners[owner] -= 1
            self._owners += Counter()  # without those that have none
        await charge(made.seconds)
        if made.key:
            raise Refusal(made.key, **(made.values or {})).noted(*made.notes)
        return made

    async def _made(self, wish: Look, files: Mapping[str, bytes]) -> Looked:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            worker = await self._free(_need(wish))
            made = await self._asked(worker, wish, files)
            if made is None:
                log.warning("worker %s was lost over look %s, attempt %s", worker.id, wish.id, attempt)
            else:
                return made
        raise Refusal("error.worker_died", attempts=MAX_ATTEMPTS)

    async def _free(self, need: Need) -> Worker:
        """The worker that has the fewest looks, of those that draw least; waits until there is one. One that has the
        file for it goes before all others, and where none has, the refusal is the worker's own."""
        while True:
            self._ready.clear()
            if there := [worker for worker in self._pool.workers if worker.slots]:
                having = [worker for worker in there if worker.holds is None or need in worker.holds]
                return min(having or there, key=lambda worker: (len(worker.looks), len(worker.jobs)))
            await self._ready.wait()

    async def _asked(self, worker: Worker, wish: Look, files: Mapping[str, bytes]) -> Looked | None:
        """What the worker answers; None where it dies."""
        answer: asyncio.Future[Looked | None] = asyncio.get_running_loop().create_future()
        self._waiting[wish.id] = answer
        worker.looks.add(wish.id)
        try:
            await self._pool.look(worker, wish, {file: files[file] for file in wish.files if file in files})
            return await answer
        except asyncio.CancelledError:
            self._spawn(self._pool.stop(worker, wish.id))
            raise
        finally:
            del self._waiting[wish.id]
            worker.looks.discard(wish.id)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def hear(self, worker: Worker, event: Looked) -> None:
        """A worker has answered; what nobody waits for any more is dropped."""
        answer = self._waiting.get(event.id)
        if answer and event.id in worker.looks and not answer.done():
            answer.set_result(event)

    def ready(self) -> None:
        """There is a worker."""
        self._ready.set()

    def lost(self, worker: Worker) -> None:
        """A worker has died: its looks are asked of another."""
        for id in tuple(worker.looks):
            answer = self._waiting.get(id)
            if answer and not answer.done():
                answer.set_result(None)
