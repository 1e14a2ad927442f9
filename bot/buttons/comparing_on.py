"""The rest of a comparison that was given up."""

from __future__ import annotations

from bot.chat import Press
from bot.studio import comparing_in_part
from bot.studio.studio import Studio
from engine.job import State
from prompts.errors import Refusal
from storage import jobs, pictures

UNDER_WAY = (State.WAITING, State.RUNNING)


async def compare_rest(studio: Studio, press: Press) -> None:
    """Draw the pictures of a comparison that are missing; its sheet is the answer. Raises Refusal for another's, and
    `compare.nothing_left`, `compare.under_way`."""
    kept = await jobs.get(studio.db, press.target)
    if kept is None or not kept.comparison or not kept.comparison.get("shows"):
        raise Refusal("press.unknown")
    if kept.job.owner != press.person.id:
        raise Refusal("access.not_yours")
    async with studio.in_turn(press.person.id):  # so that two presses do not draw it twice
        missing = comparing_in_part.missing(kept, await pictures.of_job(studio.db, kept.job.id))
        if not missing:
            raise Refusal("compare.nothing_left")
        if any(one.job.state in UNDER_WAY for one in (kept, *await jobs.rests(studio.db, kept))):
            raise Refusal("compare.under_way")
        await studio.submit(press, missing, parent=kept.parent, comparison=comparing_in_part.rest_of(kept))
