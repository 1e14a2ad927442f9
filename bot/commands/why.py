"""/why: what one parameter of a picture does: it alone is moved, and both pictures are the answer."""

from __future__ import annotations

from bot.buttons import explaining
from bot.chat import Card, Request
from bot.commands import which_picture
from bot.commands.command import Command
from bot.people import owned
from bot.studio.studio import Studio
from storage import jobs, pictures
from storage.pictures import PictureRow


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    """The picture is one named first, the one replied to, or the person's last; without a parameter, what can be asked
    of it."""
    picture, rest = await which_picture.named(studio, request, rest.strip())
    rest = rest.strip()
    name = explaining.lesson_of(rest, request.person.language) if rest else ""
    if not picture:
        picture = await _asked_of(studio, await owned.newest(studio.db, request.person, "why.no_picture"))
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
