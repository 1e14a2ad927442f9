"""/samplers: the samplers there are, each in a line with the schedules it is offered with."""

from __future__ import annotations

from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from bot.studio.studio import Studio
from engine.samplers import groups
from prompts.traditional import called


async def run(studio: Studio, request: Request, rest: str) -> Card:
    lines = (
        Field(
            Say("samplers.name", {"name": " · ".join((row.name, *also))}),
            called(row.zh, row.en, request.person.language),
        )
        for row, also in groups()
    )
    return Card(text=Say("samplers.title"), fields=tuple(lines))


COMMAND = Command("samplers", ("采样器", "採樣器"), run)
