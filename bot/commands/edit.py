"""/edit: the last picture, or a named one, drawn again as a sentence wants it changed."""

from __future__ import annotations

import re

from bot.buttons import redrawing
from bot.chat import Card, Request
from bot.commands.command import Command
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import pictures

PICTURE = re.compile(r"([a-z2-7]{12})(?:\s+|$)")


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    """The picture is the one replied to, one named first, or the person's last."""
    picture = request.reply_to
    if (named := PICTURE.match(rest)) and await pictures.get(studio.db, named.group(1)):
        picture, rest = named.group(1), rest[named.end() :]
    if not picture:
        page = await pictures.search(studio.db, request.person.id, limit=1)
        if not page.pictures:
            raise Refusal("edit.no_picture")
        picture = page.pictures[0].id
    await redrawing.by_sentence(studio, request, picture, rest)
    return None


COMMAND = Command("edit", ("改", "修改", "改图", "改圖"), run)
