"""/history: one's own pictures, found by words."""

from __future__ import annotations

from bot.chat import Button, Card, Request, Say
from bot.commands.command import Command
from bot.people.access import veiled
from bot.studio.cards import shown
from bot.studio.studio import Studio
from storage import pictures

SHOWN = 9  # a grid of three by three


async def run(studio: Studio, request: Request, rest: str) -> Card:
    page = await pictures.search(studio.db, request.person.id, words=rest, limit=SHOWN)
    if not page.pictures:
        return Card(text=Say("history.nothing", {"words": rest}) if rest else Say("history.empty"))
    return Card(
        text=Say("history.found", {"count": len(page.pictures)}),
        pictures=tuple(map(shown, page.pictures)),
        buttons=tuple(Button("recipe", row.id) for row in page.pictures),
        spoiler=await veiled(studio.sight, studio.rules.access, request, [row.recipe for row in page.pictures]),
    )


COMMAND = Command("history", ("历史", "歷史", "我的画"), run)
