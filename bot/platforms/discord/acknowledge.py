"""The first answer to an interaction, due within three seconds; and who asked, where."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import discord

from bot import texts
from bot.chat import Person, Room
from bot.platforms.discord import rest
from bot.platforms.discord.rest import Payload
from bot.platforms.discord.turn import PLATFORM, Mode, Turn
from prompts.errors import Refusal

if TYPE_CHECKING:
    from bot.platforms.discord.chat import DiscordChat

Interaction = discord.Interaction
Work = Callable[[Turn], Coroutine[Any, Any, None]]
CALLBACK = "/interactions/{webhook_id}/{webhook_token}/callback"
LATER, UPDATE_LATER, CHOICES, FORM = 5, 6, 8, 9  # kinds of acknowledgement
EPHEMERAL = 64


async def respond(chat: DiscordChat, interaction: Interaction, kind: int, data: Payload | None = None) -> None:
    """The first answer to an interaction. Raises Expired when it comes too late."""
    parts = {"webhook_id": str(interaction.id), "webhook_token": interaction.token}
    try:
        await rest.call(chat.client, "POST", CALLBACK, parts, json={"type": kind, "data": data or {}})
    except discord.HTTPException as error:
        if error.code != rest.ALREADY_ACKNOWLEDGED:  # by an attempt of ours whose answer was lost
            raise


async def begin(chat: DiscordChat, interaction: Interaction, mode: Mode) -> Turn:
    """Acknowledge an interaction that is answered later."""
    turn = Turn(
        key=f"{PLATFORM}-{interaction.id}",
        channel=str(interaction.channel_id),
        user=str(interaction.user.id),
        language=texts.language_of(str(interaction.locale), chat.settings.language or "en"),
        mode=mode,
        began=chat.turns.now(),
        application=str(interaction.application_id),
        token=interaction.token,
        limit=interaction.filesize_limit,
        alone=interaction.guild_id is None and not _shared(interaction),
    )
    hidden: Payload = {"flags": EPHEMERAL} if mode == "private" and not turn.alone else {}
    await respond(chat, interaction, UPDATE_LATER if mode == "quiet" else LATER, hidden)
    chat.turns.add(turn)
    return turn


async def person_of(chat: DiscordChat, interaction: Interaction) -> Person:
    """Who it is."""
    language = chat.settings.language or texts.language_of(str(interaction.locale))
    user = interaction.user
    return await chat.studio.person(PLATFORM, str(user.id), name=user.display_name, language=language)


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


def adult(channel: object) -> bool:
    """Whether a channel, or the one a thread is in, is marked as for adults."""
    marked: Callable[[], bool] | None = getattr(channel, "is_nsfw", None)
    return bool(marked and marked())


async def private(chat: DiscordChat, interaction: Interaction, work: Work) -> None:
    """Answer the person alone, with what `work` sends."""
    turn = await begin(chat, interaction, "private")
    chat.later(turn, work(turn))


async def refuse(chat: DiscordChat, interaction: Interaction, key: str) -> None:
    """Say to the person alone why not."""
    turn = await begin(chat, interaction, "private")
    chat.later(turn, chat.refuse(turn, Refusal(key)))
