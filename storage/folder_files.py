"""Picture files in a folder."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiofiles
import aiofiles.os

from prompts.errors import Refusal
from storage.errors import refusing
from storage.files import HASH, SUFFIXES, Files, StoredFile, checked

PART = ".part"
LEFTOVER = 3600  # seconds: a second process may be writing right now, and no picture takes an hour to write


def _fsync_folder(folder: Path) -> None:
    """Makes a new name in the folder last through a power cut; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class FolderFiles(Files):
    """The folder of picture files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder
        self._coming = folder / "coming"

    async def prepare(self) -> None:
        """Creates the folder, tries to write in it, and removes what an interrupted write left."""
        with refusing(self.where, files=True):
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

    def place(self, picture: str) -> str:
        return str(self.path(picture))

    async def has(self, picture: str) -> bool:
        return await asyncio.to_thread(lambda: self.path(picture).exists())

    async def put(self, content: bytes, suffix: str = ".png") -> str:
        picture = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
        if not await self.has(picture):
            await self._write(self._stem(self.folder, picture).with_suffix(suffix), content)
        return picture

    async def get(self, picture: str) -> bytes:
        with refusing(self.where, files=True):
            try:
                return await asyncio.to_thread(lambda: self.path(picture).read_bytes())
            except FileNotFoundError:
                raise Refusal("picture.gone") from None

    async def stored(self, picture: str) -> StoredFile | None:
        def look() -> StoredFile | None:
            path = self.path(picture)
            with contextlib.suppress(FileNotFoundError):
                return StoredFile(path.suffix, path.stat().st_size)
            return None

        with refusing(self.where, files=True):
            return await asyncio.to_thread(look)

    async def remove(self, picture: str) -> None:
        with refusing(self.where, files=True):
            await asyncio.to_thread(self._remove, picture)

    async def each(self) -> AsyncIterator[str]:
        for number in range(256):
            found = await asyncio.to_thread(
                lambda first: [path.stem for path in (self.folder / first).glob("*/*")], f"{number:02x}"
            )
            for picture in found:
                if HASH.fullmatch(picture):
                    yield picture

    async def _small(self, picture: str, side: int) -> bytes | None:
        with contextlib.suppress(FileNotFoundError):
            return await asyncio.to_thread(self._small_path(picture, side).read_bytes)
        return None

    async def _keep_small(self, picture: str, side: int, content: bytes) -> None:
        await self._write(self._small_path(picture, side), content)

    async def _source(self, picture: str) -> Path:
        return await asyncio.to_thread(self.path, picture)

    def _small_path(self, picture: str, side: int) -> Path:
        return self._stem(self.folder / "small", picture).with_name(f"{picture}-{side}.webp")

    @staticmethod
    def _stem(folder: Path, picture: str) -> Path:
        return folder / checked(picture)[:2] / picture[2:4] / picture

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
        with refusing(self.where, files=True):
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
