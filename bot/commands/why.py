"""/why: what one parameter of a picture does: it alone is moved, and both pictures are the answer."""

from __future__ import annotations

from bot.buttons import explaining
from bot.chat import Card, Request
from bot.commands.command import Command
from bot.commands.edit import PICTURE
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import pictures


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    """The picture is one named first, the one replied to, or the person's last; without a parameter, what can be asked
    of it."""
    picture, rest = request.reply_to, rest.strip()
    if (named := PICTURE.match(rest)) and await pictures.get(studio.db, named.group(1)):
        picture, rest = named.group(1), rest[named.end() :].strip()
    name = explaining.lesson_of(rest, request.person.language) if rest else ""
    if not picture:
        page = await pictures.search(studio.db, request.person.id, limit=1)
        if not page.pictures:
            raise Refusal("why.no_picture")
        picture = page.pictures[0].id
    if not name:
        return await explaining.offer(studio, request, picture)
    await explaining.teach(studio, request, picture, name)
    return None


COMMAND = Command("why", ("为什么", "為什麼", "为啥", "為啥"), run)
