"""The keys of what people write: the same however often a message is delivered; its answer replies to it, after a
restart too."""

from __future__ import annotations

import re

from bot.platforms.discord.pending import PLATFORM

_KEY = re.compile(rf"{PLATFORM}-m-(\d+)(?:-\d+)?")


def key(message: int, version: int | None = None) -> str:
    """The key of a message as it was sent, or of a later version of it."""
    return f"{PLATFORM}-m-{message}" + ("" if version is None else f"-{version}")


def message_of(key: str) -> str:
    """The message that a key is of, "" for a key of another kind."""
    found = _KEY.fullmatch(key)
    return found[1] if found else ""
