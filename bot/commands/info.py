"""/info: what runs here."""

from __future__ import annotations

import asyncio
import time
from typing import cast

from bot import VERSION
from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from bot.studio.studio import Studio
from engine.files import catalog, taggers


async def run(studio: Studio, request: Request, rest: str) -> Card:
    status = studio.status()
    models = await asyncio.to_thread(catalog.models, studio.rules.models)
    readers = await asyncio.to_thread(_readers, studio)
    lines = {
        "version": VERSION,
        "device": str(status["device"] or "–"),
        "model": str(status["model"]),
        "page": studio.rules.link,
    }
    said = {
        **({"taggers": ", ".join(readers)} if readers else {}),
        "there": Say("info.counts", {"models": len(models), "loras": len(await studio.loras())}),
        "memory": Say(f"page.tier.{status['tier']}") if status["tier"] else "",
        "queue": Say("info.waiting", {"waiting": len(studio.queue), "running": studio.queue.running}),
        "uptime": Say("info.since", {"seconds": round(time.monotonic() - studio.started)}),
    }
    hosts = cast(list[dict[str, str | int]], status["hosts"])
    fields = [Field(Say(f"info.{name}"), value) for name, value in (lines | said).items() if value]
    machines = [
        Field(
            Say("info.host", {"name": one["name"]}),
            Say("info.on_host_loaded" if one["loaded"] else "info.on_host", one),
        )
        for one in hosts
    ]
    return Card(text=Say("info.title"), fields=(*fields, *machines))


def _readers(studio: Studio) -> list[str]:
    """What can read tags out of pictures here, of the owner's files."""
    rules = studio.rules
    found = taggers.running(rules.taggers, rules.folders)
    return [*(one.name for one in found), *(one.name for one in taggers.clips(rules.folders))]


COMMAND = Command("info", ("关于", "關於", "about", "状态", "status"), run)
