"""/link: one person on several platforms."""

from __future__ import annotations

from bot.chat import Card, Request, Say
from bot.commands.command import Command
from bot.people.links import MINUTES
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import people


async def run(studio: Studio, request: Request, rest: str) -> Card:
    """Alone it gives a code; with a code from elsewhere, everything here becomes that person's."""
    if not request.room.private:  # whoever reads a code can use it
        return Card(kind="error", text=Say("link.private"), alone=COMMAND.name)
    person = request.person.id
    if not rest:
        return Card(text=Say("link.code", {"code": studio.codes.make(person), "minutes": MINUTES}))
    kept = studio.codes.take(rest, person)
    try:
        await people.merge(studio.db, kept, person)
    except KeyError:
        raise Refusal("link.unknown") from None
    await studio.teaching.recall()
    accounts = [one.platform for one in await people.accounts(studio.db, kept)]
    return Card(text=Say("link.done", {"platforms": ", ".join(dict.fromkeys(accounts))}))


COMMAND = Command("link", ("绑定", "綁定", "关联"), run)
