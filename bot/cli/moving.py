"""`python bot.py pictures`: the pictures brought from the data folder to object storage, or back."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.settings.config import Config
from prompts.errors import Refusal
from storage.database import files_in
from storage.files import DRAWN, Files, suffix_of

Direction = Literal["bucket", "folder"]
AT_ONCE = 8  # pictures on the way: the wait for one is another's transfer


@dataclass(slots=True)
class PicturesMoved:
    """How many pictures were brought, how many were there already, how many were removed where they had been, and which
    are not what their name says."""

    brought: int = 0
    there: int = 0
    removed: int = 0
    damaged: list[str] = field(default_factory=list)

    @property
    def seen(self) -> int:
        return self.brought + self.there + len(self.damaged)


async def move(
    config: Config, to: Direction, *, remove: bool, told: Callable[[PicturesMoved], None]
) -> tuple[PicturesMoved, Files]:
    """Bring all pictures where they are wanted, each read back and compared by its hash; with `remove`, each is removed
    where it was as soon as it is there. It may be broken off and begun anew. `told` how far it is; where they went.

    Raises Refusal `pictures.no_bucket`, and as the stores do.
    """
    bucket = config.storage.bucket
    if bucket is None:
        raise Refusal("pictures.no_bucket")
    folder, store = files_in(config.data.folder, None), files_in(config.data.folder, bucket)
    source, target = (folder, store) if to == "bucket" else (store, folder)
    await target.prepare()
    moved = PicturesMoved()
    there = {picture async for picture in target.each()}
    running: set[asyncio.Task[None]] = set()
    try:
        async for picture in source.each():
            running.add(asyncio.create_task(_bring(picture, source, target, moved, picture in there, remove)))
            if len(running) >= AT_ONCE:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                told(moved)
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    told(moved)
    return moved, target


async def _bring(picture: str, source: Files, target: Files, moved: PicturesMoved, there: bool, remove: bool) -> None:
    if there and (not remove or await _lies(target, picture)):
        moved.there += 1
    else:
        try:
            content = await source.patiently(functools.partial(source.get, picture), DRAWN)
        except Refusal as refusal:
            if refusal.key == "picture.gone":  # deleted a moment ago, as the bot may be running
                return
            raise
        if not await _is(content, picture):
            moved.damaged.append(source.place(picture))
            return
        if there:  # and not what its name says
            await target.remove(picture)
        await target.patiently(functools.partial(target.put, content, suffix_of(content)), DRAWN)
        if not await _lies(target, picture):
            moved.damaged.append(target.place(picture))
            return
        moved.brought += 1
    if remove:
        await source.patiently(functools.partial(source.remove, picture), DRAWN)
        moved.removed += 1


async def _lies(files: Files, picture: str) -> bool:
    """Whether a file is there and is what its name says."""
    return await _is(await files.patiently(functools.partial(files.get, picture), DRAWN), picture)


async def _is(content: bytes, picture: str) -> bool:
    return await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest()) == picture
