"""/models: what can be drawn with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from engine import catalog
from prompts.errors import Refusal
from storage.search import fold

if TYPE_CHECKING:
    from bot.studio import Studio

LISTED = 40


async def run(studio: Studio, request: Request, rest: str) -> Card:
    words = fold(rest).split()
    models = [
        model
        for model in await asyncio.to_thread(catalog.models, studio.rules.models)
        if all(word in fold(f"{model.name} {model.family}") for word in words)
    ]
    if not models:
        raise Refusal("models.nothing", words=rest[:40])
    lines = [
        Field(
            Say("models.name", {"name": model.name}),
            Say("models.line", {"family": model.family, "width": model.width, "height": model.height}),
        )
        for model in models[:LISTED]
    ]
    if loras := await studio.loras():
        lines.append(Field(Say("models.loras"), Say("models.counted", {"count": len(loras)})))
    return Card(
        text=Say("models.title", {"count": len(models), "shown": min(len(models), LISTED)}), fields=tuple(lines)
    )


COMMAND = Command("models", ("模型",), run)
