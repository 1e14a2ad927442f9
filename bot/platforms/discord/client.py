"""The connection to Discord: logging in, the gateway, and the kinds of events we hear."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.platforms.discord import rest, slash_commands
from bot.platforms.discord.context import DiscordContext
from prompts.errors import Refusal
from storage import facts
from storage.database import Database

log = logging.getLogger(__name__)

SLOWEST = 60.0  # seconds between two attempts to log in


class Client(discord.Client):
    """discord.py's client with what we need and no more: no privileged intents, no caches of people and messages. It
    sets `begun` once it is connected, and passes on interactions, reactions (and whether they were added) and
    messages (and whether they were changed). `pictures`: a request's most."""

    def __init__(
        self,
        db: Database,
        begun: asyncio.Event,
        interaction: Callable[[discord.Interaction], Awaitable[None]],
        reaction: Callable[[discord.RawReactionActionEvent, bool], None],
        message: Callable[[discord.Message, bool], None],
        pictures: int,
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # we never speak
        # Without `message_content` the words of direct messages, mentions and replies come, and no others.
        intents = discord.Intents(
            guilds=True, guild_reactions=True, dm_reactions=True, guild_messages=True, dm_messages=True
        )
        super().__init__(
            intents=intents,
            http_trace=rest.trace(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self._db, self._begun, self._interaction, self._reaction = db, begun, interaction, reaction
        self._message, self._pictures = message, pictures

    async def setup_hook(self) -> None:
        """Tell Discord our commands, if they are others than the last time."""
        commands = list(slash_commands.registration(self._pictures))
        key = f"discord.commands.{self.application_id}"
        signature = slash_commands.signature(commands)
        if self.application_id is None or await facts.fact(self._db, key) == signature:
            return
        try:
            await self.http.bulk_upsert_global_commands(self.application_id, commands)
        except discord.HTTPException as error:  # what stands there works on; the next start tries again
            log.error("Discord did not take the commands: %s", error)
            return
        await facts.set_fact(self._db, key, signature)

    async def on_ready(self) -> None:
        log.info("on Discord as %s, in %d servers", self.user, len(self.guilds))
        self._begun.set()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        await self._interaction(interaction)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self._reaction(payload, True)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        self._reaction(payload, False)

    async def on_message(self, message: discord.Message) -> None:
        self._message(message, False)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        self._message(payload.message, True)

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        log.exception("%s failed", event_method)


async def stay(context: DiscordContext, begun: asyncio.Event, fresh: Callable[[], Client]) -> None:
    """Log in and stay connected; every further attempt is made with a `fresh` client. Raises Refusal "discord.refused"
    for a token that Discord does not take."""
    settings = context.settings
    Route.BASE = settings.api_base
    wait = 1.0
    while True:
        client = context.client
        try:
            await client.login(settings.token)
            address = settings.gateway or (await client.http.get_bot_gateway())[1]
            break
        except discord.LoginFailure:
            raise Refusal("discord.refused") from None
        except (OSError, aiohttp.ClientError, discord.HTTPException, discord.GatewayNotFound, TimeoutError) as error:
            log.warning("Discord cannot be reached (%s); trying again in %.0f s", error, wait)
            begun.set()  # the rest of the bot need not wait
            await client.close()
            await asyncio.sleep(wait)
            wait = min(2 * wait, SLOWEST)
            context.client = fresh()  # one that was closed cannot be used again
    # discord.py has no setting for it; a session that cannot be resumed goes back to this address as well.
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(address)
    await client.connect(reconnect=True)
