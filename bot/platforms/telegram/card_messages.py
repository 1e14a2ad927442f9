"""Cards where people see them: posted once, found again, replaced."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial

from telegram import InlineKeyboardMarkup, Message, ReactionTypeEmoji
from telegram.error import BadRequest, TelegramError

from bot import texts
from bot.chat import Card, Shown
from bot.errors import Gone, Rejected, Unreachable
from bot.platforms.telegram import calls, photos, places
from bot.platforms.telegram.bot_api import BotApi
from bot.platforms.telegram.keyboards import keyboard
from bot.platforms.telegram.message_html import CAPTION, TEXT, pages
from bot.platforms.telegram.places import Reply
from engine.job import State
from engine.pixels.dressing import dressed
from storage import facts, posts
from storage.database import Database
from storage.forgetting import PHOTO
from storage.jobs import Place

log = logging.getLogger(__name__)

ALBUM = 10  # documents in one album
NOD = "👌"
NO_TEXT = "there is no text in the message"  # what Telegram says where a photo stands
PROBED, SWEPT = 16, 60  # numbers looked at for a message that may have arrived: before it is sent anew, and after
UNHURRIED = 3.0  # seconds between two looks once the answer stands: a group takes twenty calls a minute
MAKING = asyncio.Semaphore(2)  # sheets drawn at once: each takes some ten megabytes


class CardMessages:
    """Puts cards into chats, each in its turn. Raises Gone and Unreachable as bot.chat.Chat says."""

    def __init__(self, api: BotApi, db: Database) -> None:
        self._api, self._db, self._bot = api, db, api.bot

    async def post(
        self, place: Place, card: Card, language: str, reply: Reply, first: Callable[[], Awaitable[None]] | None = None
    ) -> Place:
        """Post a card; says where it stands. `first` is done right before it goes out."""
        keys, messages = keyboard(card, language, self._api.name, inline=self._api.inline), 1
        if card.pictures and not card.originals:
            html = pages(card, language, CAPTION)[0]
            message = await self._with_photo(
                place,
                card,
                lambda photo: calls.photo(self._bot, photo, html, keys, reply, spoiler=card.spoiler),
                first,
            )
        else:
            if card.file is not None:
                caption = pages(card, language, CAPTION)[0]
                call = calls.documents(self._bot, [(card.file.name, card.file.content)], caption, keys, reply)
            elif card.pictures:
                contents = [await self._db.files.get(one.hash) for one in card.pictures[:ALBUM]]
                sent = [await asyncio.to_thread(dressed, content, card.papers) for content in contents]
                files = [(f"{one.id}.png", content) for one, content in zip(card.pictures, sent, strict=False)]
                call, messages = self._documents(files, card, language, reply)
            else:
                call = calls.text(self._bot, pages(card, language)[0], keys, reply)
            message = await self._api.post(int(place.chat), call, messages=messages, first=first)
        assert isinstance(message, Message)
        for number in range(1, messages):  # the others of an album, so that nothing takes them for its own
            there = places.place(message.chat_id, message.message_id + number)
            await posts.put(self._db, there, f"{message.chat_id}:{there.message}")
        await self._remember(card, message)
        return places.place(message.chat_id, message.message_id)

    async def find(self, place: Place, card: Card, language: str, after: int) -> Place | None:
        """Where a card stands that may have been posted after the message of this number, by a program that died or
        over a line that broke before Telegram's word came back; it is brought up to date.

        Telegram lists no messages, and a bot can edit only its own. So the first one that it can edit, of a number
        that is nobody's as far as is known, is it."""
        numbers = self._api.message_ids.free(int(place.chat), after) if after else iter(())
        for message in itertools.islice(numbers, PROBED):
            if await self._ours(there := places.place(int(place.chat), message), card, language):
                return there
        return None

    async def withdraw(self, place: Place, card: Card, language: str, after: int) -> None:
        """Take away what `find` has missed: the same card, posted before the one that stands."""
        numbers = self._api.message_ids.free(int(place.chat), after, int(place.message))
        try:
            for message in itertools.islice(numbers, SWEPT):
                await asyncio.sleep(UNHURRIED)
                there = places.place(int(place.chat), message)
                if await self._ours(there, card, language):
                    await self._api.post(int(place.chat), calls.delete(self._bot, there.message))
                    return
        except (Gone, Unreachable, TelegramError) as error:
            log.info("what may stand twice at %s was not looked for to the end: %s", place, error)

    async def _ours(self, there: Place, card: Card, language: str) -> bool:
        """Whether the bot can put this card at a place where it knows of none."""
        if await posts.at(self._db, there) is not None:
            return False
        try:
            if card.originals:
                caption = pages(card, language, CAPTION)[0]
                keys = keyboard(card, language, self._api.name, inline=self._api.inline)
                await self._api.post(int(there.chat), calls.edit_caption(self._bot, there.message, caption, keys))
            else:
                await self.replace(there, card, language)
        except (Gone, BadRequest):
            return False
        return True

    async def replace(self, place: Place, card: Card, language: str, *, photo: bool = False) -> None:
        """Show another card where one stands, as a `photo` with a caption if that is known."""
        if card.pictures:
            edited = await self._with_photo(place, card, lambda shown: self._media(place, shown, card, language))
            if isinstance(edited, Message):
                await self._remember(card, edited)
            return
        if not photo:
            keys = keyboard(card, language, self._api.name, inline=self._api.inline)
            words = calls.edit_text(self._bot, place.message, pages(card, language)[0], keys)
            try:
                await self._api.post(int(place.chat), words)
                return
            except BadRequest as error:  # a photo stands there, a preview that an earlier run has shown, say
                if NO_TEXT not in error.message.lower():
                    raise
        await self._caption(place, card, language)

    async def _caption(self, place: Place, card: Card, language: str) -> None:
        """Words where a photo stands: below a preview, or instead of pictures that are deleted."""
        if card.state in (State.FAILED, State.CANCELLED):
            keys = keyboard(card, language, self._api.name, inline=self._api.inline)
            caption = pages(card, language, CAPTION)[0]
            await self._api.post(int(place.chat), calls.edit_caption(self._bot, place.message, caption, keys))
        else:
            await self._api.post(int(place.chat), self._media(place, photos.blank(), card, language))

    async def remove(self, place: Place) -> None:
        """Take a card away with the rest of its words. Raises Gone, Unreachable, Rejected where it is too old."""
        rest = [one async for one in self._rest(place)]
        for there in (*rest, place):
            try:
                delete = partial(self._api.post, int(there.chat), calls.delete(self._bot, there.message))
                await self._api.ask(delete)
                await posts.removed(self._db, there)
            except Gone:
                if there is place:
                    raise
            except BadRequest as error:
                if there is place:
                    raise Rejected(str(error)) from error
                await self._api.post(int(there.chat), calls.edit_text(self._bot, there.message, "…", None))

    async def _rest(self, place: Place) -> AsyncIterator[Place]:
        """Where the words stand that had no room in a card, and its whole sheet."""
        if (sheet := await posts.by_key(self._db, places.PLATFORM, _sheet_key(place))) is not None:
            yield sheet.place
        for number in itertools.count(2):
            post = await posts.by_key(self._db, places.PLATFORM, _rest_key(place, number))
            if post is None:
                return
            yield post.place

    async def rest(self, place: Place, card: Card, language: str) -> None:
        """What of a card's words has no room where it stands, in replies to it; each is posted once."""
        room = CAPTION if card.pictures else TEXT
        words = pages(card, language, room)
        if card.table and card.pictures and not card.spoiler:  # a document cannot be veiled
            await self._whole_sheet(place, card, language)
        elif (old := await posts.by_key(self._db, places.PLATFORM, _sheet_key(place))) is not None:
            await self._remove_one(old.place)  # some of its pictures are deleted
        for number, html in enumerate(words[1:], start=2):
            key = _rest_key(place, number)
            if await posts.by_key(self._db, places.PLATFORM, key) is not None:
                continue
            call = calls.text(self._bot, html, None, Reply(int(place.message)))
            try:
                message = await self._api.post(int(place.chat), call)
            except (BadRequest, Rejected) as error:  # what stands is the answer
                log.warning("the rest of the words at %s was refused: %s", place, error)
                return
            assert message is not None
            there = places.place(message.chat_id, message.message_id)
            await posts.put(self._db, there, key, job=card.job or "", pictures=card.about)

    async def _remove_one(self, there: Place) -> None:
        """Take a message away, if it is still there and Telegram allows it."""
        try:
            await self._api.post(int(there.chat), calls.delete(self._bot, there.message))
        except (Gone, Unreachable, TelegramError) as error:
            log.info("%s stays where it is: %s", there, error)
        await posts.removed(self._db, there)

    async def _whole_sheet(self, place: Place, card: Card, language: str) -> None:
        """A sheet that is larger than a photo, as a document beneath it."""
        key = _sheet_key(place)
        content = await self._db.files.get(card.pictures[0].hash)
        if await asyncio.to_thread(photos.whole, content):
            return
        if await posts.by_key(self._db, places.PLATFORM, key) is not None:
            return
        async with MAKING:
            suffix, sent = await asyncio.to_thread(photos.document, content)
        caption = texts.say(language, "compare.full")
        call = calls.documents(self._bot, [(f"danqing-sheet.{suffix}", sent)], caption, None, Reply(int(place.message)))
        try:
            message = await self._api.post(int(place.chat), call)
        except (BadRequest, Rejected) as error:  # the photo is the answer
            log.warning("the whole sheet at %s was refused: %s", place, error)
            return
        assert isinstance(message, Message)
        await posts.put(
            self._db, places.place(message.chat_id, message.message_id), key, job=card.job or "", pictures=card.about
        )

    async def show_keys(self, place: Place, keys: InlineKeyboardMarkup | None) -> None:
        """Show other buttons under a message, if it is there to be changed."""
        edit = calls.edit_keys(self._bot, place.message, keys)
        try:
            await self._api.post(int(place.chat), edit)
        except (Gone, Unreachable, TelegramError) as error:
            log.info("the buttons at %s stay as they are: %s", place, error)

    async def nod(self, place: Place, message: int | None) -> None:
        """A silent yes on a message, if it is still there."""
        if message is None or await posts.at(self._db, places.place(int(place.chat), message)) is None:
            return
        chat = await self._api.now(int(place.chat))
        try:
            await self._api.ask(lambda: self._bot.set_message_reaction(chat, message, [ReactionTypeEmoji(NOD)]))
        except TelegramError as error:
            log.info("no nod in %s: %s", place.chat, error)

    def _documents(
        self, files: list[tuple[str, bytes]], card: Card, language: str, reply: Reply
    ) -> tuple[calls.Call, int]:
        """The files themselves, with all that is in them; and how many messages that makes."""
        if any(len(content) > photos.DOCUMENT for _, content in files):
            sorry = texts.say(language, "telegram.original_too_large", limit=photos.DOCUMENT // 1_000_000)
            return calls.text(self._bot, sorry, None, reply), 1
        caption = pages(card, language, CAPTION)[0]
        keys = keyboard(card, language, self._api.name, inline=self._api.inline)
        return calls.documents(self._bot, files, caption, keys, reply), len(files)

    def _media(self, place: Place, photo: bytes | str, card: Card, language: str) -> calls.Edit:
        caption = pages(card, language, CAPTION)[0]
        keys = keyboard(card, language, self._api.name, inline=self._api.inline)
        return calls.edit_media(self._bot, place.message, photo, caption, keys, spoiler=card.spoiler)

    async def _with_photo(
        self,
        place: Place,
        card: Card,
        call: Callable[[bytes | str], calls.Edit | calls.Call],
        first: Callable[[], Awaitable[None]] | None = None,
    ) -> Message | bool | None:
        """Make a call with a card's photo; with its bytes where Telegram does not know its id any more."""
        photo = await self._photo(card.pictures)
        try:
            return await self._api.post(int(place.chat), call(photo), first=first)
        except BadRequest as error:
            if not isinstance(photo, str):
                raise
            log.info("photo %s is not known as %s any more: %s", card.pictures[0].id, photo, error)
            await facts.set_fact(self._db, photo_fact(card.pictures[0].id), None)
            return await self._api.post(int(place.chat), call(await self._photo(card.pictures)), first=first)

    async def _photo(self, pictures: Sequence[Shown]) -> bytes | str:
        """What to send: the id of a photo that Telegram has, else the picture or a sheet of them."""
        if len(pictures) == 1 and isinstance(known := await facts.fact(self._db, photo_fact(pictures[0].id)), str):
            return known
        contents = [await self._db.files.get(one.hash) for one in pictures]
        async with MAKING:
            if len(contents) == 1:
                return await asyncio.to_thread(photos.photo, contents[0])
            return await asyncio.to_thread(photos.sheet, contents)

    async def _remember(self, card: Card, message: Message) -> None:
        """Keep the id under which Telegram has a picture: it is sent anew without its bytes, and by inline mode."""
        if message.photo and len(card.pictures) == 1:
            await facts.set_fact(self._db, photo_fact(card.pictures[0].id), message.photo[-1].file_id)


def _rest_key(place: Place, number: int) -> str:
    """The key of the message that holds the page of this number of a card's words."""
    return f"{place.chat}:{place.message}#{number}"


def _sheet_key(place: Place) -> str:
    """The key of the message that holds the whole sheet of a card."""
    return f"{place.chat}:{place.message}#sheet"


def photo_fact(picture: str) -> str:
    """The fact that holds the id of a picture's photo."""
    return f"{PHOTO}{picture}"
