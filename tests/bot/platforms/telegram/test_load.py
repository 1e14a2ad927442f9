"""Many people in many groups at once, with Telegram's limits enforced on a clock that runs faster."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.bot.platforms.telegram.conftest import FAST, House
from tests.peers.telegram import Chat, TelegramServer, User


@pytest.mark.parametrize(("people", "groups"), [(40, 8), pytest.param(300, 50, marks=pytest.mark.speed)])
async def test_everybody_is_answered_once_within_the_limits(
    house: House, server: TelegramServer, people: int, groups: int
) -> None:
    start = time.monotonic()
    server.clock = lambda: start + (time.monotonic() - start) * FAST
    server.limits.enforce = True
    users = [server.user(f"P{at}", language="zh-hans") for at in range(people)]
    rooms = [server.group(f"G{at}", users[at::groups]) for at in range(groups)]

    async def ask(user: User, room: Chat) -> None:
        said = await room.say(user, "/imagine 一只红苹果")
        await room.answer(lambda one: one.photo and one.reply_to is said, seconds=120)

    await asyncio.gather(*(ask(user, rooms[at % groups]) for at, user in enumerate(users)))
    assert [len(room.answers) for room in rooms] == [people // groups] * groups
    assert server.limits.overruns == []
    print(f"\n{people} people in {groups} groups: {(time.monotonic() - start) * FAST:.0f} s of Telegram's time")
