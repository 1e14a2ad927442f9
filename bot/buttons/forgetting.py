"""To be forgotten: planned by one who was asked twice, in three days, and until then taken back."""

from __future__ import annotations

from datetime import timedelta

from bot.chat import Button, Card, Press, Request, Say
from bot.studio import forgetting
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import leaving
from storage.leaving import Leave

COOLING = timedelta(days=3)  # time to think better of it
ME = "me"  # nobody else can be meant


async def forget(studio: Studio, press: Press) -> Card:
    """Plan it, and cancel what waits."""
    if not press.room.private:
        raise Refusal("forget.private")
    leave = Leave(press.person.id, studio.now() + COOLING, press.place, press.person.language)
    leave = await leaving.plan(studio.db, leave)
    await forgetting.stop(studio, press.person.id)
    return planned(studio, leave)


async def forget_cancel(studio: Studio, asked: Press | Request) -> Card:
    """Take it back. Raises Refusal `forget.nothing`."""
    if not await leaving.take_back(studio.db, asked.person.id):
        raise Refusal("forget.nothing")
    return Card(text=Say("forget.taken_back"))


def planned(studio: Studio, leave: Leave) -> Card:
    """When it will be, and the way back."""
    hours = max(1, round((leave.due - studio.now()) / timedelta(hours=1)))
    return Card(text=Say("forget.planned", {"hours": hours}), buttons=(Button("forget_cancel", ME),))
