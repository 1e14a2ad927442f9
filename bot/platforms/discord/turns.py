"""Whose turn it is: what one person asks for in a channel is done in the order in which they asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Who = tuple[str, str]  # a channel, a person
KEPT = 1000  # rows remembered before those that are over are forgotten


@dataclass(slots=True)
class Ticket:
    """A place in the row of somebody's wishes; one that nobody is before, without more."""

    before: asyncio.Event | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def come(self) -> AsyncIterator[None]:
        """Wait until what was asked before is done with; inside, it is this one's turn."""
        try:
            if self.before:
                await self.before.wait()
            yield
        finally:
            self.over.set()


class Turns:
    """The rows, of those who have asked for something that is not done with."""

    def __init__(self) -> None:
        self._last: dict[Who, Ticket] = {}

    def take(self, who: Who) -> Ticket:
        """Somebody's next place."""
        if len(self._last) > KEPT:
            self._last = {one: ticket for one, ticket in self._last.items() if not ticket.over.is_set()}
        last = self._last.get(who)
        ticket = self._last[who] = Ticket(last.over if last and not last.over.is_set() else None)
        return ticket
