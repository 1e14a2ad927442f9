"""The routes of A1111's API and what stands before them, to be served beside the page."""

from __future__ import annotations

from aiohttp import web

from bot.platforms.sdapi import drawing, lists
from bot.platforms.sdapi.chat import SdapiChat
from bot.platforms.sdapi.gate import CHAT, gate

PATH = "/sdapi/v1"


def application(chat: SdapiChat) -> web.Application:
    """What is served below `PATH`."""
    app = web.Application(middlewares=[gate])
    app[CHAT] = chat
    app.add_routes(drawing.ROUTES)
    app.add_routes(lists.ROUTES)
    return app
