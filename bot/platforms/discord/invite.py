"""What `python bot.py check` says about Discord: whether the token is taken, and the link that invites the bot."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from typing import Literal
from urllib.parse import urlencode

import aiohttp

from bot.chat import Say

# https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags
PERMISSIONS = {
    "add_reactions": 1 << 6,  # to nod to a reaction
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,  # answers that take longer than an interaction lives
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,  # reactions to older pictures
    "send_messages_in_threads": 1 << 38,
}
PATIENCE = 15.0  # seconds

Found = tuple[Literal["ok", "warn", "error"], Say]


def application_of(token: str) -> str:
    """The application's id, which a bot's token begins with; "" for what is no token: three parts in URL-safe base64,
    the first of them digits."""
    parts = token.split(".")
    if len(parts) != 3 or not all(re.fullmatch(r"[A-Za-z0-9_-]+", part) for part in parts):
        return ""
    try:
        found = urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4))
    except binascii.Error:
        return ""
    return found.decode() if found.isdigit() else ""


def link(application: str) -> str:
    """Where an owner of a server invites the bot."""
    permissions = sum(PERMISSIONS.values())
    asked = {"client_id": application, "scope": "bot applications.commands", "permissions": str(permissions)}
    return f"https://discord.com/oauth2/authorize?{urlencode(asked)}"


async def check(token: str, api_base: str) -> AsyncIterator[Found]:
    """Whether Discord takes a token of the right form, in how many servers its bot is, and the invite link last."""
    application = application_of(token)
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (danqing, 1)"}
    try:
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            async with session.get(f"{api_base}/users/@me") as answer:
                if answer.status == 401:
                    yield "error", Say("discord.refused")
                    return
                answer.raise_for_status()
                name = str((await answer.json())["username"])
            async with session.get(f"{api_base}/users/@me/guilds") as answer:
                answer.raise_for_status()
                servers = len(await answer.json())
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError) as error:
        yield "warn", Say("check.discord_away", {"problem": f"{type(error).__name__}: {error}"[:200]})
    else:
        yield "ok", Say("check.discord", {"name": name})
        if servers:
            yield "ok", Say("check.discord_servers", {"count": servers})
        else:
            yield "warn", Say("check.discord_nowhere")
    yield "ok", Say("check.discord_invite", {"link": link(application)})
