"""Workers of a host that sleep instead of drawing: each picture takes so many seconds and comes in the steps it names,
as many at once as a worker has slots."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from pathlib import Path

from engine.queue.pool import Event, Lost, Worker
from engine.wire import (
    Draw,
    Drawn,
    Ended,
    ForgetTraining,
    Learning,
    Learnt,
    MakeMap,
    Mapped,
    Message,
    Park,
    PutSource,
    Ready,
    Rest,
    Step,
    Stop,
    TakeBack,
    Train,
    TrainingFile,
)  # fmt: skip
from tests.fakes import a_png

MODEL = "danqing-demo"


@functools.cache
def a_picture(seed: int, side: int = 16) -> bytes:
    """The picture that a seed gives, wherever it is drawn."""
    return a_png((seed % 256, seed // 256 % 256, 7), side)


class SleepingWorkers:
    """What LocalPool is to a host. `taken` lists what was handed on, `sources` what came with it; where `file` is said,
    a line is written into it with the `name` of this host for each job begun and each drawn."""

    def __init__(
        self, seconds: float = 0.0, *, slots: int = 4, count: int = 1, file: Path | None = None, name: str = ""
    ) -> None:
        self.workers = [Worker(id=f"cpu#{number}", device="cpu") for number in range(count)]
        self.seconds = seconds
        self.slots = slots
        self.taken: list[Message] = []
        self.sources: dict[str, bytes] = {}
        self._file, self._name = file, name
        self._rooms = {worker.id: asyncio.Semaphore(slots) for worker in self.workers}
        self._drawing: dict[tuple[str, str], tuple[Draw, asyncio.Task[None]]] = {}
        self._listener: Callable[[Worker, Event], None] = lambda worker, event: None

    async def start(self, listener: Callable[[Worker, Event], None]) -> None:
        self._listener = listener
        for worker in self.workers:
            self.ready(worker)

    def ready(self, worker: Worker) -> None:
        self._listener(worker, Ready("Sleeper", self.slots, MODEL, {MODEL: "all"}))

    @property
    def idle(self) -> bool:
        """Whether nothing is being drawn."""
        return not self._drawing

    def lose(self, worker: Worker) -> None:
        """Have a worker die, and start again."""
        for key, (_, task) in tuple(self._drawing.items()):
            if key[0] == worker.id:
                task.cancel()
                del self._drawing[key]
        self._listener(worker, Lost("killed"))
        self.ready(worker)

    def hand_on(self, worker: Worker, message: Message) -> None:
        self.taken.append(message)
        match message:
            case PutSource(picture, blob):
                self.sources[picture] = blob
            case Draw():
                self._note("begun", message.job)
                task = asyncio.create_task(self._draw(worker, message))
                self._drawing[worker.id, message.job] = message, task
            case Stop(job) if found := self._drawing.pop((worker.id, job), None):
                found[1].cancel()
                self._listener(worker, Ended(job, found[0].attempt, "cancelled"))
            case MakeMap():
                self._listener(worker, Mapped(message.id, self.sources[message.picture]))
            case Train(training, attempt):
                worker.training = training
                self._listener(worker, Learning(training, attempt, 1, 9, (0.5,), 0.1))
            case Park(training):
                self._listener(worker, Learnt(training, self._attempt(training), "parked"))
            case Stop() | Rest() | TrainingFile() | TakeBack():
                pass
            case _:
                raise AssertionError(message)

    async def _draw(self, worker: Worker, asked: Draw) -> None:
        await asyncio.gather(*(self._picture(worker, asked, index) for index in range(len(asked.recipes))))
        self._drawing.pop((worker.id, asked.job), None)
        self._note("drawn", asked.job)
        self._listener(worker, Ended(asked.job, asked.attempt, "done"))

    async def _picture(self, worker: Worker, asked: Draw, index: int) -> None:
        recipe = asked.recipes[index]
        async with self._rooms[worker.id]:
            for step in range(1, recipe.steps + 1):
                await asyncio.sleep(self.seconds / recipe.steps)
                self._listener(worker, Step(asked.job, asked.attempt, index, step, recipe.steps, 0.01))
            png = a_picture(recipe.seed)
            self._listener(worker, Drawn(asked.job, asked.attempt, index, self.seconds, png))

    def _attempt(self, training: str) -> int:
        orders = [one for one in self.taken if isinstance(one, Train) and one.training == training]
        return orders[-1].attempt

    async def forget(self, training: str) -> None:
        self.taken.append(ForgetTraining(training))

    def _note(self, word: str, job: str) -> None:
        if self._file:
            with self._file.open("a") as file:
                file.write(f"{self._name} {word} {job.partition('/')[0]}\n")

    async def close(self) -> None:
        tasks = [task for _, task in self._drawing.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
