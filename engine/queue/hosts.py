"""Workers on other machines. Each machine is a host: it has workers of its own, and is heard of as long as it lives.

What carries letters is another's (engine/queue/nats.py): here is what becomes of a host that comes, is silent, goes and
comes again, and of its workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.files import model_folders
from engine.files.hashes import named
from engine.files.shelf import Need, unpacked
from engine.job import Job
from engine.queue import lending
from engine.queue.lending import Loans
from engine.queue.letter import EVERYBODY, VERSION, Letter
from engine.queue.pool import Event, Lost, Worker
from engine.wire import (
    Draw,
    Drawn,
    Ended,
    Fallen,
    ForgetTraining,
    Greet,
    HalfLearnt,
    Learning,
    Learnt,
    Lend,
    Loading,
    Look,
    Mapped,
    Message,
    Park,
    PutSource,
    Ready,
    Rest,
    Step,
    Stock,
    Stop,
    TagsRead,
    TakeBack,
    Train,
    TrainingFile,
)  # fmt: skip
from prompts.errors import Refusal

log = logging.getLogger(__name__)

CLOSING = 3.0  # seconds in which hosts are told that the bot leaves


class NobodyThere(Exception):
    """Nobody is there who could take a letter."""


@dataclass(slots=True, eq=False)
class Visited:
    """A host as the bot knows it: `visit` is how often it was greeted, `welcome` whether it has answered to the last
    time, `drawn` the pictures that have come of jobs that have not ended, by worker, job and number. `lies` are the
    files of its own, `holds` what they can be called, `loans` what it has of the bot's."""

    session: str
    name: str
    visit: int = 0
    number: int = 0
    there: bool = False
    welcome: bool = False
    workers: dict[str, Worker] = field(default_factory=dict)
    lies: frozenset[Need] = frozenset()
    holds: frozenset[Need] = frozenset()
    drawn: set[tuple[str, str, int]] = field(default_factory=set)
    loans: Loans = field(default_factory=Loans)
    letters: asyncio.Queue[Letter] = field(default_factory=asyncio.Queue)
    sending: asyncio.Task[None] | None = None


