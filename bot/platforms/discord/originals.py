"""The files of pictures as they are, sent to the person directly."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot import texts
from bot.chat import Card, Say
from bot.errors import Gone, Unreachable
from bot.platforms.discord import content, delivery, rest, words
from bot.platforms.discord.rest import Body, File
from bot.platforms.discord.sheet import fitted
from bot.platforms.discord.turn import UPLOAD, Turn

if TYPE_CHECKING:
    from bot.platforms.discord.chat import DiscordChat

log = logging.getLogger(__name__)


async def send(chat: DiscordChat, turn: Turn, card: Card) -> Card:
    """Send a card's pictures to the person; the card that says so, or the pictures themselves where direct messages
    are closed."""
    batches: list[list[File]] = [[]]
    said = [words.say(turn.language, card.text)]
    room = content.IN_ALL
    for picture in card.pictures:
        whole = await content.fetched(chat.db, picture)
        if whole is None:
            continue
        suffix, made = await asyncio.to_thread(fitted, whole, UPLOAD)
        if made is not whole:
            said.append(texts.say(turn.language, "discord.reduced", size=f"{len(whole) / 2**20:.1f}"))
        if len(batches[-1]) == content.MOST_FILES or (batches[-1] and room < len(made)):
            batches.append([])
            room = content.IN_ALL
        room -= len(made)
        batches[-1].append(File(content.veiled(f"danqing-{picture.id}.{suffix}", card), made))
    try:
        channel = await delivery.direct(chat, turn.user)
        for files in batches:
            body = Body({"content": "\n".join(dict.fromkeys(said))}, tuple(files))
            await rest.call(chat.client, "POST", delivery.WORDS, {"channel_id": channel}, body=body)
    except (Gone, Unreachable) as error:
        log.info("direct messages of %s are closed: %s", turn.user, error)
        return Card(text=card.text, pictures=card.pictures, spoiler=card.spoiler, fleeting=True)
    return Card(text=Say("discord.sent"), fleeting=True)
