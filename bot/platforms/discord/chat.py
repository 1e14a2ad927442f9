"""Discord as a chat platform: cards become messages, and stay where they stand."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import discord

from bot import texts
from bot.chat import Card, Desk
from bot.errors import Gone, Unreachable
from bot.platforms.discord import content, delivery, heard, originals, reactions
from bot.platforms.discord.client import Client, stay
from bot.platforms.discord.inbox import Inbox
from bot.platforms.discord.rest import Body, Expired
from bot.platforms.discord.settings import DiscordSettings
from bot.platforms.discord.turn import PLATFORM, UPLOAD, Turn, Turns
from bot.studio import cards
from engine.job import State
from prompts.errors import Refusal
from storage import jobs, people, posts
from storage.jobs import Kept, Place

if TYPE_CHECKING:
    from bot.studio.studio import Studio

log = logging.getLogger(__name__)

PATIENCE = 30.0  # seconds a start waits for Discord; without it the rest of the bot starts all the same
CLOSING = 2.0  # seconds that what was asked last gets at the end
UNDER_WAY = (State.WAITING, State.RUNNING)
MENUS = 1000  # forms that may be open at once


class DiscordChat:
    """A bot.chat.Chat on Discord. `studio` knows people, pictures and what may be suggested."""

    platform = PLATFORM

    def __init__(self, studio: Studio, settings: DiscordSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.studio = studio
        self.db = studio.db
        self.settings = settings
        self.pace = settings.pace
        self.turns = Turns(studio.db, clock)
        self.client = Client(self)
        self.begun = asyncio.Event()  # connected, or known to be out of reach for now
        self.desk: Desk
        self.menus: OrderedDict[str, Sequence[Mapping[str, Any]]] = OrderedDict()  # see `remember`
        self._shown: dict[Place, Body] = {}  # what stands where something is under way
        self._inbox = Inbox()
        self._running: list[asyncio.Task[None]] = []

    # --- a bot.chat.Chat ---

    async def listen(self, desk: Desk) -> None:
        """Connect. Raises Refusal "discord.refused"; a Discord that cannot be reached is tried again and again."""
        self.desk = desk
        if self.client.is_closed():
            self.client = Client(self)
        self._running = [asyncio.create_task(self._inbox.run())]
        await self.turns.tidy()
        await self.connect()

    async def connect(self) -> None:
        """Log in, and wait for Discord to say that we are there, unless it is out of reach."""
        self.begun.clear()
        connection = asyncio.create_task(stay(self, self.settings))
        begun = asyncio.create_task(self.begun.wait())
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
        if (known := await posts.by_key(self.db, PLATFORM, key)) is not None:
            return known.place
        kept = await jobs.get(self.db, card.job) if card.job else None
        turn = await self._turn(key, kept)
        if turn and card.language:
            turn.language = card.language
        language = turn.language if turn else await self._language(kept)
        if card.originals and turn:
            card = await originals.send(self, turn, card)
            if not turn.application:
                return place  # a reaction: what came is the answer
        if turn and not turn.application and card.fleeting and card.kind != "error":
            await reactions.nod(self, turn)
            return place
        there = await delivery.answer(self, turn, card) if turn and self.turns.alive(turn) else None
        if there is None:
            user = turn.user if turn else await self._account(kept)
            called = "" if turn and turn.alone else user
            there = await delivery.post(self, place, card, key, language, user, called)
        if card.state in UNDER_WAY:
            self._shown[there] = await content.body(self.db, card, language, UPLOAD)
        if not card.fleeting:
            await posts.put(self.db, there, key, job=card.job or "", pictures=[picture.id for picture in card.pictures])
        return there

    async def edit(self, place: Place, card: Card) -> None:
        """Replace a card, by its interaction's token while there is one, else by the bot's own rights."""
        if turn := self.turns.of_message(place.message):
            language = turn.language
        else:
            language = await self._language(await jobs.get(self.db, card.job) if card.job else None)
        body = await content.body(self.db, card, language, turn.limit if turn else UPLOAD)
        if card.state in UNDER_WAY and self._shown.get(place) == body:
            return  # nothing of it is new to see
        self._shown.pop(place, None)
        if card.state not in UNDER_WAY:  # noted first: whoever sees a picture can react to it at once
            shown = tuple(picture.id for picture in card.pictures)
            post = await posts.at(self.db, place)
            if post is not None and post.pictures != shown:
                await posts.put(self.db, place, post.key, job=post.job, pictures=shown)
        try:
            with delivery.refused():
                await delivery.edit(self, place, body, turn)
        except Unreachable as error:
            raise Gone(str(error)) from error
        if card.state in UNDER_WAY:
            self._shown[place] = body

    async def close(self) -> None:
        """Finish what was asked already, and leave."""
        await self._inbox.finish(CLOSING)
        await self.client.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running = []
        await self._inbox.drop()

    # --- where answers go ---

    async def _turn(self, key: str, kept: Kept | None) -> Turn | None:
        if (turn := self.turns.of(key)) or kept is None:
            return turn
        return self.turns.of(kept.request_key) or await self.turns.kept(kept.request_key, kept.language)

    async def _language(self, kept: Kept | None) -> str:
        return kept.language if kept and kept.language in texts.LANGUAGES else self.settings.language or "en"

    async def _account(self, kept: Kept | None) -> str:
        """The Discord account of a job's owner, "" without one."""
        accounts = await people.accounts(self.db, kept.job.owner) if kept else []
        return next((one.account for one in accounts if one.platform == PLATFORM), "")

    # --- what is heard ---

    async def heard(self, interaction: discord.Interaction) -> None:
        """Acknowledge an interaction at once, and leave the rest to later."""
        await heard.heard(self, interaction)

    def reacted(self, payload: discord.RawReactionActionEvent) -> None:
        """Somebody reacted to a message."""
        if self.client.user is None or payload.user_id != self.client.user.id:
            self._inbox.put(reactions.reacted(self, payload))

    def remember(self, interaction: str, attachments: Sequence[Mapping[str, Any]]) -> None:
        """The pictures of a message whose menu was opened, until the form that asks about it comes back."""
        self.menus[interaction] = attachments
        while len(self.menus) > MENUS:
            self.menus.popitem(last=False)

    def later(self, turn: Turn, work: Coroutine[Any, Any, None]) -> None:
        """Do what a turn asks for, outside the event that brought it; what goes wrong is said to the person."""
        self._inbox.put(self._do(turn, work))

    async def refuse(self, turn: Turn, refusal: Refusal) -> None:
        """Say to the person alone why not."""
        await self.send(Place(PLATFORM, turn.channel), cards.error(refusal, fleeting=True), turn.key)

    async def _do(self, turn: Turn, work: Coroutine[Any, Any, None]) -> None:
        try:
            try:
                await work
            except Refusal as refusal:
                await self.refuse(turn, refusal)
            except (Gone, Unreachable, Expired) as error:
                log.warning("%s cannot be answered: %s", turn.key, error)
            except Exception:
                log.exception("%s failed", turn.key)
                await self.refuse(turn, Refusal("error.unexpected"))
        except Exception:
            log.exception("%s got no answer", turn.key)


def _ended(connection: asyncio.Task[None]) -> None:
    if not connection.cancelled() and (error := connection.exception()) is not None:
        log.error("the connection to Discord has ended: %s", error, exc_info=error)
