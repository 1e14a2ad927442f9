"""Forms that come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import discord

from bot.chat import Request, Upload
from bot.platforms.discord import attached, forms, ids, pressed
from bot.platforms.discord.acknowledge import begin, person_of, refuse, room_of
from bot.platforms.discord.turn import PLATFORM, Turn
from prompts.errors import Refusal
from storage.jobs import Place

if TYPE_CHECKING:
    from bot.platforms.discord.chat import DiscordChat

Data = Mapping[str, Any]
Interaction = discord.Interaction


async def form(chat: DiscordChat, interaction: Interaction, data: Data) -> None:
    asked = ids.read(str(data["custom_id"]))
    values = forms.values(data)
    if asked is None:
        await refuse(chat, interaction, "press.unknown")
        return
    turn = await begin(chat, interaction, "open")
    if asked.action == ids.BASE:
        chat.later(turn, _over(chat, interaction, turn, asked.target, values.get("prompt", "")))
    else:
        chat.later(turn, _edited(chat, interaction, turn, asked.target, values))


async def _over(chat: DiscordChat, interaction: Interaction, turn: Turn, target: str, text: str) -> None:
    """Draw over a picture what the form says."""
    person = await person_of(chat, interaction)
    turn.language = person.language
    await chat.turns.keep(turn)
    files: tuple[Upload, ...] = ()
    if target.startswith(forms.FOREIGN):
        attachments = chat.menus.get(target.removeprefix(forms.FOREIGN))
        if attachments is None:
            raise Refusal("discord.menu_again")
        files = tuple([await attached.fetched(chat, one) for one in attachments])
    await chat.desk.request(
        Request(
            person=person,
            place=Place(PLATFORM, turn.channel),
            text=f"/imagine {text}",
            key=turn.key,
            files=files,
            reply_to=None if files else target,
            room=room_of(interaction),
        )
    )


async def _edited(
    chat: DiscordChat, interaction: Interaction, turn: Turn, target: str, values: Mapping[str, str]
) -> None:
    person = await person_of(chat, interaction)
    turn.language = person.language
    changed = await forms.changed(chat, person, target, values)
    await pressed.pass_on(chat, interaction, turn, "edit", target, changed)
