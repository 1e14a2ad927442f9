"""Interactions that wait for their answer: the token that answers one lives for fifteen minutes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from storage import posts
from storage.database import Database
from storage.jobs import Place

LIFE = 14 * 60.0  # seconds; a minute less than Discord's, for clocks and slow uploads
TOKEN = 15 * 60.0  # seconds that Discord takes a token
TIDY = 5 * 60.0  # seconds between two looks for dead ones
UPLOAD = 10 * 2**20  # bytes a file may have where no interaction says otherwise
PLATFORM = "discord"
OPEN = "open "  # before the key of a turn that is written down

Mode = Literal["open", "private", "quiet"]


@dataclass(slots=True)
class Turn:
    """Something asked. `mode` is how it was acknowledged: with a message for all, one for the person alone, or none;
    `spent` once that message is used up: what else there is to say comes in messages of its own. Without an application
    (a reaction) its answers go to the person's direct messages."""

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
    about: str = ""  # the message that was reacted to

    @property
    def parts(self) -> dict[str, str]:
        """What the address of its answers is made of."""
        return {"webhook_id": self.application, "webhook_token": self.token}


class Turns:
    """The turns of the last fifteen minutes, by their key and by the messages that answered them."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._clock = clock
        self._turns: OrderedDict[str, Turn] = OrderedDict()
        self._messages: OrderedDict[str, Turn] = OrderedDict()
        self._tidied = -TIDY

    def now(self) -> float:
        return self._clock()

    def add(self, turn: Turn) -> None:
        """Remember a turn, and forget those whose time is over."""
        self._turns[turn.key] = turn
        for known in (self._turns, self._messages):
            while known and (oldest := next(iter(known.values()))).began + LIFE < self.now() and oldest is not turn:
                known.popitem(last=False)

    def answered(self, turn: Turn, message: str) -> None:
        """This message answers the turn."""
        turn.spent = True
        self._messages[message] = turn

    def of(self, key: str) -> Turn | None:
        """The turn of a request's key, whatever became of its token."""
        return self._turns.get(key)

    def of_message(self, message: str) -> Turn | None:
        """The turn that a message answered, while its token can change it."""
        turn = self._messages.get(message)
        return turn if turn and self.alive(turn) else None

    def alive(self, turn: Turn) -> bool:
        """Whether its token is good."""
        return bool(turn.token) and turn.began + LIFE > self.now()

    async def keep(self, turn: Turn) -> None:
        """Write an open turn down, so that it can be answered after a restart: as a post whose message is its token."""
        await self.tidy()
        await posts.put(
            self._db, Place(PLATFORM, turn.channel, f"{turn.application}/{turn.token}"), OPEN + turn.key, job=turn.user
        )

    async def tidy(self) -> None:
        """Forget what was written down of turns whose token is dead, if that was not done a moment ago."""
        if self.now() - self._tidied >= TIDY:
            self._tidied = self.now()
            await posts.forget(self._db, PLATFORM, OPEN, timedelta(seconds=TOKEN))

    async def kept(self, key: str, language: str) -> Turn | None:
        """An open turn of an earlier start. Whether its token is still good is seen when it is used."""
        if not key or (post := await posts.by_key(self._db, PLATFORM, OPEN + key)) is None:
            return None
        application, _, token = post.place.message.partition("/")
        turn = Turn(key, post.place.chat, post.job, language, "open", self.now(), application, token)
        self.add(turn)
        return turn
