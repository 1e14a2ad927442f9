"""Turns to send, on a clock of the test's own."""

from __future__ import annotations

import asyncio
import heapq
import itertools

import pytest

from bot.platforms.telegram.rate_limiter import RateLimiter
from tests.peers.telegram.limits import Limits


class Hours:
    """A clock that goes on when everybody waits for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + max(seconds, 0.001), self._count, future))
        await future

    async def run(self, *tasks: asyncio.Task[None]) -> None:
        while not all(task.done() for task in tasks):
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers:
                self.now, _, future = heapq.heappop(self._sleepers)
                if not future.done():
                    future.set_result(None)
        for task in tasks:
            task.result()


async def send(
    hours: Hours, limiter: RateLimiter, limits: Limits, chat: int, log: list[float], *, spare: bool = False
) -> None:
    async with limiter.turn(chat, spare=spare):
        limits.take("sendMessage", chat, 1)
        await hours.sleep(0.03)  # the way to Telegram and back
    log.append(hours.now)


@pytest.fixture
def hours() -> Hours:
    return Hours()


async def test_three_hundred_people_in_fifty_groups(hours: Hours) -> None:
    """A status message and a picture each, all asked for at once, and progress edits in between."""
    limiter, limits = RateLimiter(hours.clock, hours.sleep), Limits(hours.clock)
    done: list[float] = []
    spare: list[float] = []

    async def one(chat: int) -> None:
        await send(hours, limiter, limits, chat, [])
        edit = asyncio.create_task(send(hours, limiter, limits, chat, spare, spare=True))
        await send(hours, limiter, limits, chat, done)
        edit.cancel()
        await asyncio.gather(edit, return_exceptions=True)

    await hours.run(*(asyncio.create_task(one(-1 - at % 50)) for at in range(300)))
    assert limits.overruns == [] and len(done) == 300
    assert max(done) <= 60, "six people in a group need twelve of its twenty messages a minute"


async def test_progress_takes_only_what_is_spare(hours: Hours) -> None:
    limiter, limits = RateLimiter(hours.clock, hours.sleep), Limits(hours.clock)
    edits: list[float] = []
    answers: list[float] = []

    async def progress() -> None:
        for _ in range(30):
            await send(hours, limiter, limits, -5, edits, spare=True)

    async def answer() -> None:
        await hours.sleep(40.0)
        for _ in range(6):
            await send(hours, limiter, limits, -5, answers)

    await hours.run(asyncio.create_task(progress()), asyncio.create_task(answer()))
    assert limits.overruns == []
    assert answers[-1] < 50, "answers never wait for a group's minute that progress has used up"
    assert all(later - before >= 4 for before, later in itertools.pairwise(edits))


async def test_a_chat_on_hold_says_nothing_and_others_go_on(hours: Hours) -> None:
    limiter, limits = RateLimiter(hours.clock, hours.sleep), Limits(hours.clock)
    held: list[float] = []
    free: list[float] = []
    limiter.hold(7, 12.0)
    await hours.run(
        asyncio.create_task(send(hours, limiter, limits, 7, held)),
        asyncio.create_task(send(hours, limiter, limits, 8, free)),
    )
    assert held[0] >= 12 > 1 > free[0]


async def test_an_album_counts_by_its_messages_in_a_group(hours: Hours) -> None:
    limiter = RateLimiter(hours.clock, hours.sleep)
    log: list[float] = []

    async def albums() -> None:
        for _ in range(3):
            async with limiter.turn(-3, 10):
                log.append(hours.now)

    await hours.run(asyncio.create_task(albums()))
    assert log[1] < 2 and log[2] >= 60
