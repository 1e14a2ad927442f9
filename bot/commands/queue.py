"""/queue: what of mine waits or is being drawn, and how long everybody's queue is."""

from __future__ import annotations

from bot.chat import Button, Card, Field, Request, Say
from bot.commands.command import Command
from bot.people.quotas import allowance, until_midnight
from bot.studio.studio import Studio
from storage import jobs


async def run(studio: Studio, request: Request, rest: str) -> Card:
    standings = studio.queue.standings()
    mine = [kept.job for kept in await jobs.of_person(studio.db, request.person.id) if kept.job.id in standings]
    lines = []
    for job in mine:
        standing = standings[job.id]
        values = {"place": standing.place, "seconds": round(standing.seconds_left)}
        stands = Say("queue.place" if standing.place else "queue.drawing", values)
        if standing.resting:
            stands = Say("queue.resting", {"seconds": values["seconds"]})
        if standing.loading:
            stands = Say("queue.loading", {"model": standing.loading, "seconds": values["seconds"]})
        lines.append(Field(Say("queue.text", {"text": job.recipe.prompt.text[:60]}), stands))
    today = await allowance(studio.db, studio.rules.access, request, studio.now())
    if today.pictures and not request.person.admin:
        values = {"left": today.left, "limit": today.pictures, "hours": until_midnight(studio.now())}
        lines.append(Field(Say("queue.today"), Say("queue.left", values)))
    return Card(
        text=Say("queue.length", {"waiting": len(studio.queue), "running": studio.queue.running, "mine": len(mine)}),
        fields=tuple(lines),
        buttons=tuple(Button("cancel", job.id) for job in mine),
    )


COMMAND = Command("queue", ("队列", "隊列", "排队"), run)
