"""/history: one's own pictures, found by words, days, shape, model and favourites."""

from __future__ import annotations

from bot.buttons.found_pictures import found
from bot.chat import Card, Request
from bot.commands.command import Command
from bot.studio.studio import Studio


async def run(studio: Studio, request: Request, rest: str) -> Card:
    return await found(studio, request, rest)


COMMAND = Command("history", ("历史", "歷史", "我的画"), run)
