"""/prompt: what the assistant makes of a text, without drawing it, and buttons that draw it mended."""

from __future__ import annotations

import asyncio

from bot.chat import Button, Card, Field, Request, Say, common
from bot.commands.command import Command
from bot.studio.findings import lengths, meters
from bot.studio.mends import mends
from bot.studio.studio import Studio
from storage import wishes
from storage.wishes import Wish


async def run(studio: Studio, request: Request, rest: str) -> Card:
    prompt, _, model = await studio.understand(
        request.person, rest, negative=request.negative, given=request.options, place=common(request)
    )
    embeddings = await asyncio.to_thread(lengths, model, studio.rules.folders, prompt)
    findings = await studio.findings(prompt, model)
    buttons: tuple[Button, ...] = ()
    if any(one.fix for one in findings):
        wish = Wish(person=request.person.id, text=rest, negative=request.negative, options=request.options)
        buttons = mends(findings, await wishes.keep(studio.db, wish))
    return Card(
        text=Say("prompt.understood", {"model": model.name}),
        prompt=prompt,
        findings=findings,
        buttons=buttons,
        fields=tuple(Field(Say(key), count) for key, count in meters(prompt, embeddings).items()),
    )


COMMAND = Command("prompt", ("提示词", "提示詞"), run)
