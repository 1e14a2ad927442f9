"""Telegram as a chat platform: cards become messages, photos and documents, within its limits."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Coroutine
from dataclasses import replace

from telegram import Update, User
from telegram.error import BadRequest, InvalidToken, NetworkError, TelegramError

from bot.chat import Card, Desk, People
from bot.errors import Rejected
from bot.platforms.telegram import command_list, dispatch, places
from bot.platforms.telegram.bot_api import BotApi
from bot.platforms.telegram.card_messages import CardMessages
from bot.platforms.telegram.context import Enter, OpenUpdate, Suggest, TelegramContext
from bot.platforms.telegram.keyboards import keyboard, turned
from bot.platforms.telegram.message_html import say
from bot.platforms.telegram.progress_edits import ProgressEdits
from bot.platforms.telegram.rate_limiter import RateLimiter
from bot.platforms.telegram.settings import TelegramSettings
from bot.platforms.telegram.updates import ALLOWED, Updates
from bot.studio import cards
from engine.job import State
from prompts.errors import Refusal
from storage import jobs, posts
from storage.database import Database
from storage.jobs import Place

log = logging.getLogger(__name__)

TRIES = (0.5, 2.0, 10.0, 30.0)  # seconds before an answer is sent once more; the last again and again
UNDER_WAY = (State.WAITING, State.RUNNING)
TRY_AGAIN = 10.0  # seconds until a Telegram that could not be reached is tried again
NOTICE, ALERT = 200, 60  # characters of a notice at most, and beyond which it has to be closed by hand


class TelegramChat:
    """A bot.chat.Chat over the Bot API. `people` tells who stands behind an account, `suggest` which tags fit
    what somebody types, `enter` who may use the bot."""

    platform = places.PLATFORM
    pace = 1.0

    def __init__(
        self,
        db: Database,
        settings: TelegramSettings,
        people: People,
        suggest: Suggest,
        enter: Enter,
        limiter: RateLimiter | None = None,
    ) -> None:
        self._db, self._settings, self._people, self._suggest, self._enter = db, settings, people, suggest, enter
        self._limiter = limiter or RateLimiter()
        self._locks: dict[str, asyncio.Lock] = {}
        self._serving: asyncio.Task[None] | None = None
        self._sweeps: set[asyncio.Task[None]] = set()

    async def listen(self, desk: Desk) -> None:
        """Connect, or go on trying where Telegram cannot be reached. Raises Refusal "telegram.token_refused" for a
        token that Telegram does not know, `listen.…` where a webhook cannot listen."""
        self._api = BotApi(self._settings, self._db, self._limiter)
        self._messages, self._progress = CardMessages(self._api, self._db), ProgressEdits(self._api)
        self._updates: Updates | None = None
        self._asked: dict[str, OpenUpdate] = {}
        try:
            await self._open(desk)
        except InvalidToken:
            await self._api.close()
            raise Refusal("telegram.token_refused") from None
        except Refusal:
            await self.close()
            raise
        except TelegramError as error:
            log.warning("Telegram cannot be reached: %s", error)
            self._serving = asyncio.create_task(self._open_later(desk))

    async def _open(self, desk: Desk) -> None:
        await self._api.open()
        me: User = self._api.bot.bot
        context = TelegramContext(
            self._db,
            self._api,
            self._settings,
            desk,
            self._people,
            self.send,
            me,
            self._suggest,
            self._enter,
            asked=self._asked,
        )

        async def take(update: Update) -> None:
            await dispatch.take(context, update)

        self._updates = Updates(self._api, self._db, take)
        await self._updates.resume()
        await command_list.publish(self._api)
        log.info("Telegram as @%s", me.username)
        if (hook := self._settings.webhook) is None:
            await self._api.ask(lambda: self._api.bot.delete_webhook())
            self._serving = asyncio.create_task(self._updates.poll())
        else:
            await self._updates.serve(hook)
            await self._api.ask(
                lambda: self._api.bot.set_webhook(
                    hook.url, secret_token=hook.secret, allowed_updates=list(ALLOWED), max_connections=40
                )
            )

    async def _open_later(self, desk: Desk) -> None:
        while True:
            await asyncio.sleep(TRY_AGAIN)
            try:
                return await self._open(desk)
            except (InvalidToken, Refusal) as error:
                log.error("Telegram does not work with these settings: %s", error)
                return None
            except TelegramError as error:
                log.warning("Telegram cannot be reached: %s", error)

    async def send(self, place: Place, card: Card, key: str) -> Place:
        """Post a card once for its key; what is known under the key already is brought up to date."""
        for wait in itertools.chain(TRIES, itertools.repeat(TRIES[-1])):
            async with self._locks.setdefault(key, asyncio.Lock()):
                try:
                    return await self._send(place, card, key)
                except (BadRequest, Rejected) as error:
                    if card.job or card == cards.plain(card):
                        raise Rejected(str(error)) from error
                    log.warning("Telegram refused an answer, which goes out as plain text: %s", error)
                    card = cards.plain(card)
                except NetworkError as error:
                    if card.job:
                        raise  # a job's answer is tried again anyway
                    log.warning("an answer did not reach Telegram: %s", error)
                finally:
                    self._locks.pop(key, None)
            await asyncio.sleep(wait)
        raise AssertionError("not reached")

    async def _send(self, place: Place, card: Card, key: str) -> Place:
        known = await posts.by_key(self._db, self.platform, key)
        asked = self._asked.get(key) or await self._asked_by(card)
        asked.language = card.language or asked.language
        # A press that took long has been answered by now, and its card stands where it stood all the same.
        if card.panel and asked.reply.message and (asked.query or (asked.code and not card.fleeting)):
            pressed = replace(place, message=str(asked.reply.message))
            await self._messages.replace(pressed, card, asked.language)
            if asked.query:
                await self._answer(asked, say(asked.language, card.text) if card.fleeting else "")
            return pressed
        if card.fleeting:
            if known is None:
                await posts.put(self._db, await self._notice(place, card, asked), key)
            if card.turned and asked.pressed and (keys := asked.pressed.reply_markup):
                under = places.place(asked.pressed.chat_id, asked.pressed.message_id)
                self._later(self._messages.show_keys(under, turned(keys, asked.code, card.turned)))
            return place
        if known is not None and places.stands(known.place):
            if card.job:
                await self.edit(known.place, card)
            return known.place
        if asked.query:  # the button stops turning before a message comes
            await self._answer(asked)
        there, after = None, 0
        if known is not None:  # it was being sent when the program died, or the line broke
            after = places.sent_after(known.place) or asked.reply.message or 0
            there = await self._messages.find(place, card, asked.language, after)
        there = there or await self._anew(place, card, key, asked, after)
        if card.state in UNDER_WAY:
            self._progress.posted(there, card, asked.language)
        await self._note(there, card, key)
        await self._messages.rest(there, card, asked.language)
        return there

    async def _anew(self, place: Place, card: Card, key: str, asked: OpenUpdate, after: int) -> Place:
        """Post a card; a message of it that got lost `after` this number, and was not found, goes away later."""

        async def note() -> None:
            last = max(self._api.message_ids.last(int(place.chat)), asked.reply.message or 0)
            await posts.put(self._db, places.sending(int(place.chat), last), key)

        there = await self._messages.post(place, card, asked.language, asked.reply, first=note)
        if after:
            self._later(self._messages.withdraw(there, card, asked.language, after))
        return there

    def _later(self, work: Coroutine[None, None, None]) -> None:
        """Do what nobody waits for."""
        task = asyncio.create_task(work)
        self._sweeps.add(task)
        task.add_done_callback(self._sweeps.discard)

    async def edit(self, place: Place, card: Card) -> None:
        """Replace the card at a place. Progress is shown when there is room for it; only the newest is."""
        asked = await self._asked_by(card)
        if card.state in UNDER_WAY:
            self._progress.show(place, card, asked.language)
            return
        preview = await self._progress.stop(place)
        known = await posts.at(self._db, place)  # noted first: somebody may react as soon as it shows
        await self._note(place, card, known.key if known else card.job or str(place))
        photo = preview or bool(known and known.pictures)
        try:
            await self._messages.replace(place, card, asked.language, photo=photo)
            await self._messages.rest(place, card, asked.language)
        except (BadRequest, Rejected) as error:
            if known:  # what stood there stands there still
                await posts.put(self._db, place, known.key, job=known.job, pictures=known.pictures)
            raise Rejected(str(error)) from error

    async def renew(self, place: Place, card: Card, key: str) -> None:
        asked = self._asked.get(key)
        pressed = asked.pressed if asked else None
        if pressed is None or places.place(pressed.chat_id, pressed.message_id) != place:
            language = (await self._asked_by(card)).language
            self._later(self._messages.show_keys(place, keyboard(card, language, self._api.name)))

    async def remove(self, place: Place) -> None:
        """Take a message away, which Telegram allows for two days."""
        await self._progress.stop(place)
        await self._messages.remove(place)

    async def close(self) -> None:
        """Stop listening."""
        await self._progress.close()
        for task in (sweeps := list(self._sweeps)):
            task.cancel()
        await asyncio.gather(*sweeps, return_exceptions=True)
        if self._serving:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
            self._serving = None
        if self._updates:
            await self._updates.close()
        await self._api.close()

    async def _note(self, place: Place, card: Card, key: str) -> None:
        """Remember what stands at a place."""
        await posts.put(self._db, place, key, job=card.job or card.training, pictures=card.about)

    async def _asked_by(self, card: Card) -> OpenUpdate:
        """The language of whoever asked for a job, and the message they asked in."""
        kept = await jobs.get(self._db, card.job) if card.job else None
        if kept is None:
            return OpenUpdate(card.language or self._settings.language or "en")
        return OpenUpdate(kept.language, places.reply_of(kept.request_key))

    async def _notice(self, place: Place, card: Card, asked: OpenUpdate) -> Place:
        """A passing word: on the button that was pressed, else a nod, else a message. Where it stands."""
        if asked.query:
            await self._answer(asked, say(asked.language, card.text))
        elif asked.quiet and card.kind != "error":
            await self._messages.nod(place, asked.reply.message)
        else:
            return await self._messages.post(place, card, asked.language, asked.reply)
        return places.said(int(place.chat))

    async def _answer(self, asked: OpenUpdate, text: str = "") -> None:
        query, asked.query = asked.query, ""
        await self._api.answer(query, text[:NOTICE], alert=len(text) > ALERT)
