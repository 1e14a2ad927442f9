"""Updates on their way in: asked for or posted to us, written down before Telegram forgets them, taken once."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, cast
from weakref import WeakValueDictionary

from aiohttp import web
from telegram import Update
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.errors import Gone, Unreachable
from bot.platforms.listening import refused
from bot.platforms.telegram.bot_api import POLL, BotApi
from bot.platforms.telegram.settings import Webhook
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import facts
from storage.database import Database

log = logging.getLogger(__name__)

ALLOWED = ("message", "edited_message", "callback_query", "inline_query", "message_reaction", "my_chat_member")
REMEMBERED = 2000  # updates known by their number, to take none twice
AFTER_CONFLICT = 5.0  # seconds: another copy of the bot is asking, and may be about to stop
LONGEST_WAIT = 30.0  # seconds between two tries while Telegram cannot be reached
LARGEST = 2**20  # bytes of an update
CLEARED = 0.2  # seconds until an update that is done is forgotten, with those that are done meanwhile
SECRET = "X-Telegram-Bot-Api-Secret-Token"


class Updates:
    """Hands every update to `take` once, side by side, but what one person writes one after the other; those not done
    when the program dies come again at the next start."""

    def __init__(self, api: BotApi, db: Database, take: Callable[[Update], Awaitable[None]]) -> None:
        self._api, self._db, self._take = api, db, take
        self._fact = f"telegram.updates.{api.bot.token.partition(':')[0]}"
        self._pending: dict[int, dict[str, Json]] = {}
        self._known: OrderedDict[int, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._writing = asyncio.Lock()
        self._done_lately = False
        self._clearing: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def resume(self) -> None:
        """Take what an earlier run left undone."""
        kept = await facts.fact(self._db, self._fact)
        left = [Update.de_json(cast(dict[str, Any], one), self._api.bot) for one in cast(list[Json], kept or [])]
        await self.accept(left)

    async def accept(self, updates: Sequence[Update]) -> None:
        """Write down updates that are new, and begin to take them; when this returns, Telegram may forget them."""
        new = [one for one in updates if one.update_id not in self._known]
        for update in new:
            self._api.message_ids.hear(update)
            self._known[update.update_id] = None
            self._pending[update.update_id] = cast(dict[str, Json], update.to_dict())
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        try:
            if new:
                await self._write()
        except Refusal:
            for update in new:
                del self._known[update.update_id], self._pending[update.update_id]
            raise
        for update in new:
            task = asyncio.create_task(self._taken(update))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def poll(self) -> None:
        """Ask for updates for ever; returns when Telegram does not know the token any more."""
        offset, wait = 0, 0.0
        while True:
            await asyncio.sleep(wait)
            try:
                updates = await self._api.bot.get_updates(offset=offset, timeout=POLL, allowed_updates=list(ALLOWED))
                await self.accept(updates)
                offset = max([offset, *(one.update_id + 1 for one in updates)])
                wait = 0.0
            except InvalidToken:
                log.error("Telegram does not know this token any more")
                return
            except Conflict as error:
                log.error("another copy of this bot is running, or a webhook is set: %s", error)
                wait = AFTER_CONFLICT
            except RetryAfter as error:
                wait = cast(Any, error.retry_after).total_seconds()
            except (NetworkError, TelegramError) as error:
                log.warning("no updates from Telegram: %s", error)
                wait = min(LONGEST_WAIT, max(0.5, wait * 2))
            except Refusal as refusal:  # they cannot be written down: Telegram keeps them until they can
                log.error("updates are left with Telegram: %s", refusal)
                wait = LONGEST_WAIT

    async def serve(self, hook: Webhook) -> None:
        """Listen for updates that Telegram posts. Raises Refusal `listen.…`."""
        app = web.Application(client_max_size=LARGEST)

        async def posted(request: web.Request) -> web.Response:
            if not hmac.compare_digest(request.headers.get(SECRET, "").encode(), hook.secret.encode()):
                return web.Response(status=403)
            await self.accept([Update.de_json(await request.json(), self._api.bot)])
            return web.Response()

        app.router.add_post("/{path:.*}", posted)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=3)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, hook.host, hook.port).start()
        except OSError as error:
            raise refused(error, hook.host, hook.port, "telegram.webhook_") from error
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop; what is under way is taken again at the next start."""
        if self._runner:
            await self._runner.cleanup()
        tasks = [*self._tasks, *([self._clearing] if self._clearing else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._write()

    async def _taken(self, update: Update) -> None:
        try:
            async with self._turn(update):
                await self._take(update)
        except (Gone, Unreachable) as error:
            log.info("update %s: nobody can be told: %s", update.update_id, error)
        except Exception:
            log.exception("update %s failed", update.update_id)
        del self._pending[update.update_id]  # not when cancelled
        self._done_lately = True
        if self._clearing is None or self._clearing.done():
            self._clearing = asyncio.create_task(self._clear())

    def _turn(self, update: Update) -> AbstractAsyncContextManager[object]:
        """To be held while an update is taken: a person's texts wait for those before them. Photos do not: the first of
        an album waits for the others."""
        message = update.message
        if message is None or message.text is None or message.from_user is None:
            return nullcontext()
        return self._turns.setdefault(message.from_user.id, asyncio.Lock())

    async def _clear(self) -> None:
        """Forget those done lately, in one write; then those that were done while it was written."""
        while self._done_lately:
            await asyncio.sleep(CLEARED)
            self._done_lately = False
            try:
                await self._write()
            except Refusal as refusal:  # the next write forgets them
                log.warning("updates that are done could not be forgotten: %s", refusal)

    async def _write(self) -> None:
        async with self._writing:
            await facts.set_fact(self._db, self._fact, list(self._pending.values()))
