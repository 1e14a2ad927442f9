"""The news of jobs, told to one listener: changes as they come, and everybody's place and seconds left now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from engine.job import Job, Picture, Progress

log = logging.getLogger(__name__)

STANDINGS_EVERY = 1.0  # seconds between two rounds of places and times told to those who wait
BEHIND = 1000  # pieces of news that nobody has heard yet, beyond which no standings are added
STANDINGS_A_SECOND = 2000  # where more wait, rounds are rarer: to reckon one takes some 20 µs


@dataclass(frozen=True, slots=True)
class Changed:
    """A job is in another state, or in the same one after a worker of it died (`job.attempt` has grown)."""

    job: Job


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a job: its pictures in the order of its recipes, of one that was given up those that were
    finished, or a text key that says why there are none. `seconds` is how long it was drawn by the clock, on however
    many devices."""

    job: Job
    pictures: tuple[Picture, ...] = ()
    key: str = ""
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    seconds: float = 0.0


Listener = Callable[[Changed | Progress | Finished], Awaitable[None]]


class News:
    """Tells the listener what it is given, one after the other. `standings` gives the place and seconds left of every
    job; they are told a while after something has changed, and again as long as there are any."""

    def __init__(self, listener: Listener, standings: Callable[[], Mapping[str, Progress]]) -> None:
        self._listener = listener
        self._standings = standings
        self._untold: asyncio.Queue[Changed | Progress | Finished | None] = asyncio.Queue()
        self._telling: asyncio.Task[None] | None = None
        self._round: asyncio.TimerHandle | None = None
        self._told = 0  # standings in the last round

    def start(self) -> None:
        """Begin to tell."""
        self._telling = asyncio.ensure_future(self._tell())

    def hush(self) -> None:
        """Tell no standings any more."""
        if self._round:
            self._round.cancel()

    async def close(self) -> None:
        """Tell what has happened so far, and end."""
        self._untold.put_nowait(None)
        if self._telling:
            await asyncio.gather(self._telling, return_exceptions=True)

    def put(self, news: Changed | Progress | Finished) -> None:
        """Have something told after all that came before it."""
        self._untold.put_nowait(news)

    def put_step(self, news: Progress) -> None:
        """Have a step of a job told, unless the listener is far behind, as it is while it waits for a store of pictures
        that is away: with their previews, steps of minutes would fill the memory, and the next one knows better."""
        if self._untold.qsize() <= BEHIND:
            self.put(news)

    def standings_soon(self) -> None:
        """Have the standings told, all that changes until then in one round."""
        if self._round is None:
            wait = max(STANDINGS_EVERY, self._told / STANDINGS_A_SECOND)
            self._round = asyncio.get_running_loop().call_later(wait, self.tell_standings)

    def tell_standings(self) -> None:
        """Have the standings told at once."""
        self._round = None
        told = self._standings()
        self._told = len(told)
        if self._untold.qsize() <= BEHIND:  # else the listener would hear of places that are no more
            for one in told.values():
                self.put(one)
        if told:
            self.standings_soon()

    async def _tell(self) -> None:
        while (news := await self._untold.get()) is not None:
            try:
                await self._listener(news)
            except Exception:  # one job's listener must not silence the others
                log.exception("listener failed on %s", getattr(news, "job", news))
