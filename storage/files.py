"""Picture files: named by the hash of their content, there whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import re
import secrets
import time
from pathlib import Path

import aiofiles
import aiofiles.os

from prompts.errors import Refusal
from storage.errors import refusing

HASH = re.compile(r"[0-9a-f]{64}")
SUFFIXES = (".png", ".jpg", ".webp", ".gif", ".bin")
SIGNATURES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp", b"GIF8": ".gif"}
PART = ".part"
LEFTOVER = 3600  # seconds: a second process may be writing right now, and no picture takes an hour to write
THUMBNAILS = 2  # made at a time: each holds a whole decoded picture, and the chat process has 150 MB


def suffix_of(content: bytes) -> str:
    """The suffix for a picture file by its first bytes, ".bin" for what we do not know."""
    return next((suffix for start, suffix in SIGNATURES.items() if content.startswith(start)), ".bin")


def _fsync_folder(folder: Path) -> None:
    """Makes a new name in the folder last through a power cut; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _shrunk(path: Path, side: int) -> bytes:
    from PIL import Image  # here: only a process that shows pictures pays for Pillow

    try:
        with Image.open(path) as picture:
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


class Files:
    """The folder of picture files. Every call may raise Refusal for a full disk or a folder it cannot write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._coming = folder / "coming"
        self._thumbnails = asyncio.Semaphore(THUMBNAILS)

    async def prepare(self) -> None:
        """Creates the folder, tries to write in it, and removes what an interrupted write left."""
        with refusing(str(self.folder), files=True):
            await aiofiles.os.makedirs(self._coming, exist_ok=True)
            before = time.time() - LEFTOVER
            for entry in await aiofiles.os.scandir(self._coming):
                if entry.name.endswith(PART) and entry.stat().st_mtime < before:
                    with contextlib.suppress(FileNotFoundError):
                        await aiofiles.os.remove(entry.path)
            await self._write(self._coming / "trial", b"can this be written?")
            with contextlib.suppress(FileNotFoundError):
                await aiofiles.os.remove(self._coming / "trial")

    def path(self, picture: str) -> Path:
        """Where the file with this hash is, or would be. Raises Refusal for anything that is no hash."""
        stem = self._stem(self.folder, picture)
        paths = [stem.with_suffix(suffix) for suffix in SUFFIXES]
        return next((path for path in paths if path.exists()), paths[0])

    async def has(self, picture: str) -> bool:
        """Whether the file is there."""
        return await asyncio.to_thread(lambda: self.path(picture).exists())

    async def put(self, content: bytes, suffix: str = ".png") -> str:
        """Stores a file and returns its hash (SHA-256, hex); a content that is there already is not written again."""
        picture = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
        if not await self.has(picture):
            await self._write(self._stem(self.folder, picture).with_suffix(suffix), content)
        return picture

    async def get(self, picture: str) -> bytes:
        """The file's bytes. Raises Refusal "picture.gone"."""
        with refusing(str(self.folder), files=True):
            try:
                return await asyncio.to_thread(lambda: self.path(picture).read_bytes())
            except FileNotFoundError:
                raise Refusal("picture.gone") from None

    async def remove(self, picture: str) -> None:
        """Removes the file and its thumbnails; a file that is not there is no error."""
        with refusing(str(self.folder), files=True):
            await asyncio.to_thread(self._remove, picture)

    async def thumbnail(self, picture: str, side: int = 320) -> bytes:
        """A WebP no wider and no higher than `side` pixels, kept for the next time.

        Raises Refusal "picture.gone" or "picture.damaged".
        """
        small = self._stem(self.folder / "small", picture).with_name(f"{picture}-{side}.webp")
        with contextlib.suppress(FileNotFoundError):
            return await asyncio.to_thread(small.read_bytes)
        async with self._thumbnails:
            content = await asyncio.to_thread(lambda: _shrunk(self.path(picture), side))
        with contextlib.suppress(Refusal):  # a full disk is no reason not to show it
            await self._write(small, content)
        if not await self.has(picture):  # deleted meanwhile: nothing of it may stay
            await self.remove(picture)
        return content

    @staticmethod
    def _stem(folder: Path, picture: str) -> Path:
        if not HASH.fullmatch(picture):  # hashes come from web addresses too
            raise Refusal("picture.gone")
        return folder / picture[:2] / picture[2:4] / picture

    def _remove(self, picture: str) -> None:
        self.path(picture).unlink(missing_ok=True)
        small = self._stem(self.folder / "small", picture)
        for path in small.parent.glob(f"{picture}-*.webp"):
            path.unlink(missing_ok=True)

    async def _write(self, path: Path, content: bytes) -> None:
        """Under a temporary name in another folder, down to the disk, then renamed: never seen half written."""
        writing = asyncio.create_task(self._put_down(path, content))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:  # a thread cannot be stopped: who gives up waits until it is done
            await asyncio.gather(writing, return_exceptions=True)
            raise

    async def _put_down(self, path: Path, content: bytes) -> None:
        part = self._coming / f"{path.stem}-{secrets.token_hex(8)}{PART}"
        with refusing(str(self.folder), files=True):
            await aiofiles.os.makedirs(path.parent, exist_ok=True)
            try:
                async with aiofiles.open(part, "wb") as file:
                    await file.write(content)
                    await file.flush()
                    await asyncio.to_thread(os.fsync, file.fileno())
                await aiofiles.os.replace(part, path)
                await asyncio.to_thread(_fsync_folder, path.parent)
            finally:
                with contextlib.suppress(OSError):
                    part.unlink()
