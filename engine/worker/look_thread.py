"""Looks at pictures beside the thread that draws: maps made of them, and tags read out of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from engine.annotators.annotating import made
from engine.maps import making
from engine.models.card import out_of_memory
from engine.pixels.source_picture import opened
from engine.preprocessors import preprocessor
from engine.taggers.reading import tags_of
from engine.tagging import Thresholds
from engine.wire import Look, Looked, MakeMap, Mapped, Message, ReadTags, TagsRead
from prompts.errors import Refusal

log = logging.getLogger(__name__)


class LookThread:
    """One thread, so that looks take little from what is drawn; they are done in the order they come in. `send` puts
    what becomes of them on the wire, `folders` are those with the owner's networks, `taggers` those with taggers."""

    def __init__(self, send: Callable[[Message], None], folders: Sequence[Path], taggers: Sequence[Path] = ()) -> None:
        self.wake: Callable[[], None] = lambda: None  # called, on any thread, when a look is done
        self._send = send
        self._folders = folders
        self._taggers = taggers
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="looks")
        self._asked: dict[str, Future[None]] = {}

    def add(self, wish: Look, files: Mapping[str, bytes]) -> None:
        """Have a map made or tags read of these files, by hash."""
        self._asked = {id: asked for id, asked in self._asked.items() if not asked.done()}
        self._asked[wish.id] = asked = self._thread.submit(self._make, wish, files)
        asked.add_done_callback(lambda _: self.wake())

    @property
    def busy(self) -> bool:
        """Whether there is something to look at."""
        return any(not asked.done() for asked in self._asked.values())

    def remove(self, id: str) -> None:
        """Give a look up that has not begun; one that has is done, and nobody waits for it."""
        if asked := self._asked.pop(id, None):
            asked.cancel()

    def close(self) -> None:
        """Give up what has not begun, and wait for what has."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _make(self, wish: Look, files: Mapping[str, bytes]) -> None:
        began = time.monotonic()
        answer = Mapped if isinstance(wish, MakeMap) else TagsRead
        found: Looked
        try:
            if isinstance(wish, MakeMap):
                found = mapped(wish, files, self._folders)
            else:
                found = read(wish, files, self._folders, self._taggers)
        except Refusal as refusal:
            found = answer(wish.id, key=refusal.key, values=dict(refusal.values), notes=refusal.notes)
        except Exception as error:
            log.exception("look %s failed", wish.id)
            found = answer(wish.id, key="error.memory" if out_of_memory(error) else "error.engine")
        self._send(replace(found, seconds=time.monotonic() - began))


def mapped(wish: MakeMap, files: Mapping[str, bytes], folders: Sequence[Path]) -> Mapped:
    """The map that was asked for. Raises Refusal."""
    size = wish.width, wish.height
    row = preprocessor(wish.preprocessor)
    if wish.text and row.written:
        found = making.code(wish.text, size)
    else:
        image, mask = (opened(_file(files, name)) if name else None for name in (wish.picture, wish.mask))
        if image is None:
            raise Refusal("map.no_picture")
        found = made(row, image, size, wish.low, wish.high, wish.seed, fit=wish.fit, mask=mask, folders=folders)
    return Mapped(wish.id, making.png(found.image), found.notes)


def read(wish: ReadTags, files: Mapping[str, bytes], folders: Sequence[Path], taggers: Sequence[Path]) -> TagsRead:
    """The tags that were asked for. Raises Refusal."""
    limits = Thresholds(wish.general, wish.character, wish.rating, wish.mcut)
    image = opened(_file(files, wish.picture))
    [found] = tags_of([image], wish.reader, limits, wish.asked, taggers_in=taggers, models=folders)
    return TagsRead(wish.id, found.to_json())


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise Refusal("picture.gone")
    return files[name]
