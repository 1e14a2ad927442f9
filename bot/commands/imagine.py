"""/imagine: draw what a text asks for."""

from __future__ import annotations

from bot.chat import Card, Request
from bot.commands.command import Command
from bot.studio.studio import Studio


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    await studio.imagine(request, rest)
    return None


COMMAND = Command("imagine", ("draw", "huahua", "画", "畫", "绘画", "约稿"), run)
