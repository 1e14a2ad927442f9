"""What the servers of all platforms have in common: they start, judge, remember and are waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, Self, TypeVar

from tests.peers.changes import WAIT, Changes

Message = TypeVar("Message")
Limits = TypeVar("Limits")


class World(Protocol[Message]):
    clock: Callable[[], float]
    changes: Changes
    violations: list[str]
    sent: list[Message]


class Http(Protocol[Limits]):
    limits: Limits

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Peer(Generic[Message, Limits]):
    """A world and the server before it; leaving the block asserts that nothing forbidden was sent."""

    def __init__(self, world: World[Message], http: Http[Limits]) -> None:
        self._world, self._http = world, http

    async def __aenter__(self) -> Self:
        await self._http.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self._http.stop()
        if kind is None:
            assert not self.violations, "\n".join(self.violations)

    @property
    def violations(self) -> list[str]:
        """What was sent against the published description and limits, or answered against it by this server."""
        return self._world.violations

    @property
    def limits(self) -> Limits:
        return self._http.limits

    @property
    def sent(self) -> list[Message]:
        """All that the bot posted, deleted or not, in order."""
        return self._world.sent

    @property
    def clock(self) -> Callable[[], float]:
        """The seconds of ids, dates, limits and expiry."""
        return self._world.clock

    @clock.setter
    def clock(self, clock: Callable[[], float]) -> None:
        self._world.clock = clock

    async def until(self, true: Callable[[], object], seconds: float = WAIT) -> None:
        """Wait until something is true; looked at anew whenever anything here changes."""
        await self._world.changes.expect(true, seconds)
