"""/cancel: one's latest job, a named one, or all of them."""

from __future__ import annotations

from bot.chat import Card, Request, Say
from bot.commands.command import Command
from bot.people import owned
from bot.studio.studio import Studio
from engine.job import Lane
from prompts.errors import Refusal
from storage import jobs

ALL = frozenset({"all", "全部", "所有"})
LOOKED_AT = 1000  # of a person's latest jobs: more than may ever wait


async def run(studio: Studio, request: Request, rest: str) -> Card:
    if rest and rest.lower() not in ALL:
        wanted = [(await owned.job(studio.db, request.person, rest.strip())).job.id]
    else:
        latest = await jobs.of_person(studio.db, request.person.id, LOOKED_AT)
        asked = [kept.job.id for kept in latest if kept.job.lane is Lane.INTERACTIVE]  # no samples of a training
        wanted = [job for job in asked if job in studio.queue][: None if rest else 1]
    stopped = sum([studio.queue.cancel(job) for job in wanted])
    if not stopped:
        raise Refusal("job.ended_already" if wanted else "cancel.nothing")
    return Card(text=Say("cancel.done", {"count": stopped}))


COMMAND = Command("cancel", ("取消", "stop"), run)
