"""/compare: one text, or a picture that is answered, drawn with several values of one to three things, on one sheet."""

from __future__ import annotations

from bot.buttons import comparing
from bot.chat import Card, Request
from bot.commands.command import Command
from bot.studio.studio import Studio
from prompts import axes
from prompts.errors import Refusal


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    """More pictures than one request may ask for begin when somebody has seen what it takes. Raises Refusal
    `compare.how` where nothing is said to compare."""
    text, said = axes.parted(rest)
    if not said:
        raise Refusal("compare.how")
    return await comparing.begin(studio, request, text, said)


COMMAND = Command("compare", ("对比", "對比", "比较", "比較", "xyz"), run)
