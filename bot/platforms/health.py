"""Whether the bot is alive, and whether it serves: for Kubernetes, Docker and whoever restarts what hangs.

`/health` answers 200 as long as the program runs and is not stuck, with a word on what it does: "ok" or "standby".
`/health/ready` answers 200 where people are served, and 503 where another bot does that. Both tell nobody anything
else, whoever asks.
"""

from __future__ import annotations

from typing import Literal

from aiohttp import web

ALIVE, READY = "/health", "/health/ready"
PATHS = (ALIVE, READY)
Word = Literal["ok", "standby"]


def routes(word: Word) -> list[web.RouteDef]:
    """The two addresses of a bot that leads ("ok") or stands by."""

    async def alive(request: web.Request) -> web.Response:
        return web.Response(text=f"{word}\n")

    async def ready(request: web.Request) -> web.Response:
        return web.Response(text=f"{word}\n", status=200 if word == "ok" else 503)

    return [web.get(ALIVE, alive), web.get(READY, ready)]
