"""/tagtable: the prompt of a picture as a table of tags that can be touched one by one."""

from __future__ import annotations

from bot.buttons.tag_table import opened
from bot.chat import Card, Request
from bot.commands.command import Command
from bot.commands.edit import PICTURE
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import pictures


async def run(studio: Studio, request: Request, rest: str) -> Card:
    """Of the picture that is answered, one named first, or the person's last; words behind it are added."""
    picture = request.reply_to
    if (named := PICTURE.match(rest)) and await pictures.get(studio.db, named.group(1)):
        picture, rest = named.group(1), rest[named.end() :]
    if not picture:
        page = await pictures.search(studio.db, request.person.id, limit=1)
        if not page.pictures:
            raise Refusal("edit.no_picture")
        picture = page.pictures[0].id
    return await opened(studio, request, picture, rest)


COMMAND = Command("tagtable", ("标签表", "標籤表"), run)
