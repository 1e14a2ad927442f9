"""/recipe: the recipe of a picture that is shared under a code, or of the one replied to; what a picture or a text of
any program says."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.buttons import papers
from bot.buttons.sharing import own, recipe_of
from bot.chat import Button, Card, Press, Request
from bot.commands.command import Command
from bot.people import access, guard
from bot.studio import cards
from bot.studio.studio import Studio
from prompts.errors import Refusal
from prompts.infotext import reading
from storage import shares

CODE = re.compile(r"(?:.*[\s=/])?([a-z2-7]{16})/?", re.IGNORECASE | re.DOTALL)  # alone, or at the end of a link


async def run(studio: Studio, request: Request, rest: str) -> Card:
    """Anybody opens what is shared; what is not, only its owner."""
    if request.files:
        return await papers.of_file(studio, request, request.files[0].content)
    if said := reading.pasted(reading.as_block(rest)):
        return await papers.of_infotext(studio, request, said.infotext)
    if rest:
        found = CODE.fullmatch(rest.strip())
        return await shared(studio, request, found[1].lower() if found else "")
    if request.reply_to is None:
        raise Refusal("recipe.how")
    return await own(studio, request, request.reply_to)


async def shared(studio: Studio, asked: Request | Press, code: str) -> Card:
    """What a code opens: the picture, its recipe and, where others can draw it, the button that does. Raises Refusal
    `share.unknown`, `share.adult`."""
    row = await shares.opened(studio.db, code)
    if row is None:
        raise Refusal("share.unknown")
    mine = row.person == asked.person.id
    await guard.refuse(studio.db, asked.person.id, await guard.seen(studio.sight, [row]))
    if mine:
        spoiler = await access.veiled(studio.sight, studio.rules.access, asked, [row])
    else:
        spoiler = await access.shown_to_others(studio.sight, studio.rules.access, asked, [row])
    drawn = [Button("draw", code)] if mine or not (await recipe_of(studio.db, row)).files else []
    taken_back = [Button("unshare", code)] if mine or asked.person.admin else []
    return replace(cards.picture_card(row), buttons=(*drawn, *taken_back), spoiler=spoiler, share=code)


COMMAND = Command("recipe", ("配方", "打开", "打開"), run)
