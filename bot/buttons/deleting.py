"""The button that deletes a picture, and with it what shows it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from bot.chat import Card, Press
from bot.errors import Gone, Rejected, Unreachable
from bot.people import owned
from bot.studio import cards, last_cards
from bot.studio.studio import Studio
from storage import jobs, pictures, posts
from storage.jobs import Kept, Place

log = logging.getLogger(__name__)


async def delete(studio: Studio, press: Press) -> Card:
    """Take a picture away, or all those named in `values["pictures"]`, their files, and the messages that show one of
    them alone; on those that show others it is missing. Where a platform does not let a message go, nothing of the
    picture is left in it."""
    named = press.values.get("pictures", "").split() or [press.target]
    rows = [await owned.picture(studio.db, press.person, one) for one in named]
    alone = [post.place for row in rows for post in await posts.showing(studio.db, row.id) if not post.job]
    lessons = [job for row in rows for job in await jobs.lessons(studio.db, row.id)]
    for row in rows:
        await pictures.delete(studio.db, row.id)
    for job in dict.fromkeys([*(row.job for row in rows if row.job), *lessons]):
        await _without(studio, job)
    for place in alone:
        await _remove(studio, place, Card(text=cards.GONE, language=press.person.language))
    return cards.notice("picture.deleted")


async def _without(studio: Studio, job: str) -> None:
    """Have the messages that show a job's pictures show those that are left; they go with the last of them."""
    if (kept := await jobs.get(studio.db, job)) is not None:
        for one in (kept, *await jobs.rests(studio.db, kept)):
            await _message_without(studio, one)


async def _message_without(studio: Studio, kept: Kept) -> None:
    if not kept.place.message or kept.place.platform not in studio.chats:
        return
    card = await last_cards.last_card(studio.db, kept)
    if card.pictures:
        await _tried(kept.place, studio.chats[kept.place.platform].edit(kept.place, card))
    else:
        await _remove(studio, kept.place, card)


async def _remove(studio: Studio, place: Place, instead: Card) -> None:
    """Take a message away, or have it say `instead` what was there."""
    if (chat := studio.chats.get(place.platform)) is None:
        return
    try:
        await chat.remove(place)
    except Rejected as error:
        log.info("%s stays where it is: %s", place, error)
        await _tried(place, chat.edit(place, instead))
    except (Gone, Unreachable) as error:
        log.info("%s cannot be taken away: %s", place, error)


async def _tried(place: Place, edit: Awaitable[None]) -> None:
    try:
        await edit
    except (Gone, Unreachable, Rejected) as error:
        log.info("%s cannot be changed: %s", place, error)
