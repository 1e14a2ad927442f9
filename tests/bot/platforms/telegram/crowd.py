"""Many people in many groups at once, with Telegram's limits enforced."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from bot.platforms.telegram.rate_limiter import ALL, CHAT, GROUP, MINUTE, RateLimiter
from tests.bot.platforms.telegram.conftest import House
from tests.fakes import FakePool
from tests.peers.telegram import Chat, TelegramServer, User

PATIENCE = 900  # seconds: on a busy machine it is the processor that people wait for
CALLS = 2  # that a request takes at least: its message, and the picture put into it


@dataclass(frozen=True, slots=True)
class Crowd:
    """What became of everybody's request: seconds until its first answer and until its picture; the messages there are
    at the end, the calls refused with a 429, and the seconds from the first request to the last picture."""

    first: list[float]
    last: list[float]
    messages: int
    refused: int
    seconds: float


def floor(people: int, groups: int, within: float) -> float:
    """The seconds below which no bot can answer so many: by the limit of all chats, of a chat and of a group."""
    calls = CALLS * people
    fullest = CALLS * -(-people // groups)
    minutes = (fullest - 1) // GROUP
    return max(within, calls / ALL, fullest * CHAT, minutes * MINUTE)


async def crowd(folder: Path, people: int, groups: int, within: float, *, speed: float = 1.0) -> Crowd:
    """So many people in so many groups ask for a picture within so many seconds; with a `speed` above 1 Telegram's
    clock, and the bot's for it, runs faster."""

    def clock() -> float:
        return time.monotonic() * speed

    async with TelegramServer() as server:
        server.clock = clock
        server.limits.enforce = True
        pool = FakePool(workers=4, slots=8, seconds=0.1 / speed)
        limiter = RateLimiter(clock, lambda seconds: asyncio.sleep(seconds / speed))
        house = House(folder, server, pool, limiter)
        await house.open()
        users = [server.user(f"P{at}", language="zh-hans") for at in range(people)]
        rooms = [server.group(f"G{at}", users[at::groups]) for at in range(groups)]

        async def ask(at: int, user: User, room: Chat) -> tuple[float, float]:
            await asyncio.sleep(at * within / people / speed)
            said = await room.say(user, "/imagine 一只红苹果")
            asked = clock()
            await room.answer(lambda one: one.reply_to is said, seconds=PATIENCE)
            first = clock()
            await room.answer(lambda one: one.photo and one.reply_to is said, seconds=PATIENCE)
            return first - asked, clock() - asked

        began = clock()
        waited = await asyncio.gather(*(ask(at, user, rooms[at % groups]) for at, user in enumerate(users)))
        seconds = clock() - began
        await house.close()
        first, last = (sorted(one[at] for one in waited) for at in (0, 1))
        return Crowd(first, last, len(server.sent), len(server.limits.overruns), seconds)
