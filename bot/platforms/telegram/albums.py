"""Albums: Telegram sends each photo of one as a message of its own, and says of none that it is the last."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta

from telegram import Message

from bot.platforms.telegram import places
from storage import posts
from storage.database import Database

QUIET = 1.2  # seconds without another photo after which an album is taken for whole
WORDLESS = 2.0  # the same while none of its photos has a caption, which may be on one that is still to come
LONGEST = 8.0  # seconds that an album is waited for in all
KEPT = 200  # albums remembered, for photos of them that come later still
ANSWERED = "album "  # before the key of an album that was answered
REMEMBERED = timedelta(days=2)  # longer than Telegram keeps what could not be delivered
TIDY = 3600.0  # seconds between two looks for older ones


@dataclass(slots=True)
class Album:
    """The messages of an album, by their numbers; a message that is in none is alone in one without a `group`."""

    group: str
    messages: dict[int, Message]
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    gathered: bool = False  # what comes from now on is not in what is answered
    answered: bool = False

    @property
    def ordered(self) -> list[Message]:
        return [self.messages[number] for number in sorted(self.messages)]

    def add(self, message: Message) -> None:
        self.messages[message.message_id] = message
        self.grown.set()


class Albums:
    """The albums of the last while."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: OrderedDict[str, Album] = OrderedDict()
        self._tidied = -TIDY

    async def whole(self, message: Message) -> Album | None:
        """The album of a message, as soon as no more of its photos come; None where another message of it has led to
        that already: then it is answered when this returns, and its update is done."""
        if not message.media_group_id:
            return Album("", {message.message_id: message})
        group = _group(message)
        album = self._known.get(group)
        if album is None:
            if await posts.by_key(self._db, places.PLATFORM, group) is not None:
                return None  # answered in an earlier run
            if (album := self._known.get(group)) is None:
                return await self._gathered(group, message)
        late, had = album.gathered, message.message_id in album.messages
        album.add(message)
        await album.over.wait()
        if not late or album.answered or had or not message.caption:
            return None
        if self._known.get(group) is not album:  # other words came late too, and what they began has these
            return await self.whole(message)
        return await self._gathered(group, message)  # the words came late

    def changed(self, message: Message) -> Album | None:
        """A message that was changed, with the others of its album; None where these are not known any more."""
        known = self._known.get(_group(message))
        if message.media_group_id and known is None:
            return None
        return Album("", {**(known.messages if known else {}), message.message_id: message})

    async def answer(self, album: Album) -> None:
        """An album has its answer: what comes of it later asks for nothing."""
        if album.group:
            album.answered = True
            if time.monotonic() - self._tidied > TIDY:
                self._tidied = time.monotonic()
                await posts.forget(self._db, places.PLATFORM, ANSWERED, REMEMBERED)
            chat = next(iter(album.messages.values())).chat_id
            await posts.put(self._db, places.place(chat), album.group)

    async def _gathered(self, group: str, message: Message) -> Album:
        before = self._known.get(group)
        album = self._known[group] = Album(group, dict(before.messages) if before else {})
        album.add(message)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        start = time.monotonic()
        while (left := LONGEST - (time.monotonic() - start)) > 0:
            album.grown.clear()
            quiet = QUIET if any(one.caption for one in album.messages.values()) else WORDLESS
            try:
                await asyncio.wait_for(album.grown.wait(), min(quiet, left))
            except TimeoutError:
                break
        album.gathered = True
        return album


def _group(message: Message) -> str:
    return f"{ANSWERED}{message.chat_id} {message.media_group_id}"
