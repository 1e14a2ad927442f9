"""/prompts: what was drawn with which words, each prompt once, to be used again."""

from __future__ import annotations

from bot.buttons import drawn_prompts
from bot.chat import Card, Request
from bot.commands.command import Command
from bot.studio.studio import Studio


async def run(studio: Studio, request: Request, rest: str) -> Card:
    return await drawn_prompts.listed(studio, request, rest)


COMMAND = Command("prompts", ("提示词历史", "提示詞歷史", "用过的词", "用過的詞"), run)
