"""Progress: the newest card of every job that goes on, shown where Discord has room to spare. How the job ends never
waits for it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import discord

from bot.errors import Gone, Unreachable
from bot.platforms.discord import delivery, rest
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import Pending
from bot.platforms.discord.rest import Body, Flight
from storage.jobs import Place

log = logging.getLogger(__name__)

LOOK = 0.25  # seconds until it is looked again whether there is room
LANDING = 5.0  # seconds that what has gone out gets to arrive


class SpareEdits:
    """Edits in spare turns. Nothing here matters enough to be tried twice."""

    def __init__(self, context: DiscordContext) -> None:
        self._context = context
        self._newest: dict[Place, tuple[Body, Pending | None]] = {}
        self._shown: dict[Place, Body] = {}  # what stands where something is under way
        self._tasks: dict[Place, asyncio.Task[None]] = {}
        self._flights: dict[Place, Flight] = {}

    def posted(self, place: Place, body: Body) -> None:
        """This stands at a place already."""
        self._shown[place] = body

    def show(self, place: Place, body: Body, pending: Pending | None) -> None:
        """Show this when there is room; what is older and still waits never will be. What says nothing new is left
        out."""
        if self._shown.get(place) == body:
            self._newest.pop(place, None)
            return
        self._newest[place] = body, pending
        if place not in self._tasks:
            task = self._tasks[place] = asyncio.create_task(self._move(place))
            task.add_done_callback(lambda _: self._tasks.pop(place, None))

    async def stop(self, place: Place) -> None:
        """Nothing more there: what is on its way arrives first, what waits never will."""
        self._newest.pop(place, None)
        if task := self._tasks.get(place):
            if flight := self._flights.get(place):
                with suppress(TimeoutError):
                    await asyncio.wait_for(flight.landed.wait(), LANDING)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._shown.pop(place, None)

    async def close(self) -> None:
        for place in list(self._tasks):
            await self.stop(place)

    async def _move(self, place: Place) -> None:
        while newest := self._newest.get(place):
            body, pending = newest
            if not delivery.spare(self._context, place, pending):
                await asyncio.sleep(LOOK)
                continue
            try:
                with rest.flight() as self._flights[place]:
                    await delivery.edit(self._context, place, body, pending)
                self._shown[place] = body
            except (Gone, Unreachable, discord.DiscordException, OSError) as error:
                log.info("progress at %s was not shown: %s", place, error)
            finally:
                self._flights.pop(place, None)
            if self._newest.get(place) is newest:
                del self._newest[place]
