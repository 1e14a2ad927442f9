"""A host: a machine with workers that draw for bots elsewhere. It takes their letters, and writes what workers say.

A bot greets it before anything else, and each time it comes back to it; what was drawn for it until then is given up,
so that nothing is drawn for a bot that has forgotten of it. Several bots may use one host, each by its own name.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from engine.files import shelf
from engine.files.lent import LentFiles
from engine.job import Job
from engine.queue.letter import EVERYBODY, Letter
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
    MakeMap,
    Mapped,
    Message,
    Park,
    PutSource,
    ReadTags,
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

log = logging.getLogger(__name__)

LOOK_EVERY = 30.0  # seconds between two looks for new files
LENT = "cache/lent"  # below the data folder: where lent files lie
SILENT = 86400.0  # seconds after which what a bot has lent, and never came back for, is deleted
LEAVING = 25.0  # seconds for what is being drawn when the host is told to end; Kubernetes kills after 30


class Workers(Protocol):
    """The workers of this machine: what LocalPool is."""

    @property
    def workers(self) -> Sequence[Worker]: ...
    async def start(self, listener: Callable[[Worker, Event], None]) -> None: ...
    def hand_on(self, worker: Worker, message: Message) -> None: ...
    async def forget(self, training: str) -> None: ...
    async def close(self) -> None: ...


class LetterBox(Protocol):
    """What carries a host's letters: each once and in their order, but for steps, which may be lost."""

    def write(self, letter: Letter) -> None: ...


def _now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class Visit:
    """A bot's latest visit to this host: `number` is that of the last letter taken, `heard` the loop's time of it."""

    when: tuple[int, int]
    number: int
    heard: float = field(default_factory=_now)


