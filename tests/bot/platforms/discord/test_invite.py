"""What `check` says about Discord."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import discord
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.platforms.discord import invite

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE.abcdefghijklmnopqrstuvwxyz_0123456789-A"


async def told(status: int, servers: int = 0) -> dict[str, str]:
    """The levels of what is found, by key, where Discord answers like this."""

    async def me(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bot {TOKEN}"
        return web.json_response({"username": "danqing"}, status=status)

    async def guilds(request: web.Request) -> web.Response:
        return web.json_response([{}] * servers)

    app = web.Application()
    app.add_routes([web.get("/api/users/@me", me), web.get("/api/users/@me/guilds", guilds)])
    async with TestServer(app) as server:
        base = str(server.make_url("/api"))
        return {text.key: level async for level, text in invite.check(TOKEN, base)}


async def test_a_good_token_and_where_it_is() -> None:
    found = await told(200, 2)
    assert found["check.discord"] == found["check.discord_servers"] == found["check.discord_invite"] == "ok"
    assert (await told(200))["check.discord_nowhere"] == "warn"


async def test_a_token_that_is_refused_and_a_discord_that_is_away() -> None:
    assert await told(401) == {"discord.refused": "error"}
    assert (await told(503))["check.discord_away"] == "warn"


def test_the_link_asks_for_what_the_bot_needs_and_no_more() -> None:
    asked = parse_qs(urlsplit(invite.link("123")).query)
    assert asked["client_id"] == ["123"] and "applications.commands" in asked["scope"][0]
    wanted = discord.Permissions(**dict.fromkeys(invite.PERMISSIONS, True))
    assert asked["permissions"] == [str(wanted.value)]
