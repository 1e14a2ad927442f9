"""Whose token it is, asked before anything is started."""

from __future__ import annotations

from telegram import Bot, User
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from prompts.errors import Refusal


async def owner(token: str, api_base: str) -> User:
    """The bot of a token. Raises Refusal "telegram.token_refused", ConnectionError where Telegram cannot be reached."""
    try:
        async with Bot(
            token, base_url=f"{api_base}/bot", request=HTTPXRequest(connect_timeout=5, read_timeout=5)
        ) as bot:
            return bot.bot
    except InvalidToken:
        raise Refusal("telegram.token_refused") from None
    except TelegramError as error:
        raise ConnectionError(str(error)) from None
