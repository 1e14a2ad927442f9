"""The first answer to an interaction, due within three seconds; and who asked, where."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import discord

from bot import texts
from bot.chat import Person, Room
from bot.platforms.discord import rest
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import PLATFORM, Mode, Pending
from bot.platforms.discord.rest import Payload
from prompts.errors import Refusal

Interaction = discord.Interaction
Work = Callable[[Pending], Coroutine[Any, Any, None]]
CALLBACK = "/interactions/{webhook_id}/{webhook_token}/callback"
LATER, UPDATE_LATER, CHOICES, FORM = 5, 6, 8, 9  # kinds of acknowledgement
EPHEMERAL = 64


async def respond(context: DiscordContext, interaction: Interaction, kind: int, data: Payload | None = None) -> None:
    """The first answer to an interaction. Raises Expired when it comes too late."""
    parts = {"webhook_id": str(interaction.id), "webhook_token": interaction.token}
    try:
        await rest.call(context.client, "POST", CALLBACK, parts, json={"type": kind, "data": data or {}})
    except discord.HTTPException as error:
        if error.code != rest.ALREADY_ACKNOWLEDGED:  # by an attempt of ours whose answer was lost
            raise


async def begin(context: DiscordContext, interaction: Interaction, mode: Mode) -> Pending:
    """Acknowledge an interaction that is answered later."""
    channel, user = str(interaction.channel_id), str(interaction.user.id)
    pending = Pending(
        key=f"{PLATFORM}-{interaction.id}",
        channel=channel,
        user=user,
        language=texts.language_of(str(interaction.locale), context.settings.language or "en"),
        mode=mode,
        began=context.pending.now(),
        application=str(interaction.application_id),
        token=interaction.token,
        limit=interaction.filesize_limit,
        alone=interaction.guild_id is None and not _shared(interaction),
        ticket=context.turns.take((channel, user)),
        about=str(interaction.message.id) if interaction.message else "",
    )
    hidden: Payload = {"flags": EPHEMERAL} if mode == "private" and not pending.alone else {}
    try:
        await respond(context, interaction, LATER if mode in ("open", "private") else UPDATE_LATER, hidden)
    except BaseException:
        pending.ticket.over.set()
        raise
    context.pending.add(pending)
    return pending


async def person_of(context: DiscordContext, interaction: Interaction) -> Person:
    """Who it is."""
    language = context.settings.language or texts.language_of(str(interaction.locale))
    user = interaction.user
    return await context.people(PLATFORM, str(user.id), name=user.display_name, language=language)


def room_of(interaction: Interaction) -> Room:
    """What Discord says of where it is."""
    rights = interaction.permissions
    roles = [str(role.id) for role in getattr(interaction.user, "roles", ())]
    return Room(
        server=str(interaction.guild_id or (interaction.channel_id if _shared(interaction) else "") or ""),
        roles=frozenset(roles),
        moderator=interaction.guild_id is not None and (rights.manage_messages or rights.manage_guild),
        adult=adult(interaction.channel),
    )


def _shared(interaction: Interaction) -> bool:
    """Whether it is in other people's direct messages, where somebody brought the bot along."""
    return bool(interaction.context.private_channel)


def standing(guild: discord.Guild | None, channel: object, member: object) -> Room:
    """What Discord says of somebody in a server, as far as the gateway has told us of it."""
    if guild is None or not isinstance(member, discord.Member):
        return Room(server=str(guild.id) if guild else "")
    rights = member.guild_permissions
    if isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        rights = channel.permissions_for(member)
    return Room(
        server=str(guild.id),
        roles=frozenset(str(role.id) for role in member.roles),
        moderator=rights.manage_messages or rights.manage_guild,
        adult=adult(channel),
    )


def adult(channel: object) -> bool:
    """Whether a channel, or the one a thread is in, is marked as for adults."""
    marked: Callable[[], bool] | None = getattr(channel, "is_nsfw", None)
    return bool(marked and marked())


async def private(context: DiscordContext, interaction: Interaction, work: Work) -> None:
    """Answer the person alone, with what `work` sends."""
    pending = await begin(context, interaction, "private")
    context.later(pending, work(pending))


async def refuse(context: DiscordContext, interaction: Interaction, key: str) -> None:
    """Say to the person alone why not."""
    pending = await begin(context, interaction, "private")
    context.later(pending, context.refuse(pending, Refusal(key)))
