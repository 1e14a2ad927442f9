"""Places and keys: which chat and message they mean on Telegram, and where an answer goes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from storage.jobs import Place

PLATFORM = "telegram"
AFTER = ">"  # before a number: the message is not known
SAID = "-"  # stands for the message of a passing word


@dataclass(frozen=True, slots=True)
class Reply:
    """The message that an answer replies to, and the topic of a forum it stands in."""

    message: int | None = None
    thread: int | None = None


def place(chat: int, message: int | None = None) -> Place:
    """A message or, without one, a chat."""
    return Place(PLATFORM, str(chat), str(message or ""))


def said(chat: int) -> Place:
    """Stands for a word that is no message one could find again."""
    return Place(PLATFORM, str(chat), SAID)


def sending(chat: int, last: int) -> Place:
    """Stands for a message that is being sent, or got lost on its way: its number comes after this last one known."""
    return Place(PLATFORM, str(chat), f"{AFTER}{last}")


def stands(place: Place) -> bool:
    """Whether it is a message that is known to have been sent."""
    return bool(place.message) and not place.message.startswith(AFTER)


def sent_after(place: Place) -> int:
    """The number after which a message that may be lost has its own, 0 where that is not known."""
    return int(place.message.removeprefix(AFTER)) if place.message.startswith(AFTER) else 0


def key(bot: int, update: int, reply: Reply) -> str:
    """The key of an update, the same however often it comes; where the answer goes is in it, to outlive a restart."""
    return f"{PLATFORM}:{bot}:{update}:{reply.message or ''}:{reply.thread or ''}"


def album_key(bot: int, group: str, reply: Reply) -> str:
    """The key of an album, the same whichever of its photos comes first."""
    number = int(hashlib.sha256(group.encode()).hexdigest()[:15], 16)  # no update has one as high
    return key(bot, number, reply)


def reply_of(key: str) -> Reply:
    """The message that the answer to a key replies to; none for a key of another kind."""
    found = re.fullmatch(rf"{PLATFORM}:\d+:\d+:(\d*):(\d*)", key)
    return Reply(int(found[1] or 0) or None, int(found[2] or 0) or None) if found else Reply()
