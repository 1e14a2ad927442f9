"""Interactions that wait for their answer: the token that answers one lives for fifteen minutes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from bot.platforms.discord.rest import Payload
from bot.platforms.discord.turns import Ticket
from prompts.errors import Refusal
from storage import posts
from storage.database import Database
from storage.jobs import Place

log = logging.getLogger(__name__)

LIFE = 14 * 60.0  # seconds; a minute less than Discord's, for clocks and slow uploads
TOKEN = 15 * 60.0  # seconds that Discord takes a token
TIDY = 60.0  # seconds between two looks for dead ones
UPLOAD = 10 * 2**20  # bytes a file may have where no interaction says otherwise
PLATFORM = "discord"
OPEN = "open "  # before the key of an interaction that is written down

Mode = Literal["open", "private", "quiet", "instead", "panel"]


@dataclass(slots=True)
class Pending:
    """An interaction, a message or a reaction that waits for its answer. `mode` is how it was acknowledged: with a
    message for all, one for the person alone, none, or the promise that the message whose button was pressed becomes
    the answer ("panel": only if that is a card to take its place); `spent` once that message is used up: what else
    there is to say comes in messages of its own. Without an application there is no token: what a message asks for is
    answered by replies to it, what a reaction does in direct messages."""

    key: str
    channel: str
    user: str
    language: str
    mode: Mode
    began: float
    application: str = ""
    token: str = ""
    limit: int = UPLOAD
    alone: bool = False  # with the bot: nothing needs to be hidden
    spent: bool = False
    about: str = ""  # the message that it is, that was reacted to, or whose button was pressed
    rows: Sequence[Payload] = ()  # of the message whose button was pressed, where that can turn
    custom: str = ""  # the id of that button, or its value in a select
    ticket: Ticket = field(default_factory=Ticket)

    @property
    def parts(self) -> dict[str, str]:
        """The parts of the address that its answers are sent to."""
        return {"webhook_id": self.application, "webhook_token": self.token}


class PendingAnswers:
    """The interactions and reactions of the last fifteen minutes, by key and by the messages that answer them."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._clock = clock
        self._pending: OrderedDict[str, Pending] = OrderedDict()
        self._messages: OrderedDict[str, Pending] = OrderedDict()

    def now(self) -> float:
        return self._clock()

    def add(self, pending: Pending) -> None:
        """Remember one, and forget all whose time is over."""
        self._forget()
        self._pending[pending.key] = pending

    def answered(self, pending: Pending, message: str) -> None:
        """Note that this message answers it."""
        pending.spent = True
        self._messages[message] = pending

    def of(self, key: str) -> Pending | None:
        """The one of a request's key, None for none; whatever became of its token."""
        return self._pending.get(key)

    def of_message(self, message: str) -> Pending | None:
        """The one that a message answers, while its token can change that message; else None."""
        pending = self._messages.get(message)
        return pending if pending and self.alive(pending) else None

    def alive(self, pending: Pending) -> bool:
        """Whether a token is good."""
        return bool(pending.token) and pending.began + LIFE > self.now()

    async def keep(self, pending: Pending) -> None:
        """Write an open one down, so that it can be answered after a restart: as a post whose message is its token."""
        await posts.put(
            self._db,
            Place(PLATFORM, pending.channel, f"{pending.application}/{pending.token}"),
            OPEN + pending.key,
            job=pending.user,
        )

    async def tidy_up(self) -> None:
        """Now and then forget those whose token is dead, those written down too; for ever."""
        while True:
            self._forget()
            try:
                await posts.forget(self._db, PLATFORM, OPEN, timedelta(seconds=TOKEN))
            except Refusal as refusal:
                log.warning("tokens that are dead could not be forgotten: %s", refusal)
            await asyncio.sleep(TIDY)

    def _forget(self) -> None:
        for known in (self._pending, self._messages):
            while known and next(iter(known.values())).began + LIFE < self.now():
                known.popitem(last=False)

    async def kept(self, key: str, language: str) -> Pending | None:
        """An open one of an earlier start, None for none. Whether its token is still good is seen when it is used."""
        if not key or (post := await posts.by_key(self._db, PLATFORM, OPEN + key)) is None:
            return None
        application, _, token = post.place.message.partition("/")
        pending = Pending(key, post.place.chat, post.job, language, "open", self.now(), application, token)
        self.add(pending)
        return pending
