"""/samplers: the samplers there are, each in a line with the schedules it is offered with, and those of A1111's way."""

from __future__ import annotations

from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from bot.studio.studio import Studio
from engine import a1111
from engine.samplers import groups
from prompts.traditional import called


async def run(studio: Studio, request: Request, rest: str) -> Card:
    lines = [
        Field(
            Say("samplers.name", {"name": " · ".join((row.name, *also))}),
            called(row.zh, row.en, request.person.language),
        )
        for row, also in groups()
    ]
    lines.append(Field(Say("samplers.like"), " · ".join(a1111.SAMPLERS)))
    lines.append(Field(Say("samplers.schedules"), " · ".join(a1111.SCHEDULES)))
    return Card(text=Say("samplers.title"), fields=tuple(lines))


COMMAND = Command("samplers", ("采样器", "採樣器"), run)
