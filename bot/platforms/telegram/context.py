"""What the handlers of all kinds of updates share: who writes, from where, and how they are answered."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from telegram import Chat, Message, User
from telegram.error import TelegramError

from bot import texts
from bot.chat import Card, Desk, People, Person, Request, Room
from bot.platforms.telegram import places
from bot.platforms.telegram.albums import Albums
from bot.platforms.telegram.bot_api import BotApi
from bot.platforms.telegram.places import Reply
from bot.platforms.telegram.settings import TelegramSettings
from bot.studio.suggest import Completion
from storage import posts
from storage.database import Database
from storage.jobs import Place

NOWHERE = Reply()
MOMENT, DRAFT = 0.8, 1  # seconds; any number but 0
ADMINS_FOR = 600.0  # seconds that the list of a group's administrators is believed


Suggest = Callable[[Person, str], Awaitable[Sequence[Completion]]]  # tags that fit what is typed
Enter = Callable[[Request], Awaitable[None]]  # raises Refusal for whoever may not use the bot there


@dataclass(slots=True)
class OpenUpdate:
    """An update being answered: in which language, in reply to what; `query` is a pressed button's, until
    it is answered; `pressed` is the message that button is under, where it may turn, `code` the button's own; `quiet`:
    a nod is enough where there is nothing wrong."""

    language: str
    reply: Reply = NOWHERE
    query: str = ""
    quiet: bool = False
    pressed: Message | None = None
    code: str = ""


@dataclass(slots=True)
class TelegramContext:
    """What the kinds of updates share. `asked` is by key, for as long as an update is being answered; `show` sends a
    card that is no answer of the desk's. `albums` are those still coming in, `pressed` when somebody
    first pressed a button that asks whether it is meant, `typing` everybody's newest inline query."""

    db: Database
    api: BotApi
    settings: TelegramSettings
    desk: Desk
    people: People
    show: Callable[[Place, Card, str], Awaitable[Place]]
    me: User
    suggest: Suggest
    enter: Enter
    asked: dict[str, OpenUpdate] = field(default_factory=dict)
    albums: Albums = field(init=False)
    pressed: dict[tuple[int, str], float] = field(default_factory=dict)
    typing: dict[int, str] = field(default_factory=dict)
    _admins: dict[int, tuple[float, Mapping[int, str]]] = field(default_factory=dict)
    _lanes: defaultdict[tuple[int, int], asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def __post_init__(self) -> None:
        self.albums = Albums(self.db)

    async def person(self, user: User | None, sender: Chat | None = None) -> Person:
        """The person behind a user; a group or channel that writes in its own name is one too."""
        if sender is not None:
            return await self.people(places.PLATFORM, str(sender.id), name=sender.title or "", language=self._said(""))
        assert user is not None
        language = self._said(user.language_code or "")
        return await self.people(places.PLATFORM, str(user.id), name=user.full_name, language=language)

    async def room(self, chat: Chat, account: int) -> Room:
        """What Telegram says about somebody in a chat."""
        if chat.type == Chat.PRIVATE:
            return Room()
        status = "administrator" if account == chat.id else (await self._statuses(chat)).get(account, "")
        return Room(server=str(chat.id), roles=frozenset({status} - {""}), moderator=bool(status))

    async def gate(self, chat: Chat, sender: Chat | None, user: User | None) -> None:
        """Raises Refusal where somebody may not use the bot in a chat; the desk asks by itself."""
        person = await self.person(user, sender)
        room = await self.room(chat, sender.id if sender else user.id if user else 0)
        await self.enter(Request(person=person, place=places.place(chat.id), text="", key="", room=room))

    async def is_admin(self, chat: Chat) -> bool:
        """Whether the bot is an administrator of a group."""
        return bool((await self._statuses(chat)).get(self.me.id))

    async def answered(self, key: str) -> bool:
        """Whether an earlier run, perhaps, has answered the update of this key."""
        known = await posts.by_key(self.db, places.PLATFORM, key)
        return known is not None and places.stands(known.place)

    @asynccontextmanager
    async def thinking(self, chat: Chat) -> AsyncIterator[None]:
        """Show that the bot thinks, if it takes longer than a moment; only private chats can."""

        async def show() -> None:
            await asyncio.sleep(MOMENT)
            with suppress(TelegramError):
                await self.api.bot.send_message_draft(chat.id, DRAFT, "")

        task = asyncio.create_task(show()) if chat.type == Chat.PRIVATE else None
        try:
            yield
        finally:
            if task:
                task.cancel()

    def forget(self, chat: int) -> None:
        """Ask anew who its administrators are."""
        self._admins.pop(chat, None)

    @asynccontextmanager
    async def answering(self, chat: int, account: int, key: str, asked: OpenUpdate) -> AsyncIterator[None]:
        """One update of somebody at a time in a chat, in the order in which they came."""
        lane = self._lanes[chat, account]
        async with lane:
            self.asked[key] = asked
            try:
                yield
            finally:
                del self.asked[key]
        if not lane.locked():
            self._lanes.pop((chat, account), None)

    def _said(self, tag: str) -> str:
        return self.settings.language or texts.language_of(tag)

    async def _statuses(self, chat: Chat) -> Mapping[int, str]:
        at, known = self._admins.get(chat.id, (-ADMINS_FOR, {}))
        if time.monotonic() - at > ADMINS_FOR:
            try:
                listed = await self.api.ask(lambda: self.api.bot.get_chat_administrators(chat.id))
                known = {one.user.id: str(one.status) for one in listed}
            except TelegramError:
                return {}  # nobody is known to be one; asked again the next time
            self._admins[chat.id] = (time.monotonic(), known)
        return known
