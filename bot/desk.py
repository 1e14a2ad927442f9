"""The desk that platforms hand requests and presses to: it finds the command or the button, and sends its card."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from bot.buttons import redrawing
from bot.buttons.actions import ACTIONS
from bot.buttons.presses import PRESSES
from bot.chat import Card, Press, Request
from bot.commands import imagine
from bot.commands.command import Command
from bot.commands.panels import PANELS
from bot.commands.table import command_of
from bot.people import access, metadata
from bot.studio import cards
from bot.studio.studio import Studio
from engine.files import private
from prompts.errors import Refusal

OWN_DATA = frozenset({"mydata", "forget", "forget_cancel"})  # commands and buttons that nobody is kept from
log = logging.getLogger(__name__)


class StudioDesk:
    """The `Desk` (`bot.chat.Desk`) before a studio. A job is answered by its own card, everything else by the card that
    its command or button returns, or by one that says why not."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    async def request(self, request: Request) -> None:
        """Run the command that a message calls; a message without one is drawn."""

        async def run() -> Card | None:
            command, rest = _command(request)
            return await command.run(self.studio, request, rest)

        await self._answering(request, run, fleeting=False)

    async def press(self, press: Press) -> None:
        """Do what a button says."""

        async def run() -> Card | None:
            if press.action in ACTIONS:
                await redrawing.by_button(self.studio, press)
                return None
            act = PRESSES.get(press.action) or PANELS.get(press.action)
            if act is None:
                raise Refusal("press.unknown")
            return await act(self.studio, press)

        await self._answering(press, run, fleeting=True)

    async def _answering(
        self, asked: Request | Press, run: Callable[[], Awaitable[Card | None]], *, fleeting: bool
    ) -> None:
        studio = self.studio
        try:
            with private.seen_by(asked.person.id):
                if not _about_own_data(asked):
                    await access.enter(studio.db, studio.rules.access, asked)
                card = await run()
        except Refusal as refusal:
            card = cards.error(refusal, fleeting=fleeting)
        except Exception:
            log.exception("request %s failed", asked.key)
            card = cards.error(Refusal("error.unexpected"), fleeting=fleeting)
        if card is not None and card.pictures:
            card = replace(card, papers=await metadata.of_asked(studio.db, asked, studio.rules.metadata))
        if card is not None:
            await studio.chats[asked.place.platform].send(asked.place, card, asked.key)


def _about_own_data(asked: Request | Press) -> bool:
    """Whether somebody alone with the bot wants what it has of them, or to be forgotten: who is blocked may, too."""
    if not asked.room.private:
        return False
    if isinstance(asked, Press):
        return asked.action in OWN_DATA
    with suppress(Refusal):
        return _command(asked)[0].name in OWN_DATA
    return False


def _command(request: Request) -> tuple[Command, str]:
    """The command that a message calls, and the rest of it; a text that is to be taken as it stands calls none."""
    return (imagine.COMMAND, request.text) if request.options.raw else command_of(request.text)
