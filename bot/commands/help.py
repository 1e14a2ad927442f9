"""/help: every command in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from bot.studio.cards import quality
from bot.studio.studio import Studio
from engine.qualities import QUALITIES

NAME = "help"


def command(others: Sequence[Command]) -> Command:
    """The command that lists these and itself."""
    names = (*(one.name for one in others), NAME)

    async def run(studio: Studio, request: Request, rest: str) -> Card:
        lines = (Field(Say(f"command.{name}.usage"), Say(f"command.{name}")) for name in names)
        qualities = (Field(Say("quality.usage", {"name": name}), quality(name)) for name in filter(None, QUALITIES))
        return Card(text=Say("help.title"), fields=(*lines, *qualities))

    return Command(NAME, ("帮助", "幫助", "start"), run)
