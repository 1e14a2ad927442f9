"""/models: what can be drawn with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from engine import catalog

if TYPE_CHECKING:
    from bot.studio import Studio


async def run(studio: Studio, request: Request, rest: str) -> Card:
    models = await asyncio.to_thread(catalog.models, studio.rules.models)
    loras = await asyncio.to_thread(catalog.loras, studio.rules.loras)
    lines = [
        Field(
            Say("models.name", {"name": model.name}),
            Say("models.line", {"family": model.family, "width": model.width, "height": model.height}),
        )
        for model in models
    ]
    if loras:
        lines.append(Field(Say("models.loras"), ", ".join(lora.name for lora in loras)))
    return Card(text=Say("models.title", {"count": len(models)}), fields=tuple(lines))


COMMAND = Command("models", ("模型",), run)
