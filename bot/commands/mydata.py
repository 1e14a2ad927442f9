"""/mydata: everything the bot has of a person, as a file."""

from __future__ import annotations

from bot.buttons.taking import mydata_part
from bot.chat import Card, Request, Say
from bot.commands.command import Command
from bot.studio.studio import Studio


async def run(studio: Studio, request: Request, rest: str) -> Card:
    if not request.room.private:
        return Card(kind="error", text=Say("mydata.private"), alone=COMMAND.name)
    return await mydata_part(studio, request, int(rest) if rest.isdecimal() and len(rest) < 6 else 1)


COMMAND = Command("mydata", ("我的数据", "我的資料"), run)
