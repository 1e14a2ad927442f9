"""Cards that draw nothing: they take as long as a card would, load models, share rows by the engine's own turns, and
let pictures rest."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.job import Job
from engine.queue.estimate import work
from engine.queue.pool import Event, Worker
from engine.recipe import Recipe
from engine.wire import Drawn, Ended, Loading, Ready, Step
from engine.worker.turns import RowTurns

MODELS_HELD = 2
CALL = 0.05  # seconds that a call takes however small it is
DECODING = 0.4  # seconds for each megapixel of a finished picture
NOISE = 0.05  # by which share calls differ


@dataclass(slots=True, eq=False)
class Drawing:
    """A picture on a card."""

    job: Job
    index: int
    step: int = 0
    seconds: float = 0.0

    @property
    def recipe(self) -> Recipe:
        return self.job.recipes[self.index]

    @property
    def group(self) -> tuple[str, int, int]:
        return self.recipe.model, self.recipe.width, self.recipe.height


@dataclass(slots=True)
class Card:
    """One card: `turns` counts its calls, `since` is when the present one began."""

    worker: Worker
    slots: int
    speeds: Mapping[str, float]  # seconds for each megapixel-step, by model
    loads: Mapping[str, float]  # seconds to load, by model
    chance: random.Random
    hear: Callable[[Worker, Event], None] = lambda worker, event: None
    models: OrderedDict[str, None] = field(default_factory=OrderedDict)
    waiting: list[Drawing] = field(default_factory=list)
    aside: list[Drawing] = field(default_factory=list)
    rows: RowTurns[Drawing] = field(default_factory=lambda: RowTurns[Drawing](lambda one: one.group))
    resting: dict[str, frozenset[int]] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    turns: int = 0
    kept: int = 0  # the most half-drawn pictures that rested at once

    async def draw(self) -> None:
        """Draw for ever."""
        self._ready(0.0)
        while True:
            self._give_way()
            await self._admit()
            if len(self.rows):
                await self._turn()
            else:
                self.woken.clear()
                await self.woken.wait()

    def take(self, job: Job) -> None:
        self.left[job.id] = len(job.recipes)
        self.waiting += [Drawing(job, index) for index in range(len(job.recipes))]
        self.woken.set()

    def drop(self, job: str) -> None:
        if self.left.pop(job, None) is None:
            return
        self.waiting = [one for one in self.waiting if one.job.id != job]
        self.aside = [one for one in self.aside if one.job.id != job]
        for one in [one for one in self.rows if one.job.id == job]:
            self.rows.remove(one)
        self.hear(self.worker, Ended(job, 0, "cancelled"))

    def rest(self, job: str, pictures: Sequence[int]) -> None:
        self.resting[job] = frozenset(pictures)
        self.woken.set()

    def _rests(self, one: Drawing) -> bool:
        return one.index in self.resting.get(one.job.id, ())

    def _give_way(self) -> None:
        for one in [one for one in self.rows if self._rests(one)]:
            self.rows.remove(one)
            self.aside.append(one)
        self.kept = max(self.kept, len(self.aside))

    async def _admit(self) -> None:
        for line in (self.aside, self.waiting):
            for one in [one for one in line if not self._rests(one)][: self.slots - len(self.rows)]:
                line.remove(one)
                if line is self.waiting:  # rows that have begun keep their model
                    await self._load(one.recipe.model)
                if one.job.id in self.left:
                    self.rows.add(one, one.job.owner)

    async def _load(self, model: str) -> None:
        if model not in self.models:
            self.worker.loading = model
            self.hear(self.worker, Loading(model))
            await asyncio.sleep(self.loads[model])
            while len(self.models) >= MODELS_HELD:
                self.models.popitem(last=False)
            self.models[model] = None
            self._ready(self.loads[model])
        self.models.move_to_end(model)

    def _ready(self, seconds: float) -> None:
        self.worker.tiers = dict.fromkeys(self.models, "all")
        self.worker.slots, self.worker.loading = self.slots, ""
        self.worker.model = next(reversed(self.models), "")
        event = Ready(self.worker.device, self.slots, self.worker.model, dict(self.worker.tiers), seconds)
        self.hear(self.worker, event)

    async def _turn(self) -> None:
        drawn = self.rows.next()
        if drawn[0].recipe.model in self.models:  # else its rows have kept it
            self.models.move_to_end(drawn[0].recipe.model)
        own = [self.speeds[one.recipe.model] * work(one.recipe) / one.recipe.steps for one in drawn]
        seconds = (CALL + sum(own)) * self.chance.uniform(1 - NOISE, 1 + NOISE)
        await asyncio.sleep(seconds)
        self.turns += 1
        self.rows.took(seconds / len(drawn))
        for one, cost in zip(drawn, own, strict=True):
            if one.job.id in self.left:
                self._stepped(one, seconds * cost / sum(own))
        for one in drawn:
            if one.job.id in self.left and one.step == one.recipe.steps:
                await self._finish(one)

    def _stepped(self, one: Drawing, seconds: float) -> None:
        self.rows.charge(one, seconds)
        one.step += 1
        one.seconds += seconds
        self.hear(self.worker, Step(one.job.id, 0, one.index, one.step, one.recipe.steps, seconds))

    async def _finish(self, one: Drawing) -> None:
        seconds = DECODING * one.recipe.width * one.recipe.height / 1e6
        await asyncio.sleep(seconds)
        if one.job.id not in self.left:
            return
        self.rows.remove(one)
        self.hear(self.worker, Drawn(one.job.id, 0, one.index, one.seconds + seconds, b""))
        self.left[one.job.id] -= 1
        if not self.left[one.job.id]:
            del self.left[one.job.id]
            self.resting.pop(one.job.id, None)
            self.hear(self.worker, Ended(one.job.id, 0, "done"))


class Cards:
    """A `Pool` of such cards."""

    def __init__(
        self, count: int, slots: int, speeds: Mapping[str, float], loads: Mapping[str, float], seed: int
    ) -> None:
        chance = random.Random(seed)
        self.cards = [
            Card(Worker(f"card#{index}", "card"), slots, speeds, loads, random.Random(chance.random()))
            for index in range(count)
        ]
        self.workers = [card.worker for card in self.cards]
        self.tasks: list[asyncio.Task[None]] = []
        self._by_id = {card.worker.id: card for card in self.cards}

    def of(self, worker: Worker) -> Card:
        """The card of a worker."""
        return self._by_id[worker.id]

    async def start(self, listener: Callable[[Worker, Event], None]) -> None:
        for card in self.cards:
            card.hear = listener
            self.tasks.append(asyncio.create_task(card.draw()))

    async def draw(self, worker: Worker, job: Job, sources: Mapping[str, bytes]) -> None:
        self.of(worker).take(job)

    async def stop(self, worker: Worker, job: str) -> None:
        self.of(worker).drop(job)

    async def rest(self, worker: Worker, job: str, pictures: Sequence[int]) -> None:
        self.of(worker).rest(job, pictures)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