class Host:
    """This machine's workers, for bots. `files` tells what lies here, `lent` is for what bots lend to it beside that.
    `leaving` is whether it takes nothing new."""

    def __init__(self, workers: Workers, post: LetterBox, files: Callable[[], shelf.Shelf], lent: LentFiles) -> None:
        self._workers = workers
        self._post = post
        self._files = files
        self._lent = lent
        self._unkept: dict[tuple[str, str], OSError] = {}  # files of bots, by their marks, that there was no room for
        self._shelf = b""
        self._visits: dict[str, Visit] = {}
        self._jobs: dict[tuple[str, str], str] = {}  # worker and job or look: whose it is
        self._dropped: Counter[tuple[str, str]] = Counter()  # ends that are still to come of what was given up
        self._said: dict[str, Ready | Loading] = {}  # the last word of each worker on itself
        self._idle = asyncio.Event()
        self._forgetting: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self.leaving = False

    async def start(self) -> None:
        """Start the workers."""
        await asyncio.to_thread(self._lent.tidy)
        self._shelf = shelf.packed(await asyncio.to_thread(self._files))
        await self._workers.start(self._hear)
        self._looking = asyncio.create_task(self._look())

    async def leave(self) -> None:
        """Take nothing new, and wait a while for what is being drawn."""
        self.leaving = True
        for name, said in self._said.items():
            self._write(said, name)
        for worker in self._workers.workers:
            if worker.training:  # which takes hours: it goes on from its checkpoint
                self._workers.hand_on(worker, Park(worker.training))
        self._settle()
        try:
            await asyncio.wait_for(self._idle.wait(), LEAVING)
        except TimeoutError:
            log.warning("what is not drawn yet is drawn elsewhere: %s", sorted(job for _, job in self._jobs))

    async def close(self) -> None:
        """End the workers."""
        if self._looking:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await self._workers.close()
        await asyncio.to_thread(self._lent.close)

    @property
    def drawing(self) -> int:
        """How much it has been given and has not ended."""
        return len(self._jobs)

    @property
    def devices(self) -> list[str]:
        """What its workers draw on."""
        return [said.device for said in self._said.values() if isinstance(said, Ready)]

    # --- from bots ---

    def has(self, letter: Letter) -> bool:
        """Whether a letter came before, and only the answer to it was lost."""
        visit = self._visits.get(letter.bot)
        return visit is not None and letter.when == visit.when and letter.number <= visit.number

    async def take(self, letter: Letter) -> bool:
        """Do what a letter says; False where its bot has to greet this host first, or did so again since. The next one
        of the same bot may come when this is done."""
        message, visit = letter.message, self._visits.get(letter.bot)
        if isinstance(message, Greet):
            await self._greeted(letter, message, visit)
            return True
        if visit is None or letter.when != visit.when:
            return False
        if self.has(letter):
            return True
        visit.number, visit.heard = letter.number, _now()
        match message:
            case ForgetTraining(training):
                self._forget_training(training)
            case Lend():
                await self._keep(letter.bot, message)
            case TakeBack(marks):
                await asyncio.to_thread(self._lent.take_back, letter.bot, marks)
                self._have_forgotten(message)
            case _:
                if worker := next((one for one in self._workers.workers if one.id == letter.worker), None):
                    self._tell(worker, letter.bot, message)
        return True

    async def _greeted(self, letter: Letter, message: Greet, visit: Visit | None) -> None:
        if visit and letter.when < visit.when:
            log.warning("a bot of an earlier lead is still about, and is not drawn for")
            return
        if message.stays and self.has(letter):
            return
        self._give_up(letter.bot)
        if await asyncio.to_thread(self._lent.forget, letter.bot):
            self._have_forgotten(TakeBack())
        self._unkept = {one: error for one, error in self._unkept.items() if one[0] != letter.bot}
        if not message.stays:
            self._visits.pop(letter.bot, None)
            return
        self._visits[letter.bot] = Visit(letter.when, letter.number)
        answer = replace(letter, number=0)
        self._post.write(replace(answer, message=Stock(self._shelf)))
        for worker, said in self._said.items():
            self._post.write(replace(answer, message=self._shown(said), worker=worker))

    def _give_up(self, bot: str) -> None:
        """Stop everything that a bot has here."""
        for (name, job), whose in tuple(self._jobs.items()):
            if whose != bot:
                continue
            worker = next(one for one in self._workers.workers if one.id == name)
            learns = job == worker.training
            if job in worker.jobs or learns:
                self._dropped[name, job] += 1
            self._workers.hand_on(worker, Park(job) if learns else Stop(job))  # its checkpoint is kept
            self._forget(worker, job)

    async def _keep(self, bot: str, message: Lend) -> None:
        try:
            await asyncio.to_thread(self._lent.keep, bot, message.mark, message.name, message.blob)
            self._unkept.pop((bot, message.mark), None)
        except OSError as error:
            log.error("a file is lent to this host, and cannot be kept: %s", error.strerror)
            self._unkept[bot, message.mark] = error
        except ValueError as error:
            log.error("a file is lent to this host that is none: %s", error)

    async def _forget_silent(self) -> None:
        """Keep nothing that was lent by bots of which nothing has been heard for long, as of those that were killed.
        One that is only idle greets this host anew before it is drawn for again."""
        for bot, visit in tuple(self._visits.items()):
            idle = bot not in self._jobs.values() and _now() - visit.heard > SILENT
            if idle and self._lent.any_of(bot):
                log.info("nothing is heard of a bot, and what it has lent is deleted")
                del self._visits[bot]
                await asyncio.to_thread(self._lent.forget, bot)
                self._have_forgotten(TakeBack())

    def _have_forgotten(self, message: TakeBack) -> None:
        """Have the workers know nothing of files that are gone."""
        for worker in self._workers.workers:
            self._workers.hand_on(worker, message)

    def _forget_training(self, training: str) -> None:
        for worker in self._workers.workers:
            if training == worker.training:
                self._forget(worker, training)
        task = asyncio.create_task(self._workers.forget(training))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    def _tell(self, worker: Worker, bot: str, message: Message) -> None:
        match message:
            case Draw():
                folders = [(mark, self._lent.place(bot, mark)) for mark in message.lent]
                if lacking := next((mark for mark, folder in folders if folder is None), None):
                    self._refuse(worker, bot, message, self._unkept.get((bot, lacking)))
                    return
                message = replace(message, lent=tuple(str(folder) for _, folder in folders))
                self._jobs[worker.id, message.job] = bot
                worker.jobs[message.job] = Job(
                    id=message.job, owner=message.owner, recipes=message.recipes, attempt=message.attempt
                )
            case MakeMap() | ReadTags():
                self._jobs[worker.id, message.id] = bot
                worker.looks.add(message.id)
            case Train(training):
                self._jobs[worker.id, training] = bot
                worker.training = training
            case Stop(job) if job in worker.looks:
                self._forget(worker, job)  # given up in silence
            case PutSource() | Rest() | Stop() | TrainingFile() | Park():
                pass
            case _:
                log.error("a %s is not for a host", type(message).__name__)
                return
        self._workers.hand_on(worker, message)

    def _refuse(self, worker: Worker, bot: str, asked: Draw, error: OSError | None) -> None:
        """A job cannot be drawn here, as what was lent for it could not be kept."""
        full = error is not None and error.errno in (errno.ENOSPC, errno.EDQUOT)
        key, values = "storage.full" if full else "storage.readonly", {"where": LENT}
        epoch, visit = self._visits[bot].when
        self._post.write(
            Letter(Ended(asked.job, asked.attempt, "failed", key, dict(values)), bot, epoch, visit, worker.id)
        )

    # --- from workers ---

    def _hear(self, worker: Worker, event: Event) -> None:
        match event:
            case Ready() | Loading():
                self._said[worker.id] = event
                self._write(event, worker.id)
            case Drawn(hashed=hashed):
                told = tuple(one for one in hashed if not self._lent.has(one.path))
                self._pass_on(worker, event.job, replace(event, hashed=told), ends=False)
            case Step() | Ended():
                self._pass_on(worker, event.job, event, ends=isinstance(event, Ended))
            case Mapped() | TagsRead():
                self._pass_on(worker, event.id, event, ends=True)
            case Learning() | HalfLearnt() | Learnt():
                self._pass_on(worker, event.training, event, ends=isinstance(event, Learnt))
            case Lost(reason):
                for name, job in [one for one in self._jobs if one[0] == worker.id]:
                    self._forget(worker, job)
                    self._dropped.pop((name, job), None)
                self._dropped = Counter({one: count for one, count in self._dropped.items() if one[0] != worker.id})
                if self._said.pop(worker.id, None):
                    self._write(Fallen(reason), worker.id)

    def _pass_on(self, worker: Worker, job: str, event: Message, *, ends: bool) -> None:
        if self._dropped[worker.id, job]:  # of what was given up before it was handed over again
            if ends:
                self._dropped[worker.id, job] -= 1
                self._dropped += Counter()  # without those that have come
            return
        bot = self._jobs.get((worker.id, job))
        if bot is None:
            return
        if ends:
            self._forget(worker, job)
        epoch, visit = self._visits[bot].when
        self._post.write(Letter(event, bot, epoch, visit, worker.id))

    def _forget(self, worker: Worker, job: str) -> None:
        self._jobs.pop((worker.id, job), None)
        worker.jobs.pop(job, None)
        worker.looks.discard(job)
        if worker.training == job:
            worker.training = ""
        self._settle()

    def _settle(self) -> None:
        (self._idle.clear if self._jobs else self._idle.set)()

    def _write(self, message: Message, worker: str) -> None:
        """Tell every bot."""
        if self._visits:
            self._post.write(Letter(self._shown(message), EVERYBODY, worker=worker))

    def _shown(self, message: Message) -> Message:
        """As it is told: who leaves has no places for pictures, and what is beside a device is this host's own."""
        return (
            replace(message, slots=0 if self.leaving else message.slots, others=())
            if isinstance(message, Ready)
            else message
        )

    async def _look(self) -> None:
        """Tell the bots of files that come and go."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self._forget_silent()
            now = shelf.packed(await asyncio.to_thread(self._files))
            if now != self._shelf:
                self._shelf = now
                for bot, visit in self._visits.items():
                    self._post.write(Letter(Stock(now), bot, *visit.when))
