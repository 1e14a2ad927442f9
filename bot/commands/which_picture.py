"""Which picture a command is about: one that its text names first, or the one that is answered."""

from __future__ import annotations

import re

from bot.chat import Request
from bot.studio.studio import Studio
from storage import pictures

_ID = re.compile(r"([a-z2-7]{12})(?:\s+|$)")


async def named(studio: Studio, request: Request, text: str) -> tuple[str | None, str]:
    """The id of the picture that the text names first, else of the one that is answered, None for neither; and what
    else the text says."""
    if (found := _ID.match(text)) and await pictures.get(studio.db, found.group(1)):
        return found.group(1), text[found.end() :]
    return request.reply_to, text
