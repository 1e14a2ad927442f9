"""The published limits: a message a second in a chat, twenty a minute in a group, thirty a second in all."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

SLACK = 0.05  # seconds that a clock on the way may differ


@dataclass(frozen=True, slots=True)
class Limit:
    count: int
    seconds: float


CHAT, GROUP, ALL = Limit(1, 1), Limit(20, 60), Limit(30, 1)


class Limits:
    """Counts posts and edits. `overruns` are those beyond a limit; with `enforce` they are refused too."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.enforce = clock, False
        self.overruns: list[str] = []
        self._taken: defaultdict[tuple[Limit, int], deque[float]] = defaultdict(deque)
        self._held: dict[tuple[str, int], float] = {}

    def hold(self, method: str, chat: int, seconds: float) -> None:
        """Refuse a method in a chat for so long, after having said so with a 429."""
        self._held[method, chat] = self.clock() + seconds

    def held(self, method: str, chat: int) -> int:
        """The seconds a method is still refused in a chat; to ask for it before is an overrun."""
        left = self._held.get((method, chat), 0) - self.clock()
        if left <= SLACK:
            return 0
        self.overruns.append(f"{method} in {chat} again {left:.2f} s before it may")
        return math.ceil(left)

    def take(self, method: str, chat: int, messages: int) -> int:
        """Note a request that makes or changes so many messages; the seconds to wait if it has to be refused,
        otherwise 0. An album counts once for its second and by its messages for a group's minute."""
        now = self.clock()
        limits = ((CHAT, chat), (ALL, 0), *(((GROUP, chat),) if chat < 0 else ()))
        over = [wait for limit, key in limits if (wait := self._wait(limit, key, now))]
        if over:
            self.overruns.append(f"{method} in {chat}: {max(over):.2f} s too soon")
            if self.enforce:
                return math.ceil(max(over))
        for limit, key in limits:
            self._taken[limit, key].extend([now] * (messages if limit is GROUP else 1))
        return 0

    def _wait(self, limit: Limit, key: int, now: float) -> float:
        taken = self._taken[limit, key]
        while taken and now - taken[0] >= limit.seconds - SLACK:
            taken.popleft()
        return 0.0 if len(taken) < limit.count else taken[-limit.count] + limit.seconds - now
