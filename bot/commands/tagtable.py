"""/tagtable: the prompt of a picture as a table of tags that can be touched one by one."""

from __future__ import annotations

from bot.buttons.tag_table import opened
from bot.chat import Card, Request
from bot.commands import which_picture
from bot.commands.command import Command
from bot.people import owned
from bot.studio.studio import Studio


async def run(studio: Studio, request: Request, rest: str) -> Card:
    """Of the picture that is answered, one named first, or the person's last; words behind it are added."""
    picture, rest = await which_picture.named(studio, request, rest)
    picture = picture or (await owned.newest(studio.db, request.person, "edit.no_picture")).id
    return await opened(studio, request, picture, rest)


COMMAND = Command("tagtable", ("标签表", "標籤表"), run)
