"""Picture files: named by the hash of their content, there whole or not at all, wherever they lie."""

from __future__ import annotations

import asyncio
import io
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from prompts.errors import Refusal

log = logging.getLogger(__name__)

HASH = re.compile(r"[0-9a-f]{64}")
SIGNATURES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp", b"GIF8": ".gif"}
SUFFIXES = (*SIGNATURES.values(), ".bin")
THUMBNAILS = 2  # made at a time: each holds a whole decoded picture, and the chat process has 150 MB
AWAY = "storage.pictures_away"  # the only trouble that passes by itself
# Seconds in which a store that is away is waited for: with a drawn picture, as drawing it again takes longer than a
# restart; by somebody who sends a file; by somebody who looks at one.
DRAWN, SENT, READ = 120.0, 15.0, 5.0
FIRST, LONGEST = 0.25, 5.0  # seconds between two tries, doubled each time

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known of a file without reading it: its suffix, and its size in bytes."""

    suffix: str
    size: int


def suffix_of(content: bytes) -> str:
    """The suffix for a picture file by its first bytes, ".bin" for what we do not know."""
    return next((suffix for start, suffix in SIGNATURES.items() if content.startswith(start)), ".bin")


def checked(picture: str) -> str:
    """The same, if it is a hash: they come from web addresses too. Raises Refusal "picture.gone"."""
    if not HASH.fullmatch(picture):
        raise Refusal("picture.gone")
    return picture


class Files(ABC):
    """Where the picture files lie. Every call may raise Refusal: the disk is full, the folder cannot be written, the
    store is away (`AWAY`) or does not let us in. None waits for a store that is away; `patiently` does."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.leaving = False
        self._thumbnails = asyncio.Semaphore(THUMBNAILS)

    @abstractmethod
    async def prepare(self) -> None:
        """Tries to write there, and removes what an interrupted write left."""

    @abstractmethod
    def place(self, picture: str) -> str:
        """Where a file lies or would lie, as its owner finds it. Raises Refusal for anything that is no hash."""

    @abstractmethod
    async def has(self, picture: str) -> bool:
        """Whether the file is there."""

    @abstractmethod
    async def put(self, content: bytes, suffix: str = ".png") -> str:
        """Stores a file and returns its hash (SHA-256, hex); a content that is there already is not written again."""

    @abstractmethod
    async def get(self, picture: str) -> bytes:
        """The file's bytes. Raises Refusal "picture.gone"."""

    @abstractmethod
    async def stored(self, picture: str) -> StoredFile | None:
        """What is known of a file without reading it, None where it is not there."""

    @abstractmethod
    async def remove(self, picture: str) -> None:
        """Removes the file and its thumbnails; a file that is not there is no error."""

    @abstractmethod
    def each(self) -> AsyncIterator[str]:
        """The hashes of all files."""

    async def thumbnail(self, picture: str, side: int = 320) -> bytes:
        """A WebP no wider and no higher than `side` pixels, kept for the next time.

        Raises Refusal "picture.gone" or "picture.damaged".
        """
        if (kept := await self._small(picture, side)) is not None:
            return kept
        async with self._thumbnails:
            source = await self._source(picture)
            content = await asyncio.to_thread(_shrunk, source, side)
        with suppress(Refusal):  # a full disk is no reason not to show it
            await self._keep_small(picture, side, content)
        if not await self.has(picture):  # deleted meanwhile: nothing of it may stay
            await self.remove(picture)
        return content

    async def patiently(self, work: Callable[[], Awaitable[T]], seconds: float) -> T:
        """What some work with files comes to, tried again for so many seconds while the store is away; it has to be
        fit for being done twice. Not to be called within a transaction: others would wait with it."""
        clock = asyncio.get_running_loop().time
        until, wait = clock() + seconds, FIRST
        while True:
            try:
                return await work()
            except Refusal as refusal:
                if refusal.key != AWAY or self.leaving or clock() + wait > until:
                    raise
                log.warning("%s is away, it is tried again for %.0f s", self.where, until - clock())
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST)

    @abstractmethod
    async def _small(self, picture: str, side: int) -> bytes | None:
        """A thumbnail that is kept."""

    @abstractmethod
    async def _keep_small(self, picture: str, side: int, content: bytes) -> None:
        """Keep a thumbnail."""

    @abstractmethod
    async def _source(self, picture: str) -> Path | io.BytesIO:
        """What to make a thumbnail of."""


def _shrunk(source: Path | io.BytesIO, side: int) -> bytes:
    from PIL import Image  # here: only a process that shows pictures pays for Pillow

    try:
        with Image.open(source) as picture:
            picture.draft("RGB", (side, side))
            mode = "RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB"
            small = picture.convert(mode)
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
    except FileNotFoundError:
        raise Refusal("picture.gone") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refusal("picture.damaged") from error
    out = io.BytesIO()
    small.save(out, "WEBP", quality=80)
    return out.getvalue()
