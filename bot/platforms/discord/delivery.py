"""Where a card goes: the answer to its interaction while the token is good, else a message of the bot's own."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import discord

from bot.chat import Card
from bot.errors import Gone, Rejected, Unreachable
from bot.platforms.discord import content, rest
from bot.platforms.discord.rest import Body, Expired, Payload
from bot.platforms.discord.turn import PLATFORM, UPLOAD, Turn
from storage.jobs import Place

if TYPE_CHECKING:
    from bot.platforms.discord.chat import DiscordChat

log = logging.getLogger(__name__)

EPHEMERAL = 64
REFUSED = (400, 413)  # statuses that say what is wrong with a message; sent again it would be wrong again
ANSWER = "/webhooks/{webhook_id}/{webhook_token}"
WORDS = "/channels/{channel_id}/messages"


async def answer(chat: DiscordChat, turn: Turn, card: Card) -> Place | None:
    """Answer by the token; None where it is good no longer."""
    body = await content.body(chat.db, card, turn.language, turn.limit)
    private = not card.job
    try:
        announced = turn.mode == "open" and private and not turn.alone and not turn.spent
        if announced:
            await _settle(chat, turn)
        if turn.mode == "quiet" or turn.spent:
            flags = EPHEMERAL if private and not turn.alone else 0
            body = replace(body, payload={**body.payload, "flags": flags})
            found = await rest.call(chat.client, "POST", ANSWER, turn.parts, body=body)
            if announced:
                await _withdraw(chat, turn)
        else:
            found = await rest.call(chat.client, "PATCH", f"{ANSWER}/messages/@original", turn.parts, body=body)
    except (Expired, Unreachable, Gone) as error:  # Gone: somebody deleted what was announced
        log.info("interaction %s cannot be answered any more: %s", turn.key, error)
        turn.token = ""
        return None
    message = rest.text_of(found, "id")
    chat.turns.answered(turn, message)
    return Place(PLATFORM, turn.channel, message)


async def _settle(chat: DiscordChat, turn: Turn) -> None:
    """Fill the message that everybody was promised: until then, whatever is sent would become that message."""
    body = Body({"content": "…"})
    await rest.call(chat.client, "PATCH", f"{ANSWER}/messages/@original", turn.parts, body=body)
    turn.spent = True


async def _withdraw(chat: DiscordChat, turn: Turn) -> None:
    with contextlib.suppress(Gone):
        await rest.call(chat.client, "DELETE", f"{ANSWER}/messages/@original", turn.parts)


async def post(chat: DiscordChat, place: Place, card: Card, key: str, language: str, user: str, called: str) -> Place:
    """A message of its own: a job's in the channel, where `called` is mentioned; any other to the person alone."""
    nonce = hashlib.sha256(key.encode()).hexdigest()[:24]
    once: Payload = {"nonce": nonce, "enforce_nonce": True}  # the same nonce within minutes is the same message
    if card.job:
        body = await content.body(chat.db, card, language, UPLOAD, mention=called)
        body = replace(body, payload={**body.payload, **once})
        try:
            found = await rest.call(chat.client, "POST", WORDS, {"channel_id": place.chat}, body=body)
            return Place(PLATFORM, place.chat, rest.text_of(found, "id"))
        except (Gone, Unreachable) as error:
            log.info("channel %s cannot be told (%s), so the person is", place.chat, error)
    if not user:
        raise Unreachable("nobody is known at that place")
    channel = await direct(chat, user)
    body = await content.body(chat.db, card, language, UPLOAD)
    body = replace(body, payload={**body.payload, **once})
    try:
        found = await rest.call(chat.client, "POST", WORDS, {"channel_id": channel}, body=body)
    except Gone as error:
        raise Unreachable(str(error)) from error
    return Place(PLATFORM, channel, rest.text_of(found, "id"))


async def edit(chat: DiscordChat, place: Place, body: Body, turn: Turn | None) -> None:
    """Replace a message, by the token of the turn it answers while that is good. Raises Gone, Unreachable."""
    if turn is not None:
        path = f"{ANSWER}/messages/{{message_id}}"
        try:
            await rest.call(chat.client, "PATCH", path, {**turn.parts, "message_id": place.message}, body=body)
            return
        except Expired:
            turn.token = ""
    parts = {"channel_id": place.chat, "message_id": place.message}
    await rest.call(chat.client, "PATCH", f"{WORDS}/{{message_id}}", parts, body=body)


async def direct(chat: DiscordChat, user: str) -> str:
    """The channel of direct messages with somebody. Raises Unreachable."""
    found = await rest.call(chat.client, "POST", "/users/@me/channels", json={"recipient_id": user})
    return rest.text_of(found, "id")


@contextlib.contextmanager
def refused() -> Iterator[None]:
    """Discord's refusal of what it is sent, as our own error: Rejected."""
    try:
        yield
    except discord.HTTPException as error:
        if error.status in REFUSED:
            raise Rejected(f"{error.status} {error.code}: {error.text}") from error
        raise
