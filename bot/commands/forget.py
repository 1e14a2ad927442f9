"""/forget: everything the bot has of a person is erased, after three days."""

from __future__ import annotations

from bot.buttons import forgetting
from bot.chat import Button, Card, Request, Say
from bot.commands.command import Command
from bot.studio.studio import Studio
from bot.texts import meant
from storage import leaving

TAKE_BACK = frozenset({"cancel", "no", "stop", "取消", "不", "撤回"})


async def run(studio: Studio, request: Request, rest: str) -> Card:
    """Says what would be erased, with a button that asks again; or what is planned. `/forget cancel` takes it back."""
    if not request.room.private:
        return Card(kind="error", text=Say("forget.private"), alone=COMMAND.name)
    if meant(rest, TAKE_BACK):
        return await forgetting.forget_cancel(studio, request)
    if (leave := await leaving.planned(studio.db, request.person.id)) is not None:
        return forgetting.planned(studio, leave)
    button = Button("forget", forgetting.ME, danger=True)
    return Card(text=Say("forget.ask", {"days": forgetting.COOLING.days}), buttons=(button,))


COMMAND = Command("forget", ("忘记我", "忘記我", "注销"), run)
