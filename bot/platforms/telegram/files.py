"""Files that people send: fetched, checked, and the marks they painted on a picture of ours."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter
from telegram import Document, Message, PhotoSize

from bot import uploads
from bot.chat import Upload
from bot.platforms.telegram.line import Line
from bot.sheet import flat
from prompts.errors import Refusal

DOWNLOAD = 20  # MB that a bot may fetch
MARKED = 60  # of 255: what JPEG and a new size change stays far below, what a pen leaves far above
CLOSED = 11  # pixels: smaller gaps in a mark, where paint and picture are alike, belong to it
GROWN = 3  # pixels of its soft edge that do too
LEAST, MOST = 0.0005, 0.95  # share of the picture that marks may cover
DECODING = asyncio.Semaphore(2)  # pictures decoded at once: each takes some hundred megabytes at worst


def picture_of(message: Message) -> PhotoSize | Document | None:
    """The photo (its largest size) or the picture document of a message."""
    if message.photo:
        return message.photo[-1]
    document = message.document
    return document if document and (document.mime_type or "").startswith("image/") else None


async def fetch(line: Line, message: Message) -> Upload | None:
    """The bytes of a message's picture as they came; None where it has none. Raises Refusal "telegram.too_large"."""
    found = picture_of(message)
    if found is None:
        return None
    if (found.file_size or 0) > DOWNLOAD * 2**20:
        raise Refusal("telegram.too_large", limit=DOWNLOAD)
    file = await line.ask(lambda: line.bot.get_file(found.file_id))
    content = bytes(await line.ask(file.download_as_bytearray))
    name = found.file_name if isinstance(found, Document) else None
    return Upload((name or "photo.jpg")[-200:], content)


async def checked(upload: Upload) -> Upload:
    """The upload as the bot may use it. Raises Refusal as bot.uploads.checked does."""
    async with DECODING:
        return await asyncio.to_thread(uploads.checked, upload)


async def fetched(line: Line, messages: Sequence[Message]) -> tuple[Upload, ...]:
    """The pictures of these messages, ready for use."""
    found = [await fetch(line, message) for message in messages]
    return tuple([await checked(one) for one in found if one is not None])


def marked(original: bytes, painted: bytes) -> bytes | None:
    """The original with a hole (transparent) wherever the painted copy differs; None where nothing does, or nearly
    all of it. A PNG. Takes a moment: call it in a thread."""
    with Image.open(io.BytesIO(original)) as one, Image.open(io.BytesIO(painted)) as other:
        before, after = flat(one), flat(other)
    ratio = (before.width / before.height) / (after.width / after.height)
    if not 0.97 < ratio < 1.03:
        return None  # another picture, or a part of this one
    after = after.resize(before.size, Image.Resampling.LANCZOS)
    bands = ImageChops.difference(before, after).filter(ImageFilter.GaussianBlur(1)).split()
    apart = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    mask = apart.point(lambda value: 255 if value > MARKED else 0)
    mask = mask.filter(ImageFilter.MedianFilter(3))
    mask = mask.filter(ImageFilter.MaxFilter(CLOSED)).filter(ImageFilter.MinFilter(CLOSED))
    mask = mask.filter(ImageFilter.MaxFilter(GROWN))
    share = mask.histogram()[255] / (mask.width * mask.height)
    if not LEAST <= share <= MOST:
        return None
    before.putalpha(ImageChops.invert(mask))
    out = io.BytesIO()
    before.save(out, "PNG")
    return out.getvalue()
