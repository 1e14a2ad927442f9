"""/help: every command in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from bot.studio.cards import quality
from engine.qualities import QUALITIES

if TYPE_CHECKING:
    from bot.studio.studio import Studio


async def run(studio: Studio, request: Request, rest: str) -> Card:
    from bot.commands import COMMANDS

    lines = (Field(Say(f"command.{command.name}.usage"), Say(f"command.{command.name}")) for command in COMMANDS)
    qualities = (Field(Say("quality.usage", {"name": name}), quality(name)) for name in filter(None, QUALITIES))
    return Card(text=Say("help.title"), fields=(*lines, *qualities))


COMMAND = Command("help", ("帮助", "幫助", "start"), run)
