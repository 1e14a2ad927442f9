"""Workers on this machine: one child process per device, restarted when it dies.

A worker that chose its device itself (`auto`) tells of the other graphics cards, and each of them gets a worker too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from engine import machine
from engine.errors import WireError
from engine.files import model_folders
from engine.files.hashes import named
from engine.files.shelf import Need
from engine.job import Job
from engine.queue.pool import Event, Lost, Worker
from engine.training_plan import is_name
from engine.wire import (
    Draw,
    Drawn,
    Ended,
    ForgetTraining,
    HalfLearnt,
    Learning,
    Learnt,
    Loading,
    Look,
    Mapped,
    Message,
    Park,
    PutSource,
    Ready,
    Rest,
    Step,
    Stop,
    TagsRead,
    Train,
    TrainingFile,
    encode,
    receive,
)  # fmt: skip

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]  # `python -m engine` is found from here
PROGRAM: tuple[str, ...] = (sys.executable, "-m", "engine")
RESTART_AFTER = (0.0, 1.0, 5.0, 15.0, 60.0)  # seconds before the n-th start in a row that drew nothing
SILENCE = 900.0  # seconds without a word from a worker that has jobs: about twenty slow CPU steps
SAID = Ready | Loading | Step | Drawn | Ended | Mapped | TagsRead | Learning | HalfLearnt | Learnt
CLOSING = 5.0  # seconds a worker gets to end by itself


class LocalPool:
    """A `Pool` of child processes, one for each of `devices`; `arguments` are passed on to `python -m engine`.
    `trainings` is the folder where they keep what they learn from, `clock` tells how long a worker has been silent."""

    def __init__(
        self,
        devices: Sequence[str],
        arguments: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
        *,
        trainings: Path | None = None,
    ) -> None:
        self.workers = [Worker(id=f"{device}#{index}", device=device) for index, device in enumerate(devices)]
        self._devices = list(devices)
        self._listener: Callable[[Worker, Event], None] = lambda worker, event: None
        self._arguments = (*arguments, *(("--trainings", str(trainings)) if trainings else ()))
        self._trainings = trainings
        self._clock = clock
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._heard: dict[str, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = asyncio.Event()

    async def start(self, listener: Callable[[Worker, Event], None]) -> None:
        self._listener = listener
        self._tasks = [asyncio.create_task(self._keep(worker, worker.device)) for worker in self.workers]

    async def draw(self, worker: Worker, job: Job, sources: Mapping[str, bytes]) -> None:
        self._heard[worker.id] = self._clock()
        puts = [PutSource(picture, blob) for picture, blob in sources.items()]
        known = model_folders.hashes_of([name for recipe in job.recipes for name in named(recipe)])
        await self._send(worker, *puts, Draw(job.id, job.attempt, job.recipes, job.owner, known))

    async def look(self, worker: Worker, wish: Look, sources: Mapping[str, bytes]) -> None:
        self._heard[worker.id] = self._clock()
        await self._send(worker, *(PutSource(picture, blob) for picture, blob in sources.items()), wish)

    async def stop(self, worker: Worker, job: str) -> None:
        await self._send(worker, Stop(job))

    async def rest(self, worker: Worker, job: str, pictures: Sequence[int]) -> None:
        await self._send(worker, Rest(job, tuple(pictures)))

    async def train(self, worker: Worker, order: Train, files: Mapping[str, bytes]) -> None:
        self._heard[worker.id] = self._clock()
        sent = [TrainingFile(order.training, name, blob) for name, blob in files.items()]
        await self._send(worker, *sent, order)

    async def park(self, worker: Worker, training: str) -> None:
        await self._send(worker, Park(training))

    def lend(self, files: Mapping[Need, Path]) -> None:
        """Nothing is to be done: the workers look into the folders that these files lie in."""

    async def forget(self, training: str) -> None:
        for worker in self.workers:
            await self._send(worker, ForgetTraining(training))
        if self._trainings and is_name(training):  # be it that no worker is alive, or that one dies before it has read
            await asyncio.to_thread(shutil.rmtree, self._trainings / training, ignore_errors=True)

    async def close(self) -> None:
        """End the workers: each gets a while for the step it is in, and for a checkpoint of what it learns."""
        self._listener = lambda worker, event: None
        self._closing.set()
        for child in self._children.values():
            _close_input(child)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for child in self._children.values():
            await child.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_read_out(child), CLOSING)

    def hand_on(self, worker: Worker, message: Message) -> None:
        """Say to a worker what somebody else has made, as it is, without waiting until it has read it."""
        self._heard[worker.id] = self._clock()
        child = self._children.get(worker.id)
        if child and child.stdin and not child.stdin.is_closing():
            child.stdin.write(encode(message))

    def pid(self, worker: Worker) -> int | None:
        """The process id of a worker that is alive."""
        child = self._children.get(worker.id)
        return child.pid if child and child.returncode is None else None

    async def _send(self, worker: Worker, *messages: Message) -> None:
        child = self._children.get(worker.id)
        if child is None or child.stdin is None:
            return  # it is dead; its jobs come back as lost
        with contextlib.suppress(ConnectionError):
            for message in messages:
                child.stdin.write(encode(message))
            await child.stdin.drain()

    def _add(self, device: str) -> None:
        worker = Worker(id=f"{device}#{len(self.workers)}", device=device)
        self.workers.append(worker)
        self._devices.append(device)
        self._tasks.append(asyncio.create_task(self._keep(worker, device)))

    def _environ(self, device: str) -> dict[str, str]:
        """A worker's environment: without the secrets, of which it needs none; several on the processor share its
        cores."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DANQING_")}
        if device == "cpu" and (count := self._devices.count("cpu")) > 1:
            environ.setdefault("OMP_NUM_THREADS", str(max(1, machine.cores() // count)))
        return environ

    async def _keep(self, worker: Worker, device: str) -> None:
        fruitless = 0
        while not await self._closes_within(RESTART_AFTER[min(fruitless, len(RESTART_AFTER) - 1)]):
            fruitless += 1
            child = await asyncio.create_subprocess_exec(
                *PROGRAM,
                "--device",
                device,
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
                env=self._environ(device),
            )
            self._children[worker.id] = child
            if self._closing.is_set():
                _close_input(child)
            self._heard[worker.id] = self._clock()
            reason = "ended"
            try:
                async for event in self._events(worker, child):
                    if isinstance(event, Drawn) or (isinstance(event, Learning) and event.losses):
                        fruitless = 0
                    self._note(worker, event)
                    self._listener(worker, event)
                if self._closing.is_set():
                    await child.wait()
            except (WireError, TimeoutError) as error:
                reason = str(error) or "silent for too long"
            finally:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
            status = await child.wait()
            worker.slots, worker.model, worker.loading, worker.tiers = 0, "", "", {}
            self._listener(worker, Lost(f"{reason}, exit status {status}"))

    async def _closes_within(self, seconds: float) -> bool:
        """Whether the pool is closed before so many seconds have passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        return self._closing.is_set()

    async def _events(self, worker: Worker, child: asyncio.subprocess.Process) -> AsyncIterator[Event]:
        assert child.stdout is not None
        while True:
            message = asyncio.ensure_future(receive(child.stdout))
            try:
                while not message.done():
                    await asyncio.wait([message], timeout=SILENCE / 10)
                    asked = worker.jobs or worker.looks or worker.training
                    if asked and not message.done() and self._clock() - self._heard[worker.id] > SILENCE:
                        raise TimeoutError
            finally:
                message.cancel()
            self._heard[worker.id] = self._clock()
            event = message.result()
            if event is None:
                return
            if not isinstance(event, SAID):
                raise WireError(f"a worker said {type(event).__name__}")
            yield event

    def _note(self, worker: Worker, event: Event) -> None:
        if isinstance(event, Ready):
            for device in event.others:
                if device not in self._devices:
                    self._add(device)
            worker.device, worker.slots, worker.loading = event.device, event.slots, ""
            worker.model, worker.tiers = event.model, event.tiers
        elif isinstance(event, Loading):
            worker.loading = event.model


def _close_input(child: asyncio.subprocess.Process) -> None:
    if child.stdin:
        child.stdin.close()


async def _read_out(child: asyncio.subprocess.Process) -> None:
    """Read to the end what an ended worker has said, so that its pipe is closed before the loop is."""
    while child.stdout and await child.stdout.read(1 << 20):
        pass
