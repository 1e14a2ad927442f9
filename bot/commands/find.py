"""/find: one's own pictures, by words, or by any copy of one that is sent along or replied to."""

from __future__ import annotations

from dataclasses import replace

from bot.buttons.found_pictures import SHOWN, found
from bot.chat import Button, Card, Request, Say
from bot.commands.command import Command
from bot.people.access import veiled
from bot.studio import cards
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import likeness, pictures
from storage.likeness import Copies


async def run(studio: Studio, request: Request, rest: str) -> Card:
    """By a picture where there is one, else by the words, as in /history. Raises Refusal `find.how` for neither."""
    copies = await _copies(studio, request)
    if copies is None:
        if not rest.strip():
            raise Refusal("find.how")
        return await found(studio, request, rest)
    rows = copies.pictures
    if not rows:
        return Card(text=Say("find.nothing"))
    text = Say("find.sure" if copies.sure else "find.alike", {"count": len(rows)})
    spoiler = await veiled(studio.sight, studio.rules.access, request, rows)
    if len(rows) == 1:
        card = cards.picture_card(rows[0])
        return replace(card, text=text, buttons=cards.picture_buttons(rows[0]), spoiler=spoiler)
    return Card(
        text=text,
        pictures=tuple(map(cards.shown, rows)),
        buttons=tuple(Button("recipe", row.id) for row in rows),
        spoiler=spoiler,
    )


async def _copies(studio: Studio, request: Request) -> Copies | None:
    """What the picture of a request is a copy of; None where it has none."""
    mine = request.person.id
    if request.files:
        return await likeness.copies(studio.db, mine, request.files[0].content, SHOWN)
    row = await pictures.get(studio.db, request.reply_to) if request.reply_to else None
    if row is None:
        return None
    if row.person == mine:
        return Copies((row,), sure=True)
    return await likeness.copies(studio.db, mine, await studio.db.files.get(row.hash), SHOWN)


COMMAND = Command("find", ("找图", "找圖", "以图搜图"), run)
