"""Calls of the Bot API: within its limits, repeated where a failure passes, with our own errors where it does not."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar, cast

from telegram import Bot, Message
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.errors import Closed, Gone, Rejected, Unreachable
from bot.platforms.telegram.message_ids import MessageIds
from bot.platforms.telegram.rate_limiter import RateLimiter
from bot.platforms.telegram.settings import TelegramSettings
from storage import facts
from storage.database import Database

log = logging.getLogger(__name__)
T = TypeVar("T")

POLL = 50  # seconds a request for updates is held open; Telegram's own most
CONNECTIONS = 40  # at once: more than the thirty messages a second that may go out
GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message to be replied not found",
    "message to delete not found",
)
TOO_LARGE = "entity too large"  # a 413, which the library does not tell from a broken line
UNCHANGED = "message is not modified"
SHUT = (
    "chat not found",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_write_forbidden",
    "topic_closed",
    "message thread not found",
    "chat_restricted",
    "user is deactivated",
)


class BotApi:
    """Calls of the Bot API. `bot` is the library's own, for what the limits do not count."""

    def __init__(self, settings: TelegramSettings, db: Database, limiter: RateLimiter | None = None) -> None:
        os.environ.setdefault("PTB_TIMEDELTA", "true")  # else the library warns of its own future in every 429
        self.bot = Bot(
            settings.token,
            base_url=f"{settings.api_base}/bot",
            base_file_url=f"{settings.file_base}/bot",
            request=HTTPXRequest(
                connection_pool_size=CONNECTIONS, read_timeout=30, write_timeout=60, pool_timeout=30, connect_timeout=10
            ),
            get_updates_request=HTTPXRequest(connection_pool_size=1, read_timeout=POLL + 10, connect_timeout=10),
        )
        self.name = ""  # the bot's own, once it is known
        self.inline = False  # whether it has inline mode
        self.limiter = limiter or RateLimiter()
        self.message_ids = MessageIds()
        self._db = db
        self._moved: dict[int, int] = {}

    async def open(self) -> None:
        """Learn who the bot is. Raises telegram.error.TelegramError."""
        await self.bot.initialize()
        self.name, self.inline = self.bot.username, bool(self.bot.supports_inline_queries)

    async def close(self) -> None:
        await self.bot.shutdown()

    async def post(
        self,
        chat: int,
        call: Callable[[int], Awaitable[T]],
        *,
        messages: int = 1,
        spare: bool = False,
        first: Callable[[], Awaitable[None]] | None = None,
    ) -> T | None:
        """Make a call that puts or changes messages in a chat, in its turn, and return what it gives; None where
        nothing changed.

        The call gets the chat's id of today; `first` is done right before it, when nothing else is under way to this
        chat. Raises Gone, Unreachable, Closed, and what else the library raises."""
        chat = await self.now(chat)
        while True:
            try:
                async with self.limiter.turn(chat, messages, spare=spare):
                    if first:
                        await first()
                    made = await call(chat)
                    if isinstance(made, Message):
                        self.message_ids.take(made.chat_id, made.message_id, messages)
                    return made
            except RetryAfter as refused:
                seconds = cast(timedelta, refused.retry_after).total_seconds()
                log.warning("chat %s: told to wait %s s", chat, seconds)
                self.limiter.hold(chat, seconds)
            except ChatMigrated as moved:
                await self.move(chat, moved.new_chat_id)
                chat = moved.new_chat_id
            except InvalidToken as error:
                raise Closed(str(error)) from error
            except Forbidden as error:
                raise Unreachable(str(error)) from error
            except BadRequest as error:
                said = error.message.lower()
                if UNCHANGED in said:
                    return None
                if any(one in said for one in GONE):
                    raise Gone(error.message) from error
                if any(one in said for one in SHUT):
                    raise Unreachable(error.message) from error
                raise
            except NetworkError as error:
                if TOO_LARGE in error.message.lower():
                    raise Rejected(error.message) from error
                raise

    async def ask(self, call: Callable[[], Awaitable[T]], *, tries: int = 3) -> T:
        """Make a call that can be repeated without harm and that no limit counts, and return what it gives."""
        for left in reversed(range(tries)):
            try:
                return await call()
            except RetryAfter as refused:
                if not left:
                    raise
                await asyncio.sleep(cast(timedelta, refused.retry_after).total_seconds())
            except BadRequest:
                raise
            except NetworkError:
                if not left:
                    raise
                await asyncio.sleep(0.5 * (tries - left))
        raise AssertionError("not reached")

    async def answer(self, query: str, text: str = "", *, alert: bool = False) -> None:
        """Tell whoever pressed a button; too late is no harm."""
        try:
            await self.ask(lambda: self.bot.answer_callback_query(query, text, show_alert=alert))
        except TelegramError as error:
            log.info("a press could not be answered: %s", error)

    async def move(self, old: int, new: int) -> None:
        """Remember that a group goes on as a supergroup of another id."""
        self._moved[old] = new
        await facts.set_fact(self._db, f"telegram.moved.{old}", new)

    async def now(self, chat: int) -> int:
        """The id of a chat today."""
        if chat not in self._moved:
            kept = await facts.fact(self._db, f"telegram.moved.{chat}") if chat < 0 else None
            self._moved[chat] = kept if isinstance(kept, int) else chat
        return self._moved[chat]
