"""/tags: the tags that a picture shows, in two languages: of one that is attached, answered, or named by its code; else
of the person's newest."""

from __future__ import annotations

import re

from bot.buttons import reading
from bot.chat import Card, Request
from bot.commands.command import Command
from bot.studio import tag_options, tag_reading
from bot.studio.studio import Studio

CODE = re.compile(r"(?:^|\s)(?:.*/)?([a-z2-7]{16})/?(?=\s|$)", re.IGNORECASE)  # of a shared picture, or its link


async def run(studio: Studio, request: Request, rest: str) -> Card:
    """Raises Refusal `tags.how` where somebody has no picture yet."""
    code = ""
    if not request.files and not request.reply_to and (match := CODE.search(rest)):
        code, rest = match[1].lower(), rest[: match.start()] + rest[match.end() :]
    wish = tag_options.read(rest, tag_reading.usual(studio))
    return await reading.of_request(studio, request, wish, code)


COMMAND = Command("tags", ("反推", "读图", "讀圖", "interrogate", "describe"), run)
