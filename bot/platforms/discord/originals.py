"""The files of pictures as they are, sent to the person directly."""

from __future__ import annotations

import asyncio
import logging

from bot import texts
from bot.chat import Card, Say
from bot.errors import Gone, Unreachable
from bot.platforms.discord import delivery, markdown, message_body, rest
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.images import fitted
from bot.platforms.discord.pending import UPLOAD, Pending
from bot.platforms.discord.rest import Body, File

log = logging.getLogger(__name__)


async def send(context: DiscordContext, pending: Pending, card: Card) -> Card:
    """Send a card's pictures to the person; the card that says so, or the pictures themselves where direct messages
    are closed."""
    batches: list[list[File]] = [[]]
    said = [markdown.say(pending.language, card.text)]
    room = message_body.IN_ALL
    for picture in card.pictures:
        whole = await message_body.fetched(context.db, picture, card.papers)
        if whole is None:
            continue
        suffix, made = await asyncio.to_thread(fitted, whole, UPLOAD)
        if made is not whole:
            said.append(texts.say(pending.language, "discord.reduced", size=f"{len(whole) / 2**20:.1f}"))
        if len(batches[-1]) == message_body.MOST_FILES or (batches[-1] and room < len(made)):
            batches.append([])
            room = message_body.IN_ALL
        room -= len(made)
        batches[-1].append(File(message_body.veiled(f"danqing-{picture.id}.{suffix}", card), made))
    try:
        channel = await delivery.direct(context, pending.user)
        for files in batches:
            body = Body({"content": "\n".join(dict.fromkeys(said))}, tuple(files))
            await rest.call(context.client, "POST", delivery.WORDS, {"channel_id": channel}, body=body)
    except (Gone, Unreachable) as error:
        log.info("direct messages of %s are closed: %s", pending.user, error)
        return Card(text=card.text, pictures=card.pictures, spoiler=card.spoiler, fleeting=True)
    return Card(text=Say("discord.sent"), fleeting=True)
