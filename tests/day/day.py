"""A day that has been lived through: who had how much, who waited how long, and how true what they were told was."""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from unittest.mock import patch

from engine.job import Job, Progress
from engine.queue.estimate import Estimate
from engine.queue.exchange import Balance
from engine.queue.news import Changed, Finished
from engine.queue.pool import Event, Worker
from engine.queue.queue import Queue
from engine.wire import Step
from prompts.errors import Refusal
from tests.day import clock
from tests.day.cards import Cards
from tests.day.people import Asked

SPEEDS = {"danqing-demo": 0.25, "anime": 0.4, "photo": 0.4}
LOADS = {"danqing-demo": 3.0, "anime": 9.0, "photo": 12.0}
LOOK = 5.0  # seconds between two looks at who waits
WINDOW = 120.0  # seconds over which shares are compared


@dataclass(slots=True)
class Newcomer:
    """Somebody who had nothing here and asks: when, whether a card that loads no other held the model then, the calls
    of each card so far; later how many calls of the card and seconds it took until the first step was done."""

    at: float
    held: bool
    turns: Mapping[str, int]
    calls: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Told:
    """What somebody was told it would take when asking, and what it took."""

    at: float
    seconds: float
    took: float = 0.0


@dataclass(slots=True)
class Day:
    """What was seen: the fairness of each window in which two or more people waited all the time, newcomers, what was
    told; `refused` jobs, `kept` the most half-drawn pictures that rested on a card."""

    fairness: list[tuple[float, int]] = field(default_factory=list)
    newcomers: dict[str, Newcomer] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    ended: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    kept: int = 0

    @property
    def jain(self) -> float:
        """Jain's index of the device-seconds of those who wait, over all windows, each by how many waited in it."""
        people = sum(count for _, count in self.fairness)
        return sum(index * count for index, count in self.fairness) / people if people else 1.0

    @property
    def soon(self) -> float:
        """The share of newcomers, among those whose model was there, who had their first step within two calls."""
        known = [one for one in self.newcomers.values() if one.held and one.calls]
        return sum(one.calls <= 2 for one in known) / max(1, len(known))

    @property
    def first_steps(self) -> list[float]:
        """The seconds until the first step of all newcomers whose model was there."""
        return sorted(one.seconds for one in self.newcomers.values() if one.held and one.calls)

    @property
    def error(self) -> float:
        """The median error of what was told."""
        return statistics.median(self.errors)

    @property
    def errors(self) -> list[float]:
        """How far what was told was from what it took, as a share of that."""
        return [abs(one.seconds - one.took) / one.took for one in self.told.values() if one.took]


def jain(values: Sequence[float]) -> float:
    """Jain's index: 1 where all have the same, 1/n where one has all."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


class _Stubborn(Balance):
    """Nobody gives way to anybody."""

    def exchange(self, *, line: bool = True) -> None:
        return None


def lived(asked: Asked, *, cards: int, slots: int, seed: int = 0, gives_way: bool = True) -> Day:
    """A day in which this was asked for, until the last of it is drawn."""
    with patch("engine.queue.queue.Balance", Balance if gives_way else _Stubborn):
        return clock.run(_lived(asked, cards, slots, seed, known()))


def known() -> Estimate:
    """What has been learnt by then: the first day is over."""
    return Estimate(
        speeds={model: 1.15 * speed for model, speed in SPEEDS.items()},
        devices={"card": {model: 1.15 * speed for model, speed in SPEEDS.items()}},
        loads=dict(LOADS),
    )


async def _lived(asked: Asked, cards: int, slots: int, seed: int, estimate: Estimate) -> Day:
    day, here, loop = Day(), Counter[str](), asyncio.get_running_loop()
    pool = _Watched(Cards(cards, slots, SPEEDS, LOADS, seed), day)
    all_ended = asyncio.Event()

    def over() -> None:
        if day.refused + sum(day.ended.values()) == len(asked):
            all_ended.set()

    async def hear(news: Changed | Progress | Finished) -> None:
        if isinstance(news, Finished):
            day.ended[news.job.state] += 1
            here[news.job.owner] -= 1
            day.told[news.job.id].took = loop.time() - day.told[news.job.id].at
            over()

    queue = Queue(pool, hear, _fetch, per_person=30, in_all=2000, estimate=estimate, clock=loop.time)
    await queue.start()
    looking = asyncio.create_task(pool.look(queue))
    for at, job in asked:
        await asyncio.sleep(max(0.0, at - loop.time()))
        try:
            queue.admit(job.owner)
        except Refusal:
            day.refused += 1
            continue
        if not here[job.owner]:
            day.newcomers[job.id] = pool.newcomer(job)
        here[job.owner] += 1
        queue.put(job)
        day.told[job.id] = Told(loop.time(), queue.standings()[job.id].seconds_left)
    over()
    ending = asyncio.create_task(all_ended.wait())
    done, _ = await asyncio.wait({ending, looking, *pool.cards.tasks}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*done)  # which raises what went wrong with a card
    looking.cancel()
    await queue.close()
    day.kept = max(card.kept for card in pool.cards.cards)
    return day


async def _fetch(picture: str) -> bytes:
    raise AssertionError("nothing is drawn over here")


class _Watched:
    """A `Pool` of cards that writes down what it sees."""

    def __init__(self, cards: Cards, day: Day) -> None:
        self.cards = cards
        self.workers = cards.workers
        self.draw, self.stop, self.rest, self.close = cards.draw, cards.stop, cards.rest, cards.close
        self._day = day
        self._had: dict[str, float] = defaultdict(float)
        self._now = asyncio.get_running_loop().time

    async def start(self, listener: Callable[[Worker, Event], None]) -> None:
        def hear(worker: Worker, event: Event) -> None:
            if isinstance(event, Step):
                self._stepped(worker, event)
            listener(worker, event)

        await self.cards.start(hear)

    def newcomer(self, job: Job) -> Newcomer:
        """Somebody who asks now."""
        held = any(job.recipe.model in card.models and not card.worker.loading for card in self.cards.cards)
        return Newcomer(self._now(), held, {card.worker.id: card.turns for card in self.cards.cards})

    def _stepped(self, worker: Worker, event: Step) -> None:
        self._had[worker.jobs[event.job].owner] += event.seconds
        new = self._day.newcomers.get(event.job.partition("/")[0])
        if new and not new.calls:
            new.calls = self.cards.of(worker).turns - new.turns[worker.id]
            new.seconds = self._now() - new.at

    async def look(self, queue: Queue) -> None:
        """Compare the shares of those who wait, window by window."""
        while True:
            before, waited = dict(self._had), self._waiting(queue)
            for _ in range(int(WINDOW / LOOK)):
                await asyncio.sleep(LOOK)
                waited &= self._waiting(queue)
            if len(waited) > 1:
                shares = [self._had[owner] - before.get(owner, 0.0) for owner in waited]
                self._day.fairness.append((jain(shares), len(waited)))

    def _waiting(self, queue: Queue) -> set[str]:
        """Who has a picture that is in no row."""
        line = {course.job.owner for course in queue._courses.values() if course.waiting or course.held}
        cards = {one.job.owner for card in self.cards.cards for one in (*card.waiting, *card.aside)}
        return line | cards
