"""/why: what one parameter of a picture does: it alone is moved, and both pictures are the answer."""

from __future__ import annotations

from bot.buttons import explaining
from bot.chat import Card, Request
from bot.commands.command import Command
from bot.commands.edit import PICTURE
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import jobs, pictures
from storage.pictures import PictureRow


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
        picture = await _asked_of(studio, page.pictures[0])
    if not name:
        return await explaining.offer(studio, request, picture)
    await explaining.teach(studio, request, picture, name)
    return None


async def _asked_of(studio: Studio, row: PictureRow) -> str:
    """A picture, or the one that it was a lesson about, while that is there."""
    kept = await jobs.get(studio.db, row.job) if row.job else None
    about = str((kept.comparison or {}).get("lesson") and (kept.comparison or {}).get("picture")) if kept else ""
    return about if about and await pictures.get(studio.db, about) else row.id


COMMAND = Command("why", ("为什么", "為什麼", "为啥", "為啥"), run)
