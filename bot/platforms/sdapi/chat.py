"""The API as a chat platform: a request waits for the last card of its job, as a person would."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from bot.chat import Card, Desk, People, Person, Press, Request
from bot.errors import Rejected
from bot.platforms.sdapi.settings import SdapiSettings
from bot.platforms.web.session import Attempts
from bot.studio.guides import Maker
from engine.job import Progress, State
from storage import jobs
from storage.database import Database
from storage.jobs import Place

UNDER_WAY = (State.WAITING, State.RUNNING)
LOOK = 0.25  # seconds between two looks at whether whoever asked is still there


@dataclass(slots=True, eq=False)
class OpenRequest:
    """A request that waits for its pictures: of whom, its last card, the job that it became, how far that is, and
    whether nobody wants it any more."""

    person: str
    pictures: int
    card: asyncio.Future[Card]
    job: str = ""
    progress: Progress | None = None
    unwanted: bool = False
    cancelled: bool = field(default=False)


class HungUp(Exception):
    """Whoever asked has hung up, or the program ends: there is nobody to answer."""


class SdapiChat:
    """A bot.chat.Chat whose people are programs. Nothing stands anywhere: a card is heard by the request that waits for
    it, and by nobody where that is over."""

    platform = "sdapi"
    pace = 0.1

    def __init__(
        self,
        db: Database,
        settings: SdapiSettings,
        people: People,
        maker: Callable[[Request, int], Awaitable[Maker]] | None = None,
    ) -> None:
        self.db = db
        self.maker = maker  # what makes maps for so many pictures of a request
        self.settings = settings
        self.people = people
        self.attempts = Attempts()
        self._desk: Desk | None = None
        self._asking: dict[str, OpenRequest] = {}

    async def listen(self, desk: Desk) -> None:
        """Take requests from now on, which the page's server hands on. What an earlier run left is nobody's."""
        for kept in await jobs.unanswered(self.db, (self.platform,)):
            await self._give_up(kept.job.id)
        self._desk = desk

    async def send(self, place: Place, card: Card, key: str) -> Place:
        self._hear(place, card)
        return Place(self.platform, place.chat, key)

    async def edit(self, place: Place, card: Card) -> None:
        self._hear(place, card)

    async def renew(self, place: Place, card: Card, key: str) -> None:
        """There is nothing to press here."""

    async def remove(self, place: Place) -> None:
        raise Rejected("what was answered stays answered")

    async def close(self) -> None:
        """Give up every request that waits: a program that is told nothing asks again, and nobody fetches the rest."""
        self._desk = None
        for asking in list(self._asking.values()):
            if not asking.card.done():
                asking.card.set_exception(HungUp())
            if asking.job:
                await self._give_up(asking.job)

    async def draw(self, request: Request, pictures: int, gone: Callable[[], bool]) -> Card:
        """The last card that a request is answered with; `gone` tells whether whoever asked has hung up, which cancels
        what is drawn for them. Raises HungUp."""
        if self._desk is None:
            raise HungUp
        asking = OpenRequest(request.person.id, pictures, asyncio.get_running_loop().create_future())
        self._asking[request.place.chat] = asking
        try:
            await self._desk.request(request)
            while not asking.card.done():
                await asyncio.wait({asking.card}, timeout=LOOK)
                if (asking.unwanted or gone()) and asking.job and not asking.cancelled:
                    asking.cancelled = True
                    await self._cancel(request.person, asking.job)
            return asking.card.result()
        finally:
            del self._asking[request.place.chat]

    def interrupt(self, person: str) -> None:
        """Cancel all that is drawn for a person here."""
        for asking in self.asked_by(person):
            asking.unwanted = True

    def asked_by(self, person: str) -> Iterator[OpenRequest]:
        """What a person waits for, the newest last."""
        return (one for one in self._asking.values() if one.person == person)

    async def _give_up(self, job: str) -> None:
        await jobs.end(self.db, job, State.CANCELLED)
        await jobs.answered(self.db, job)

    async def _cancel(self, person: Person, job: str) -> None:
        if self._desk is not None:
            key = f"sdapi:{secrets.token_hex(8)}"
            await self._desk.press(
                Press(person=person, place=Place(self.platform, ""), action="cancel", target=job, key=key)
            )

    def _hear(self, place: Place, card: Card) -> None:
        asking = self._asking.get(place.chat)
        if asking is None:
            return
        asking.job = card.job or asking.job
        if card.state in UNDER_WAY:
            asking.progress = card.progress or asking.progress
        elif not asking.card.done():
            asking.card.set_result(card)
