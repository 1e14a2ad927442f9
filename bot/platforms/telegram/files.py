"""Files that people send: fetched and checked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from telegram import Document, Message, PhotoSize

from bot.chat import Upload
from bot.platforms.telegram.bot_api import BotApi
from bot.studio import uploads
from prompts.errors import Refusal

DOWNLOAD = 20  # MB that a bot may fetch
KINDS = ("image/", "application/json")  # of documents; JSON may be a pose
ZIPS = ("application/zip", "application/x-zip-compressed", "application/octet-stream")
DECODING = asyncio.Semaphore(2)  # pictures decoded at once: each takes some hundred megabytes at worst


def picture_of(message: Message, *, zips: bool = False) -> PhotoSize | Document | None:
    """The photo (its largest size) or the picture document of a message; or a zip."""
    if message.photo:
        return message.photo[-1]
    document = message.document
    if document is None:
        return None
    zipped = zips and document.mime_type in ZIPS and (document.file_name or "").lower().endswith(".zip")
    return document if zipped or (document.mime_type or "").startswith(KINDS) else None


async def fetch(api: BotApi, message: Message, *, zips: bool = False) -> Upload | None:
    """The bytes of a message's picture as they came; None where it has none. Raises Refusal "telegram.too_large"."""
    found = picture_of(message, zips=zips)
    if found is None:
        return None
    if (found.file_size or 0) > DOWNLOAD * 2**20:
        raise Refusal("telegram.too_large", limit=DOWNLOAD)
    file = await api.ask(lambda: api.bot.get_file(found.file_id))
    content = bytes(await api.ask(file.download_as_bytearray))
    name = found.file_name if isinstance(found, Document) else None
    return Upload((name or "photo.jpg")[-200:], content)


async def checked(upload: Upload) -> Upload:
    """The upload as the bot may use it. Raises Refusal as bot.studio.uploads.checked does."""
    async with DECODING:
        return await asyncio.to_thread(uploads.checked, upload)


async def to_learn(api: BotApi, messages: Sequence[Message]) -> tuple[Upload, ...]:
    """The pictures of these messages, and zips of some, as they came: to be learnt from."""
    found = [await fetch(api, message, zips=True) for message in messages]
    return tuple(one for one in found if one is not None)


async def fetched(api: BotApi, messages: Sequence[Message]) -> tuple[Upload, ...]:
    """The pictures of these messages, ready for use."""
    found = [await fetch(api, message) for message in messages]
    return tuple([await checked(one) for one in found if one is not None])
