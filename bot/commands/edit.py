"""/edit: the last picture, or a named one, drawn again as a sentence wants it changed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.buttons import redrawing
from bot.chat import Card, Request
from bot.commands import which_picture
from bot.commands.command import Command
from bot.people import owned
from bot.studio.studio import Studio
from storage import jobs, pictures
from storage.pictures import PictureRow


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    """The picture is the one replied to, one named first, or the person's last."""
    picture, sentence = await which_picture.named(studio, request, rest)
    picture = picture or (await owned.newest(studio.db, request.person, "edit.no_picture")).id
    if redrawing.says_again(sentence):
        rows = await _all(studio, request, picture, alone=sentence != rest)
        await redrawing.once_more(studio, request, rows)
        return None
    await redrawing.by_sentence(studio, request, picture, sentence)
    return None


async def _all(studio: Studio, request: Request, picture: str, *, alone: bool) -> Sequence[PictureRow]:
    """The pictures that words about one are about: all of its job, whose first a reply to several brings; the one that
    is named `alone`."""
    row = await owned.picture(studio.db, request.person, picture)
    kept = await jobs.get(studio.db, row.job) if row.job and not alone else None
    together = await pictures.of_job(studio.db, kept.job.id) if kept and not kept.comparison else ()
    return together if together and (not request.reply_to or together[0].id == row.id) else (row,)


COMMAND = Command("edit", ("改", "修改", "改图", "改圖"), run)
