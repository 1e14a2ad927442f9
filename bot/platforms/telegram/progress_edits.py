"""Progress: the newest card of every job that goes on, shown as often as there is room for it. How the job ends never
waits for it."""

from __future__ import annotations

import asyncio
import logging

from telegram import InlineKeyboardMarkup
from telegram.error import BadRequest, TelegramError

from bot.chat import Card
from bot.errors import Gone, Unreachable
from bot.platforms.telegram import calls, photos
from bot.platforms.telegram.bot_api import BotApi
from bot.platforms.telegram.card_messages import NO_TEXT
from bot.platforms.telegram.keyboards import keyboard
from bot.platforms.telegram.message_html import CAPTION, pages
from storage.jobs import Place

log = logging.getLogger(__name__)

SOON = 1.5  # seconds: what ends sooner would have to wait for the second that follows an edit
NEARLY = 0.75  # of the steps, without which an estimate of seconds is not believed


class ProgressEdits:
    """Edits in spare turns. Nothing here matters enough to be tried twice."""

    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._newest: dict[Place, tuple[Card, str]] = {}
        self._tasks: dict[Place, asyncio.Task[None]] = {}
        self._calling: dict[Place, asyncio.Event] = {}  # set once what is on its way has arrived
        self._seen: dict[Place, bytes] = {}  # the preview that stands at a place
        self._said: dict[Place, tuple[str, InlineKeyboardMarkup | None]] = {}  # the words and buttons that do

    def posted(self, place: Place, card: Card, language: str) -> None:
        """This card stands at a place already."""
        self._said[place] = _words(card, language)

    def show(self, place: Place, card: Card, language: str) -> None:
        """Show a card when there is room; an older one that still waits never will be. One in which nothing is new to
        see is left out."""
        preview = card.progress.preview if card.progress else None
        same = self._said.get(place) == _words(card, language) and (not preview or preview == self._seen.get(place))
        if _ending(card) or (same and place not in self._calling):
            self._newest.pop(place, None)
            return
        self._newest[place] = (card, language)
        if place not in self._tasks:
            task = self._tasks[place] = asyncio.create_task(self._move(place))
            task.add_done_callback(lambda _: self._tasks.pop(place, None))

    async def stop(self, place: Place) -> bool:
        """Nothing more there: what is on its way arrives first, what waits never will. Whether a preview stands."""
        self._newest.pop(place, None)
        if task := self._tasks.get(place):
            if arrived := self._calling.get(place):
                await arrived.wait()
            task.cancel()  # also one that was told to wait, and would try again
            await asyncio.gather(task, return_exceptions=True)
        self._said.pop(place, None)
        return self._seen.pop(place, None) is not None

    async def close(self) -> None:
        for place in list(self._tasks):
            await self.stop(place)

    async def _move(self, place: Place) -> None:
        while newest := self._newest.get(place):
            try:
                shown = await self._api.post(int(place.chat), lambda chat: self._step(chat, place), spare=True)
                if shown is None:  # Telegram says that nothing is new in it
                    self._said[place] = _words(*newest)
                    if self._newest.get(place) is newest:
                        del self._newest[place]
            except (Gone, Unreachable, TelegramError, OSError) as error:
                log.info("progress at %s was not shown: %s", place, error)
                self._newest.pop(place, None)

    async def _step(self, chat: int, place: Place) -> bool:
        if (newest := self._newest.get(place)) is None:
            return True
        card, language = newest
        keys, bot = keyboard(card, language), self._api.bot
        preview = card.progress.preview if card.progress else None
        anew = preview is not None and preview != self._seen.get(place)
        photo = await asyncio.to_thread(photos.preview, preview) if preview and anew else b""
        arrived = self._calling[place] = asyncio.Event()
        try:
            if preview and anew:
                caption = pages(card, language, CAPTION)[0]
                await calls.edit_media(bot, place.message, photo, caption, keys, spoiler=card.spoiler)(chat)
                self._seen[place] = preview
            elif place in self._seen:
                await calls.edit_caption(bot, place.message, pages(card, language, CAPTION)[0], keys)(chat)
            else:
                await calls.edit_text(bot, place.message, pages(card, language)[0], keys)(chat)
            self._said[place] = _words(card, language)
            if self._newest.get(place) is newest:
                del self._newest[place]
        except BadRequest as error:
            if NO_TEXT not in error.message.lower():
                raise
            self._seen[place] = b""  # a preview of an earlier run stands there: the next turn changes its caption
        finally:
            del self._calling[place]
            arrived.set()
        return True


def _ending(card: Card) -> bool:
    """Whether a job is so near its end that how it ends would have to wait for this. It is by its steps, too: what is
    left in seconds is an estimate."""
    now = card.progress
    return now is not None and now.seconds_left < SOON and now.step >= NEARLY * now.steps > 0


def _words(card: Card, language: str) -> tuple[str, InlineKeyboardMarkup | None]:
    return pages(card, language)[0], keyboard(card, language)
