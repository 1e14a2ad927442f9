"""/imagine: draw what a text asks for; words without a command that can only be about the last picture change that."""

from __future__ import annotations

from bot.buttons import redrawing
from bot.chat import Card, Request
from bot.commands.command import Command
from bot.studio.studio import Studio
from prompts.errors import Refusal
from prompts.prompt import Note, Options
from storage import jobs, pictures
from storage.tables import OPEN

LOOKED_BACK = 20  # at so many jobs of a person, for the last that became a picture here


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    """Raises Refusal "edit.not_yet" where the last picture is still being drawn."""
    from prompts.edit.orders import of_what_is_there  # only now, as in redrawing

    beside = request.files or request.reply_to or request.negative or request.loras or request.options != Options()
    plain = not (request.text.lstrip().startswith(("/", "／")) or beside)
    again = plain and redrawing.says_again(rest)
    if plain and (again or of_what_is_there(rest)) and (last := await _last(studio, request)):
        if again:
            await redrawing.once_more(studio, request, last)
        else:
            await redrawing.by_sentence(studio, request, last[0].id, rest, notes=[Note("edit.of_last")])
    else:
        await studio.imagine(request, rest)
    return None


async def _last(studio: Studio, request: Request) -> tuple[pictures.PictureRow, ...]:
    """The pictures that the person's last job in this place became; none where there was no such job."""
    for kept in await jobs.of_person(studio.db, request.person.id, LOOKED_BACK):
        if (kept.place.platform, kept.place.chat) != (request.place.platform, request.place.chat):
            continue
        if kept.job.id == request.instead_of:  # it goes when this comes
            continue
        if kept.job.state.value in OPEN:
            raise Refusal("edit.not_yet")
        if made := await pictures.of_job(studio.db, kept.job.id):
            return made
    return ()


COMMAND = Command("imagine", ("draw", "huahua", "画", "畫", "绘画", "约稿"), run)
