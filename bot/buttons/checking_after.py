"""Pictures that are looked at when they are drawn, for those who wish for it: what is missing is told beneath them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from bot.buttons import checking
from bot.chat import Button, Card, Field, Person, Press, Say
from bot.errors import Closed, Gone, Rejected, Unreachable
from bot.people import access
from bot.studio import cards
from bot.studio.studio import Studio
from engine.job import Progress, State
from engine.queue.news import Changed, Finished
from prompts.errors import Refusal
from storage import facts, jobs, people, pictures
from storage.jobs import Kept
from storage.pictures import PictureRow

log = logging.getLogger(__name__)
SETTING = "check"  # of a person
ELSEWHERE = frozenset({"console", "sdapi"})  # where an answer is one message, and what more is told stands in it
UNTOLD = "check.untold."  # the facts that a job's pictures are looked at, until what is seen was told
MOST = 4  # pictures of a job that are looked at


class ChecksAfter:
    """What hears of finished jobs, beside the studio, and looks at their pictures where that is wished for."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._tasks: set[asyncio.Task[None]] = set()

    async def hear(self, news: Changed | Progress | Finished) -> None:
        """The queue's news."""
        if not isinstance(news, Finished) or news.job.state is not State.DONE or not news.pictures:
            return
        kept = await jobs.get(self._studio.db, news.job.id)
        if kept is None or kept.place.platform in ELSEWHERE or kept.comparison is not None:
            return
        if kept.check or (await people.settings(self._studio.db, kept.job.owner)).get(SETTING) is True:
            await facts.set_fact(self._studio.db, f"{UNTOLD}{kept.job.id}", True)
            self._begin(kept)

    async def go_on(self) -> None:
        """Look at what the last run was not done with."""
        for key in await facts.beginning(self._studio.db, UNTOLD):
            kept = await jobs.get(self._studio.db, key.removeprefix(UNTOLD))
            if kept is None:  # its person was forgotten
                await facts.forget(self._studio.db, key)
            elif kept.place.platform in self._studio.chats:
                self._begin(kept)

    def _begin(self, kept: Kept) -> None:
        task = asyncio.create_task(self._check(kept))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is being looked at; the next run goes on with it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _check(self, kept: Kept) -> None:
        place, key = replace(kept.place, message=""), f"{kept.job.id}+check"
        try:
            if card := await self._card(kept):
                await self._studio.chats[place.platform].send(place, card, key)
        except (Closed, Gone, Rejected, Unreachable) as error:
            log.warning("the check of job %s was not told: %s", kept.job.id, error)
        except Exception:
            log.exception("the check of job %s failed", kept.job.id)
        with suppress(Refusal):
            await facts.forget(self._studio.db, f"{UNTOLD}{kept.job.id}")

    async def _card(self, kept: Kept) -> Card | None:
        """What is told, None for nothing: that nobody knows what was asked for is told to who asked for the check."""
        studio = self._studio
        person = Person(kept.job.owner, "", kept.language)
        rows = (await pictures.of_job(studio.db, kept.job.id))[:MOST]
        asked = Press(person=person, place=kept.place, action="check_drawn", target="", key="")
        try:
            await access.may_look(studio.db, studio.rules.access, asked, studio.now())
            found = [await checking.of_picture(studio, person, row) for row in rows]
        except Refusal as refusal:
            return cards.error(refusal) if kept.check else None
        return found[0] if len(found) == 1 else _several(rows, found) if found else None


def _several(rows: Sequence[PictureRow], found: Sequence[Card]) -> Card:
    """One card for the pictures of a job; each has its own behind a button."""
    lines = tuple(Field(Say("drawn_check.number", {"number": at}), one.text) for at, one in enumerate(found, start=1))
    buttons = tuple(
        Button("check_drawn", row.id, label=Say("drawn_check.number", {"number": at}))
        for at, row in enumerate(rows, start=1)
    )
    return Card(text=Say("drawn_check.several", {"count": len(rows)}), fields=lines, buttons=buttons)
