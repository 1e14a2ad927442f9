"""/prompt: what the assistant makes of a text, without drawing it."""

from __future__ import annotations

import asyncio

from bot.chat import Card, Field, Request, Say, common
from bot.commands.command import Command
from bot.studio.findings import lengths, look, meters
from bot.studio.studio import Studio


async def run(studio: Studio, request: Request, rest: str) -> Card:
    prompt, _, model = await studio.understand(
        request.person, rest, negative=request.negative, given=request.options, place=common(request)
    )
    files = await studio.loras()
    embeddings = await asyncio.to_thread(lengths, model, studio.rules.folders)
    return Card(
        text=Say("prompt.understood", {"model": model.name}),
        prompt=prompt,
        findings=look(prompt, files, embeddings),
        fields=tuple(Field(Say(key), count) for key, count in meters(prompt, embeddings).items()),
    )


COMMAND = Command("prompt", ("提示词", "提示詞"), run)
