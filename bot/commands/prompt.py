"""/prompt: what the assistant makes of a text, without drawing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.chat import Card, Request, Say
from bot.commands.command import Command

if TYPE_CHECKING:
    from bot.studio import Studio


async def run(studio: Studio, request: Request, rest: str) -> Card:
    prompt, _, model = await studio.understand(request.person, rest, negative=request.negative, given=request.options)
    return Card(text=Say("prompt.understood", {"model": model.name}), prompt=prompt)


COMMAND = Command("prompt", ("提示词", "提示詞"), run)
