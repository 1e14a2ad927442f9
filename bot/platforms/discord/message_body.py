"""A card as a message with its files: words, buttons, and the pictures in a form that fits."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from bot.chat import Card, Shown
from bot.platforms.discord import layout
from bot.platforms.discord.images import fitted, sheet
from bot.platforms.discord.rest import Body, File, Payload
from bot.studio import cards
from engine.job import State
from engine.pixels.dressing import dressed
from engine.policy import Policy
from prompts.errors import Refusal
from storage.database import Database

log = logging.getLogger(__name__)

MOST_FILES = 10
MAP = "map.webp"
IN_ALL = 24 * 2**20  # bytes of a whole request; Discord takes 25 MiB


async def body(db: Database, card: Card, language: str, limit: int, mention: str = "") -> Body:
    """The message for a card, its files no larger than `limit` bytes each."""
    read = layout.lay_out(card, language, mention)
    files = list(read.files)
    if card.file is not None:
        files.append(File(card.file.name, card.file.content))
    if card.pictures:
        files += await _pictures(db, card, min(limit, IN_ALL))
        files += await _map(db, card, read.payload)
    elif card.state is State.RUNNING and card.progress and card.progress.preview:
        files.append(File(veiled("preview.jpg", card), card.progress.preview))
    return Body(read.payload, tuple(files))


async def _pictures(db: Database, card: Card, limit: int) -> list[File]:
    contents = [found for one in card.pictures if (found := await fetched(db, one, card.papers)) is not None]
    if not contents:
        return []
    name = f"danqing-{card.pictures[0].id}"
    whole = contents[0] if len(contents) == 1 else await asyncio.to_thread(sheet, contents)
    suffix, content = await asyncio.to_thread(fitted, whole, limit)
    return [File(veiled(f"{name}.{suffix}", card), content)]


async def _map(db: Database, card: Card, payload: Payload) -> list[File]:
    """The first map that the pictures follow, small, in the corner of what there is to read."""
    embeds = cast(list[Payload], payload["embeds"])
    maps = cards.followed(card)
    if not maps or not embeds:
        return []
    try:
        content = await db.files.thumbnail(maps[0])
    except Refusal:  # it is gone with its last picture
        return []
    embeds[0]["thumbnail"] = {"url": f"attachment://{MAP}"}
    return [File(MAP, content)]


async def fetched(db: Database, picture: Shown, papers: Policy) -> bytes | None:
    """A picture's file as it may be sent, None where it is there no more."""
    try:
        return await asyncio.to_thread(dressed, await db.files.get(picture.hash), papers)
    except Refusal as refusal:
        log.warning("picture %s cannot be sent: %s", picture.id, refusal)
        return None


def veiled(name: str, card: Card) -> str:
    """A file name that has Discord blur the picture where its card is a spoiler."""
    return f"SPOILER_{name}" if card.spoiler else name
