"""The settings of the Telegram bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# What a reaction to a picture does: a row of bot/buttons/actions.py or bot/buttons/presses.py. The emoji are among
# those that the Bot API allows (https://core.telegram.org/bots/api#reactiontypeemoji). None of them says "again": 👍
# means thanks in every chat, and must not cost a drawing.
REACTIONS: Mapping[str, str] = {"❤": "favourite", "🔥": "upscale", "👎": "delete"}


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram posts updates: `url` as Telegram sees it, `host` and `port` as this machine listens (port 0: any
    free one), `secret` in every request's header."""

    url: str
    secret: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8443


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """`language` is for people who have chosen none, None goes by their app; without `webhook` the bot asks for
    updates itself."""

    token: str = field(repr=False)
    api_base: str = "https://api.telegram.org"
    file_base: str = "https://api.telegram.org/file"
    language: str | None = None
    reactions: Mapping[str, str] = field(default_factory=lambda: dict(REACTIONS))
    webhook: Webhook | None = None
