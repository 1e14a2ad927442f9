"""What everything that Discord brings has in common: the connection, who asks, and how an answer gets back to them."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord

from bot.chat import Card, Desk, People, Person, Press, Request, Room
from bot.errors import Gone, Unreachable
from bot.platforms.discord.background import Background
from bot.platforms.discord.pending import PLATFORM, Pending, PendingAnswers
from bot.platforms.discord.rest import Expired
from bot.platforms.discord.settings import DiscordSettings
from bot.platforms.discord.turns import Turns
from bot.studio import cards
from bot.studio.suggest import Completion, Kind
from prompts.errors import Refusal
from storage.database import Database
from storage.jobs import Place
from storage.pictures import PictureRow

log = logging.getLogger(__name__)

MENUS = 1000  # forms that may be open at once

# What a text may mean as a kind of thing, so many at most.
Suggest = Callable[[Person, Kind, str, int], Awaitable[list[Completion]]]
# Whether these pictures have to be veiled where somebody asks for them.
Veiled = Callable[[Press, Sequence[PictureRow]], Awaitable[bool]]
Enter = Callable[[Request], Awaitable[None]]  # raises Refusal for whoever may not use the bot there


@dataclass(slots=True)
class DiscordContext:
    """What the kinds of interactions share. `show` posts a card as `bot.chat.Chat.send` does; `client` is the
    connection of today, `desk` takes requests and presses; `menus` are the pictures of messages whose menu was opened,
    by the interaction."""

    db: Database
    settings: DiscordSettings
    people: People
    suggest: Suggest
    veiled: Veiled
    enter: Enter
    pending: PendingAnswers
    show: Callable[[Place, Card, str], Awaitable[Place]]
    background: Background = field(default_factory=Background)
    turns: Turns = field(default_factory=Turns)
    menus: OrderedDict[str, Sequence[Mapping[str, Any]]] = field(default_factory=OrderedDict)
    client: discord.Client = field(init=False)
    desk: Desk = field(init=False)

    async def gate(self, person: Person, channel: str, room: Room) -> None:
        """Raises Refusal where somebody may not use the bot; the desk asks by itself."""
        await self.enter(Request(person=person, place=Place(PLATFORM, channel), text="", key="", room=room))

    def remember(self, interaction: str, attachments: Sequence[Mapping[str, Any]]) -> None:
        """Keep the pictures of a message whose menu was opened, until the form that asks about it comes back."""
        self.menus[interaction] = attachments
        while len(self.menus) > MENUS:
            self.menus.popitem(last=False)

    def later(self, pending: Pending, work: Coroutine[Any, Any, None]) -> None:
        """Do what somebody asked for outside the event that brought it, when it is its turn; what goes wrong is said to
        them."""
        self.background.put(self._do(pending, work))

    async def refuse(self, pending: Pending, refusal: Refusal) -> None:
        """Say to the person alone why not."""
        await self.show(Place(PLATFORM, pending.channel), cards.error(refusal, fleeting=True), pending.key)

    async def _do(self, pending: Pending, work: Coroutine[Any, Any, None]) -> None:
        try:
            async with pending.ticket.come():
                await self._done(pending, work)
        except Exception:
            log.exception("%s got no answer", pending.key)
        finally:
            work.close()

    async def _done(self, pending: Pending, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Refusal as refusal:
            await self.refuse(pending, refusal)
        except (Gone, Unreachable, Expired) as error:
            log.warning("%s cannot be answered: %s", pending.key, error)
        except Exception:
            log.exception("%s failed", pending.key)
            await self.refuse(pending, Refusal("error.unexpected"))
