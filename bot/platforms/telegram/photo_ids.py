"""Photos that Telegram has, by the ids under which it sends them again, and how it gets those it lacks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from telegram import InputMediaPhoto, Message
from telegram.error import TelegramError

from bot.errors import Gone
from bot.platforms.telegram import photos
from bot.platforms.telegram.card_messages import MAKING, photo_fact
from bot.platforms.telegram.context import TelegramContext
from storage import facts
from storage.pictures import PictureRow

log = logging.getLogger(__name__)

ALBUM = 10  # photos that one call takes


async def ids(context: TelegramContext, rows: Sequence[PictureRow]) -> dict[str, str]:
    """The photo ids of those pictures that Telegram has."""
    found = {row.id: await facts.fact(context.db, photo_fact(row.id)) for row in rows}
    return {picture: id for picture, id in found.items() if isinstance(id, str)}


async def lay_in(context: TelegramContext, chat: int, rows: Sequence[PictureRow]) -> None:
    """Give Telegram up to ten pictures: sent into a private chat in one call, without a sound, and taken away at once.

    Telegram knows no other way to get an id. Raises Unreachable where that chat was never opened or is blocked; what
    passes is only logged."""
    rows, bot = rows[:ALBUM], context.api.bot
    contents = [await context.db.files.get(row.hash) for row in rows]
    async with MAKING:
        media = [InputMediaPhoto(await asyncio.to_thread(photos.photo, content)) for content in contents]

    async def send(chat: int) -> Sequence[Message]:
        if len(media) > 1:
            return await bot.send_media_group(chat, media, disable_notification=True)
        photo = media[0].media
        return [await bot.send_photo(chat, photo, disable_notification=True)]

    try:
        sent = await context.api.post(chat, send, messages=len(rows))
    except (Gone, TelegramError) as error:
        log.info("%d photos could not be laid in: %s", len(rows), error)
        return
    assert sent is not None
    try:
        for row, message in zip(rows, sent, strict=True):
            await facts.set_fact(context.db, photo_fact(row.id), message.photo[-1].file_id)
    finally:
        await _take_away(context, chat, [message.message_id for message in sent])


async def _take_away(context: TelegramContext, chat: int, messages: Sequence[int]) -> None:
    try:
        await context.api.ask(lambda: context.api.bot.delete_messages(chat, messages))
    except TelegramError as error:
        log.info("%d photos could not be taken away again: %s", len(messages), error)
