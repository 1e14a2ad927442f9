"""The bot's commands as Telegram lists them while one types, in each language."""

from __future__ import annotations

import logging
import re
from functools import partial

from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError

from bot import texts
from bot.commands.table import COMMANDS
from bot.platforms.telegram.bot_api import BotApi

log = logging.getLogger(__name__)

NAME = re.compile(r"[a-z0-9_]{1,32}")
DESCRIPTION = 256
EVERYBODY = tuple(command.name for command in COMMANDS if command.name != "admin")
IN_GROUPS = ("imagine", "edit", "queue", "help")  # the others are about oneself: better asked in private
SCOPES: tuple[tuple[BotCommandScope, tuple[str, ...]], ...] = (
    (BotCommandScopeDefault(), EVERYBODY),
    (BotCommandScopeAllGroupChats(), IN_GROUPS),
    (BotCommandScopeAllChatAdministrators(), (*IN_GROUPS, "admin")),
)
LANGUAGES = {"": "en", "zh": "zh"}  # Telegram's two letters: simplified and traditional Chinese apps share them


def commands(language: str, names: tuple[str, ...]) -> list[BotCommand]:
    """Those of the commands that Telegram can show."""
    return [
        BotCommand(command.name, texts.say(language, f"command.{command.name}")[:DESCRIPTION])
        for command in COMMANDS
        if NAME.fullmatch(command.name) and command.name in names
    ]


async def publish(api: BotApi) -> None:
    """Set the lists for private chats, for groups and for their administrators; the bot works without them."""
    try:
        for code, language in LANGUAGES.items():
            for scope, names in SCOPES:
                set_them = partial(
                    api.bot.set_my_commands, commands(language, names), scope=scope, language_code=code or None
                )
                await api.ask(set_them)
    except TelegramError as error:
        log.warning("the commands could not be listed: %s", error)
