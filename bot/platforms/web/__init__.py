"""The web chat: one page in the browser, served by the bot itself."""

from bot.platforms.web.server import WebChat
from bot.platforms.web.settings import WebSettings

__all__ = ["WebChat", "WebSettings"]
