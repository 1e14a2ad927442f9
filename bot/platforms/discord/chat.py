"""Discord as a chat platform: cards become messages, and stay where they stand."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import discord

from bot import texts
from bot.chat import Card, Desk, People
from bot.errors import Closed, Gone, Unreachable
from bot.platforms.discord import delivery, interactions, keys, layout, message_body, messages, originals, reactions
from bot.platforms.discord.client import Client, stay
from bot.platforms.discord.context import DiscordContext, Enter, Suggest, Veiled
from bot.platforms.discord.pending import PLATFORM, UPLOAD, Pending, PendingAnswers
from bot.platforms.discord.settings import DiscordSettings
from bot.platforms.discord.spare_edits import SpareEdits
from engine.job import State
from storage import jobs, people, posts
from storage.database import Database
from storage.jobs import Kept, Place

log = logging.getLogger(__name__)

PATIENCE = 30.0  # seconds a start waits for Discord; without it the rest of the bot starts all the same
CLOSING = 2.0  # seconds that what was asked last gets at the end
UNDER_WAY = (State.WAITING, State.RUNNING)


class DiscordChat:
    """A bot.chat.Chat on Discord. `people` tells who stands behind an account, `suggest` what may be meant by what
    somebody types, `veiled` whether pictures have to be veiled where they are asked for, `enter` who may use the bot
    there."""

    platform = PLATFORM

    def __init__(
        self,
        db: Database,
        settings: DiscordSettings,
        people: People,
        suggest: Suggest,
        veiled: Veiled,
        enter: Enter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pace = settings.pace
        self._db, self._settings = db, settings
        self._pending = PendingAnswers(db, clock)
        self._context = DiscordContext(db, settings, people, suggest, veiled, enter, self._pending, self.send)
        self._begun = asyncio.Event()  # connected, or known to be out of reach for now
        self._context.client = self._client()
        self._progress = SpareEdits(self._context)
        self._running: list[asyncio.Task[None]] = []

    @property
    def client(self) -> discord.Client:
        """The connection of today."""
        return self._context.client

    def _client(self) -> Client:
        return Client(
            self._db,
            self._begun,
            partial(interactions.take, self._context),
            self._react,
            lambda message, changed: messages.hear(self._context, message, changed=changed),
            self._settings.pictures,
        )

    # --- a bot.chat.Chat ---

    async def listen(self, desk: Desk) -> None:
        """Connect. Raises Refusal "discord.refused"; a Discord that cannot be reached is tried again and again."""
        self._context.desk = desk
        if self.client.is_closed():
            self._context.client = self._client()
        self._running = [asyncio.create_task(self._context.background.run())]
        self._running.append(asyncio.create_task(self._pending.tidy_up()))
        await self.connect()

    async def connect(self) -> None:
        """Log in, and wait for Discord to say that we are there, unless it is out of reach."""
        self._begun.clear()
        connection = asyncio.create_task(stay(self._context, self._begun, self._client))
        begun = asyncio.create_task(self._begun.wait())
        self._running.append(connection)
        await asyncio.wait([connection, begun], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        if connection.done() and connection.exception() is not None:
            connection.result()
        connection.add_done_callback(_ended)

    async def send(self, place: Place, card: Card, key: str) -> Place:
        """Post a card where its interaction waits for it, else in the channel, else to the person directly."""
        with delivery.refused():
            return await self._send(place, card, key)

    async def _send(self, place: Place, card: Card, key: str) -> Place:
        if (known := await posts.by_key(self._db, PLATFORM, key)) is not None:
            return known.place
        kept = await jobs.get(self._db, card.job) if card.job else None
        pending = await self._asked(key, kept)
        if pending and card.language:
            pending.language = card.language
        language = pending.language if pending else card.language or await self._language(kept)
        if card.originals and pending:
            card = await originals.send(self._context, pending, card)
            if not pending.application:
                return place  # a reaction: what came is the answer
        if pending and not pending.application and card.fleeting and card.kind != "error":
            if await posts.at(self._db, replace(place, message=pending.about)):
                await reactions.nod(self._context, pending)
            return place
        there = None
        if pending and self._pending.alive(pending):
            there = await delivery.answer(self._context, pending, card)
            if card.turned and pending.rows:
                self._context.background.put(delivery.turn(self._context, pending, card.turned))
        if there is None:
            user = pending.user if pending else card.to or await self._account(kept)
            called = "" if pending and pending.alone else user
            about = keys.message_of(kept.request_key if kept else key)
            there = await delivery.post(self._context, place, card, key, language, user, called=called, about=about)
        if card.state in UNDER_WAY:
            self._progress.posted(there, await message_body.body(self._db, card, language, UPLOAD))
        if not card.fleeting and not card.panel:
            self._ballot(there, card)
            await posts.put(self._db, there, key, job=card.job or card.training, pictures=card.about)
        return there

    async def edit(self, place: Place, card: Card) -> None:
        """Replace a card, by its interaction's token while there is one, else by the bot's own rights. Progress is
        shown when there is room for it; only the newest is."""
        if pending := self._pending.of_message(place.message):
            language = pending.language
        else:
            language = card.language or await self._language(await jobs.get(self._db, card.job) if card.job else None)
        body = await message_body.body(self._db, card, language, pending.limit if pending else UPLOAD)
        if card.state in UNDER_WAY:
            self._progress.show(place, body, pending)
            return
        await self._progress.stop(place)
        shown = card.about
        post = await posts.at(self._db, place)
        if post is not None and post.pictures != shown:  # noted first: whoever sees a picture can react to it at once
            await posts.put(self._db, place, post.key, job=card.job or post.job, pictures=shown)
        try:
            with delivery.refused():
                await delivery.edit(self._context, place, body, pending)
        except Closed:
            raise
        except Unreachable as error:
            raise Gone(str(error)) from error
        self._ballot(place, card)

    async def renew(self, place: Place, card: Card, key: str) -> None:
        pressed = self._pending.of(key)
        if pressed is None or not pressed.rows or pressed.about != place.message:
            asked = self._pending.of_message(place.message)
            language = await self._language(await jobs.get(self._db, card.job) if card.job else None)
            shown = list(layout.rows(card, asked.language if asked else language))
            self._context.background.put(delivery.renew(self._context, place, shown, asked))

    async def remove(self, place: Place) -> None:
        """Take a message away."""
        await self._progress.stop(place)
        with delivery.refused():
            await delivery.remove(self._context, place, self._pending.of_message(place.message))
        await posts.removed(self._db, place)

    async def close(self) -> None:
        """Finish what was asked already, and leave."""
        await self._context.background.finish(CLOSING)
        await self._progress.close()
        await self.client.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running = []
        await self._context.background.drop()

    # --- where answers go ---

    async def _asked(self, key: str, kept: Kept | None) -> Pending | None:
        if (pending := self._pending.of(key)) or kept is None:
            return pending
        return self._pending.of(kept.request_key) or await self._pending.kept(kept.request_key, kept.language)

    async def _language(self, kept: Kept | None) -> str:
        return kept.language if kept and kept.language in texts.LANGUAGES else self._settings.language or "en"

    async def _account(self, kept: Kept | None) -> str:
        """The Discord account of a job's owner, "" without one."""
        accounts = await people.accounts(self._db, kept.job.owner) if kept else []
        return next((one.account for one in accounts if one.platform == PLATFORM), "")

    def _react(self, payload: discord.RawReactionActionEvent, added: bool) -> None:
        """Leave what somebody's reaction means to later; the bot's own mean nothing."""
        if self.client.user is None or payload.user_id != self.client.user.id:
            self._context.background.put(reactions.take(self._context, payload, added=added))

    def _ballot(self, place: Place, card: Card) -> None:
        """Have people vote by reactions, where they can vote."""
        if card.table and any(one.action == "vote" for one in card.buttons):
            self._context.background.put(reactions.ballot(self._context, place, len(card.table.cells)))


def _ended(connection: asyncio.Task[None]) -> None:
    if not connection.cancelled() and (error := connection.exception()) is not None:
        log.error("the connection to Discord has ended: %s", error, exc_info=error)