class HostsPool:
    """A `Pool` of the workers of all hosts that are heard of. `bot` is the name under which this bot is known to them,
    `epoch` counts its leads. Whoever carries letters says what is heard with `beat`, `heard` and `gone`, and
    implements `_open`, `_deliver` and `_shut`."""

    def __init__(self, bot: str, epoch: int) -> None:
        self.workers: list[Worker] = []
        self.bot = bot
        self.epoch = epoch
        self.hosts: dict[str, Visited] = {}
        self.arrived = asyncio.Event()  # once there is, or was, a worker
        self._learnt: Mapping[Need, Path] = {}  # what can be lent
        self._listener: Callable[[Worker, Event], None] = lambda worker, event: None

    # --- what the queue wants ---

    async def start(self, listener: Callable[[Worker, Event], None]) -> None:
        self._listener = listener
        await self._open()

    async def draw(self, worker: Worker, job: Job, sources: Mapping[str, bytes]) -> None:
        known = model_folders.hashes_of({name for recipe in job.recipes for name in named(recipe)})
        puts = [PutSource(picture, blob) for picture, blob in sources.items()]
        self._say(worker, *puts, Draw(job.id, job.attempt, job.recipes, job.owner, known))

    async def look(self, worker: Worker, wish: Look, sources: Mapping[str, bytes]) -> None:
        self._say(worker, *(PutSource(picture, blob) for picture, blob in sources.items()), wish)

    async def stop(self, worker: Worker, job: str) -> None:
        self._say(worker, Stop(job))

    async def rest(self, worker: Worker, job: str, pictures: Sequence[int]) -> None:
        self._say(worker, Rest(job, tuple(pictures)))

    async def train(self, worker: Worker, order: Train, files: Mapping[str, bytes]) -> None:
        self._say(worker, *(TrainingFile(order.training, name, blob) for name, blob in files.items()), order)

    async def park(self, worker: Worker, training: str) -> None:
        self._say(worker, Park(training))

    def lend(self, files: Mapping[Need, Path]) -> None:
        self._learnt = dict(files)
        for host in self.hosts.values():
            for worker in host.workers.values():
                self._furnish(worker, host)
            gone = host.loans.without(set(self._learnt.values()))
            if gone and host.there:
                self._put(host, TakeBack(tuple(gone)))

    async def forget(self, training: str) -> None:
        for host in self.hosts.values():
            if host.there:
                self._put(host, ForgetTraining(training))

    async def close(self) -> None:
        self._listener = lambda worker, event: None
        there = [host for host in self.hosts.values() if host.there]
        for host in there:
            self._put(host, Greet(stays=False))
            model_folders.lies_elsewhere(host.session, ())
        sending = [host.sending for host in there if host.sending]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await asyncio.gather(*(host.letters.join() for host in there))
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        await self._shut()

    # --- what carries letters ---

    async def _open(self) -> None:
        """Begin to hear of hosts."""
        raise NotImplementedError

    async def _deliver(self, session: str, letter: Letter) -> None:
        """Bring a letter to a host, however long that takes while the host may be alive. Raises NobodyThere."""
        raise NotImplementedError

    async def _shut(self) -> None:
        """Hear of nobody any more."""
        raise NotImplementedError

    def beat(self, session: str, name: str, version: int) -> None:
        """A host says that it lives: it is greeted where it was not known, or taken for gone."""
        host = self.hosts.get(session)
        if host is None:
            host = self.hosts[session] = Visited(session, name)
            if version != VERSION:
                log.error("host %s runs another version of this program: it is given nothing to draw", name)
        if host.there or version != VERSION:
            return
        host.there, host.welcome, host.number, host.loans = True, False, 0, Loans()
        host.visit += 1
        host.letters = asyncio.Queue()
        host.sending = asyncio.create_task(self._send(host))
        self._put(host, Greet())

    def gone(self, session: str, reason: str) -> None:
        """A host is gone, with all its workers."""
        host = self.hosts.get(session)
        if host is None or not host.there:
            return
        log.warning("host %s is gone: %s", host.name, reason)
        host.there = host.welcome = False
        if host.sending and host.sending is not asyncio.current_task():
            host.sending.cancel()
        workers = list(host.workers.values())
        host.workers.clear()
        host.drawn.clear()
        host.letters = asyncio.Queue()  # with the pictures in them: a machine that starts anew is another session
        model_folders.lies_elsewhere(session, ())
        # All of them first: what one was drawing is not to be handed to the next.
        self.workers = [worker for worker in self.workers if worker not in workers]
        for worker in workers:
            self._lost(worker, reason)

    def heard(self, session: str, letter: Letter) -> None:
        """A host writes something."""
        host = self.hosts.get(session)
        if host is None or not host.there or letter.bot not in (self.bot, EVERYBODY):
            return
        if letter.bot == self.bot and letter.when != (self.epoch, host.visit):
            log.debug("host %s speaks of an earlier visit", host.name)
            return
        if isinstance(letter.message, Stock):
            self._shelve(host, letter.message)
        elif host.welcome:
            self._hear(host, letter.worker, letter.message)

    # --- what hosts say ---

    def _shelve(self, host: Visited, message: Stock) -> None:
        try:
            found = unpacked(message.blob, host.name)
        except ValueError as error:
            log.error("what host %s has cannot be read: %s", host.name, error)
            return
        if not host.welcome:
            log.info("host %s is here, with %d files", host.name, len(found.finds))
        host.welcome, host.lies, host.holds = True, found.lies, found.holds
        model_folders.lies_elsewhere(host.session, found.finds)
        for worker in host.workers.values():
            self._furnish(worker, host)
            if worker.slots:  # what waits may fit by now
                self._listener(worker, Ready(worker.device, worker.slots, worker.model, dict(worker.tiers)))

    def _hear(self, host: Visited, name: str, message: Message) -> None:
        worker = host.workers.get(name)
        if worker is None:
            worker = Worker(id=f"{host.session}/{name}", device=name, host=host.name)
            self._furnish(worker, host)
            host.workers[name] = worker
            self.workers = [*self.workers, worker]
            self.arrived.set()
        match message:
            case Ready():
                worker.device, worker.slots, worker.loading = message.device, message.slots, ""
                worker.model, worker.tiers = message.model, message.tiers
            case Loading():
                worker.loading = message.model
            case Fallen(reason):
                host.drawn = {one for one in host.drawn if one[0] != name}
                self._lost(worker, reason)
                return
            case Step() if (name, message.job, message.index) in host.drawn:
                return  # it went another way than the picture, and was slower
            case Drawn():
                host.drawn.add((name, message.job, message.index))
            case Ended():
                if message.outcome == "failed":
                    host.loans.doubt(message.job)
                host.drawn = {one for one in host.drawn if one[:2] != (name, message.job)}
            case Step() | Mapped() | TagsRead() | Learning() | HalfLearnt() | Learnt():
                pass
            case _:
                log.error("host %s said %s", host.name, type(message).__name__)
                return
        self._listener(worker, message)

    def _furnish(self, worker: Worker, host: Visited) -> None:
        """Say of a worker what it can draw with: its host's own files, and what can be lent to that."""
        worker.lies, worker.holds = host.lies, host.holds | self._learnt.keys()

    def _lost(self, worker: Worker, reason: str) -> None:
        worker.slots, worker.model, worker.loading, worker.tiers = 0, "", "", {}
        self._listener(worker, Lost(reason))

    # --- what hosts are told ---

    def _say(self, worker: Worker, *messages: Message) -> None:
        session, _, name = worker.id.partition("/")
        host = self.hosts.get(session)
        if host and host.workers.get(name) is worker:  # else it is gone, and its jobs come back as lost
            for message in messages:
                self._put(host, message, name)

    def _put(self, host: Visited, message: Message, worker: str = "") -> None:
        host.letters.put_nowait(Letter(message, self.bot, self.epoch, host.visit, worker))

    async def _send(self, host: Visited) -> None:
        letters = host.letters
        while True:
            letter = await letters.get()
            try:
                async for message in self._with_loans(host, letter):
                    host.number += 1
                    await self._deliver(host.session, replace(letter, message=message, number=host.number))
            except NobodyThere as error:
                self.gone(host.session, str(error))
                return
            finally:
                letters.task_done()

    async def _with_loans(self, host: Visited, letter: Letter) -> AsyncIterator[Message]:
        """What is sent for a letter: before a Draw the files that its recipes name and the host has not. Large ones are
        read here alone, where nothing but what is behind them for this host has to wait."""
        message = letter.message
        if not isinstance(message, Draw) or not self._learnt:
            yield message
            return
        marks: list[str] = []
        for path in lending.wanted(message.recipes, self._learnt, host.holds):
            try:
                loan, content = await asyncio.to_thread(lending.read, path, tuple(host.loans.marks))
            except Refusal as refusal:
                if worker := host.workers.get(letter.worker):
                    values = dict(refusal.values)
                    self._listener(worker, Ended(message.job, message.attempt, "failed", refusal.key, values))
                return
            except OSError as error:
                log.warning("a file cannot be lent to host %s: %s", host.name, error.strerror)
                continue  # whoever draws says that it is not there
            if path not in self._learnt.values():
                continue  # deleted meanwhile
            drawn = {job for worker in host.workers.values() for job in worker.jobs}
            if gone := host.loans.lend(loan, message.job, drawn):
                yield TakeBack(tuple(gone))
            if content is not None:
                log.info("host %s is lent a file of %.1f MB", host.name, len(content) / 2**20)
                yield Lend(loan.mark, path.stem, content)
            marks.append(loan.mark)
        yield replace(message, lent=tuple(marks))
