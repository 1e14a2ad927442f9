"""/compare: one text, or a picture that is answered, drawn with several values of one to three things, on one sheet; or
two pictures that there are, side by side."""

from __future__ import annotations

from bot.buttons import comparing, versus
from bot.chat import Card, Request
from bot.commands.command import Command
from bot.people import owned
from bot.studio.studio import Studio
from prompts import axes
from prompts.errors import Refusal


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    """More pictures than one request may ask for begin when somebody has seen what it takes. Raises Refusal
    `compare.how` where nothing is said to compare."""
    text, said = axes.parted(rest)
    if said:
        return await comparing.begin(studio, request, text, said)
    codes = rest.casefold().replace(",", " ").replace("，", " ").split()
    if len(codes) > 2 or not all(map(versus.CODE.fullmatch, codes)) or len(codes) + bool(request.reply_to) == 0:
        raise Refusal("compare.how")
    rows = [await versus.found(studio, request, code) for code in codes]
    if len(rows) < 2 and request.reply_to:
        rows.insert(0, await owned.picture(studio.db, request.person, request.reply_to))
    return await (versus.beside(studio, request, *rows) if len(rows) == 2 else versus.chosen(studio, request, *rows))


COMMAND = Command("compare", ("对比", "對比", "比较", "比較", "xyz"), run)
