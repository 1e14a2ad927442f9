"""`python bot.py work`: this machine draws for bots elsewhere. No database, no chat, no token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot import app
from bot.settings.config import Config
from engine import host, nats_host
from prompts.errors import Refusal


async def work(config: Config, stop: asyncio.Event, say: Callable[..., str]) -> None:
    """Draw until `stop`. Raises Refusal `hosts.nowhere` where no server is named, and what a server says."""
    if not config.hosts.url:
        raise Refusal("hosts.nowhere")
    server = config.hosts.server
    print(say("hosts.working", where=server.where), flush=True)
    lent = config.data.folder / host.LENT
    await nats_host.work(server, app.pool(config), lambda: app.shelf(config), lent.absolute(), stop)
