"""/samplers: the samplers there are, each in a line."""

from __future__ import annotations

from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from bot.studio.studio import Studio
from engine.samplers import SAMPLERS


async def run(studio: Studio, request: Request, rest: str) -> Card:
    lines = (
        Field(Say("samplers.name", {"name": row.name}), row.zh if request.person.language == "zh" else row.en)
        for row in SAMPLERS.values()
    )
    return Card(text=Say("samplers.title"), fields=tuple(lines))


COMMAND = Command("samplers", ("采样器", "採樣器"), run)
