"""The last card of a job: done, failed or cancelled."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.chat import Card
from bot.studio import cards, comparing_in_part, lesson_cards
from engine.job import State
from engine.queue.news import Finished
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import jobs, pictures
from storage.database import Database
from storage.files import AWAY
from storage.jobs import Kept
from storage.pictures import PictureRow

log = logging.getLogger(__name__)


async def end(db: Database, news: Finished, spoiler: bool) -> Card:
    """The last card of a job, whose end is written down with its pictures. Those in which a checker saw what nobody
    asked for are left out or veiled, as the rule says that held where it was asked."""
    job, made, key, values = news.job, list(news.pictures), news.key, dict[str, Json](news.values)
    if job.state is State.CANCELLED and not comparing_in_part.keeps(await jobs.get(db, job.id)):
        made = []
    unkept = 0.0
    if any(one.adult for one in made) and (kept := await jobs.get(db, job.id)):
        if kept.unasked == "spoiler":
            spoiler = True
            await jobs.veil(db, job.id)
        elif kept.unasked == "refuse":
            shown = [one for one in made if not one.adult]
            key, values = ("job.left_out", {"count": len(made) - len(shown)}) if shown else ("picture.unsafe", {})
            refused = not shown and job.state is State.DONE
            unkept = sum(one.seconds for one in made if one.adult)
            job, made = replace(job, state=State.FAILED) if refused else job, shown
    try:
        rows = await jobs.end(
            db, job.id, job.state, pictures=made, error_key=key, error_values=values, took=news.seconds, unkept=unkept
        )
        card = cards.ended(job, rows, key, values, spoiler, news.seconds)
        kept = await jobs.get(db, job.id)
        return await _compared(db, kept, rows, card) if kept else card
    except Refusal as refusal:  # no room or right to keep the pictures: that is the answer then
        if refusal.key == AWAY and db.files.leaving:  # it stays open, and is drawn again at the next start
            raise
        log.error("job %s: its pictures were not kept: %s", job.id, refusal)
        job = replace(job, state=State.FAILED)
        values = dict(refusal.values)
        try:
            await jobs.end(db, job.id, job.state, error_key=refusal.key, error_values=values)
        except Refusal:
            log.error("job %s ended, but that cannot be written down: %s", job.id, refusal)
        return cards.ended(job, (), refusal.key, values)


async def last_card(db: Database, kept: Kept) -> Card:
    """The answer to a job that has ended, with the pictures of it that are still there."""
    rows = await pictures.of_job(db, kept.job.id)
    card = cards.ended(kept.job, rows, kept.error_key, kept.error_values, kept.spoiler, kept.took)
    card = await _compared(db, kept, rows, card)
    return cards.hushed(card) if kept.quiet else card


async def _compared(db: Database, kept: Kept, rows: Sequence[PictureRow], card: Card) -> Card:
    """The card as what its pictures are compared by shows them."""
    if kept.comparison and "lesson" in kept.comparison:
        return await lesson_cards.shown(db, kept, rows, card)
    return await comparing_in_part.shown(db, kept, rows, card)
