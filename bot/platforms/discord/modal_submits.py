"""Forms that come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot.buttons.guiding import SAME_SHAPE
from bot.buttons.sent import PAINT_OVER
from bot.buttons.training import TRAIN_WRITE
from bot.chat import Request, Upload
from bot.platforms.discord import attachments, components, custom_ids, modals
from bot.platforms.discord.acknowledge import begin, person_of, refuse, room_of
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import PLATFORM, Pending
from bot.platforms.discord.tag_table import TAG_ADD
from bot.studio.corrections import CORRECT
from prompts.errors import Refusal
from storage.jobs import Place

Data = Mapping[str, Any]
Interaction = discord.Interaction


async def form(context: DiscordContext, interaction: Interaction, data: Data) -> None:
    asked = custom_ids.parse_id(str(data["custom_id"]))
    values = modals.values(data)
    if asked is None:
        await refuse(context, interaction, "press.unknown")
        return
    if asked.action in ("rename", CORRECT, TRAIN_WRITE):
        named = await begin(context, interaction, "private")
        context.later(named, components.pass_on(context, interaction, named, asked.action, asked.target, values))
        return
    if asked.action == TAG_ADD:
        table = await begin(context, interaction, "panel")
        work = components.pass_on(context, interaction, table, "tag", f"{asked.target}.add", values)
        context.later(table, work)
        return
    pending = await begin(context, interaction, "open")
    if asked.action == custom_ids.BASE:
        context.later(pending, _over(context, interaction, pending, asked.target, values.get("prompt", "")))
    elif asked.action in (PAINT_OVER, SAME_SHAPE, "use"):
        context.later(pending, components.pass_on(context, interaction, pending, asked.action, asked.target, values))
    else:
        context.later(pending, _edited(context, interaction, pending, asked.target, values))


async def _over(context: DiscordContext, interaction: Interaction, pending: Pending, target: str, text: str) -> None:
    """Draw over a picture what the form says."""
    person = await person_of(context, interaction)
    pending.language = person.language
    await context.pending.keep(pending)
    files: tuple[Upload, ...] = ()
    if target.startswith(modals.FOREIGN):
        sent = context.menus.get(target.removeprefix(modals.FOREIGN))
        if sent is None:
            raise Refusal("discord.menu_again")
        files = tuple([await attachments.fetched(context, one) for one in sent])
    await context.desk.request(
        Request(
            person=person,
            place=Place(PLATFORM, pending.channel),
            text=f"/imagine {text}",
            key=pending.key,
            files=files,
            reply_to=None if files else target,
            room=room_of(interaction),
        )
    )


async def _edited(
    context: DiscordContext, interaction: Interaction, pending: Pending, target: str, values: Mapping[str, str]
) -> None:
    person = await person_of(context, interaction)
    pending.language = person.language
    changed = await modals.changed(context, person, target, values)
    await components.pass_on(context, interaction, pending, "edit", target, changed)
