"""When the next message may go out: Telegram's published limits, kept before it has to refuse anything.

Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CHAT = 1.0  # seconds between two messages in a chat
GROUP, MINUTE = 20, 60.0  # messages in a group, in so many seconds
ALL, SECOND = 30, 1.0  # messages in all chats, in so many seconds
SPARE_GAP = 4.0  # seconds between a group's last message and a mere edit of progress: a quarter stays for answers
SPARE_GROUP, SPARE_ALL = 12, 20  # what mere progress may use of the two limits
AGAIN = 0.02  # seconds until it is looked again whether there is room
KEPT = 1000  # chats remembered before the quiet ones are forgotten


@dataclass(slots=True)
class ChatBudget:
    """A chat: one message at a time, when the last one arrived, and those of a group's last minute."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    last: float = -MINUTE
    minute: deque[float] = field(default_factory=deque)
    held: float = 0.0


class RateLimiter:
    """Turns to send. A message counts from when its reply came: Telegram counted it then at the latest, so however long
    it was on its way, the next one is not too soon."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._lanes: dict[int, ChatBudget] = {}
        self._arrived: deque[float] = deque()
        self._under_way = 0

    @asynccontextmanager
    async def turn(self, chat: int, messages: int = 1, *, spare: bool = False) -> AsyncIterator[None]:
        """Wait until so many messages may go to a chat; send them inside. `spare` waits until nobody needs the room
        for anything better. Groups have negative ids."""
        lane = self._lane(chat)
        if spare:
            while lane.lock.locked() or lane.waiting or (wait := self._wait(lane, chat, 1, spare=True)) > 0:
                await self._sleep(CHAT if lane.lock.locked() or lane.waiting else wait)
        lane.waiting += 1
        try:
            await lane.lock.acquire()
        finally:
            lane.waiting -= 1
        try:
            while (wait := self._wait(lane, chat, messages, spare=False)) > 0:
                await self._sleep(wait)
            self._under_way += 1
            try:
                yield
            finally:
                self._under_way -= 1
                now = lane.last = self._clock()
                self._arrived.append(now)
                lane.minute.extend([now] * messages)
        finally:
            lane.lock.release()

    def hold(self, chat: int, seconds: float) -> None:
        """Send nothing to a chat for so long, as a 429 asks."""
        self._lane(chat).held = self._clock() + seconds

    def _lane(self, chat: int) -> ChatBudget:
        if len(self._lanes) > KEPT:
            before = self._clock() - MINUTE
            busy = {id: one for id, one in self._lanes.items() if one.lock.locked() or one.waiting or one.last > before}
            self._lanes = busy
        return self._lanes.setdefault(chat, ChatBudget())

    def _wait(self, lane: ChatBudget, chat: int, messages: int, *, spare: bool) -> float:
        """Seconds until there is room; 0 or less: now."""
        now = self._clock()
        gap = SPARE_GAP if spare and chat < 0 else CHAT
        waits = [lane.held - now, lane.last + gap - now]
        if chat < 0:
            _forget(lane.minute, now - MINUTE)
            over = len(lane.minute) + messages - (SPARE_GROUP if spare else GROUP)
            if over > 0:
                waits.append(lane.minute[min(over, len(lane.minute)) - 1] + MINUTE - now)
        _forget(self._arrived, now - SECOND)
        over = len(self._arrived) + self._under_way + 1 - (SPARE_ALL if spare else ALL)
        if over > 0:
            room = self._arrived[min(over, len(self._arrived)) - 1] + SECOND if self._arrived else now
            waits.append(max(room - now, AGAIN))  # those under way may take longer than that
        return max(waits)


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
