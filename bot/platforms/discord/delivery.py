"""Where a card goes: the answer to its interaction while the token is good, else a message of the bot's own."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import replace

import discord

from bot.chat import Card
from bot.errors import Gone, Rejected, Unreachable
from bot.platforms.discord import message_body, rest
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import PLATFORM, UPLOAD, Pending
from bot.platforms.discord.rest import Body, Expired, Payload
from storage.jobs import Place

log = logging.getLogger(__name__)

EPHEMERAL = 64
REFUSED = (400, 413)  # statuses that say what is wrong with a message; sent again it would be wrong again
ANSWER = "/webhooks/{webhook_id}/{webhook_token}"
WORDS = "/channels/{channel_id}/messages"


async def answer(context: DiscordContext, pending: Pending, card: Card) -> Place | None:
    """Answer by the token; None where it is good no longer."""
    body = await message_body.body(context.db, card, pending.language, pending.limit)
    private = not card.job
    try:
        announced = pending.mode == "open" and private and not pending.alone and not pending.spent
        if announced:
            await _settle(context, pending)
        beside = pending.mode == "quiet" or (pending.mode == "panel" and not card.panel)
        if beside or pending.spent:
            flags = EPHEMERAL if private and not pending.alone else 0
            body = replace(body, payload={**body.payload, "flags": flags})
            found = await rest.call(context.client, "POST", ANSWER, pending.parts, body=body)
            if announced:
                await _withdraw(context, pending)
        else:
            found = await rest.call(context.client, "PATCH", f"{ANSWER}/messages/@original", pending.parts, body=body)
    except (Expired, Unreachable, Gone) as error:  # Gone: somebody deleted what was announced
        log.info("interaction %s cannot be answered any more: %s", pending.key, error)
        pending.token = ""
        return None
    message = rest.text_of(found, "id")
    context.pending.answered(pending, message)
    return Place(PLATFORM, pending.channel, message)


async def _settle(context: DiscordContext, pending: Pending) -> None:
    """Fill the message that everybody was promised: until then, whatever is sent would become that message."""
    body = Body({"content": "…"})
    await rest.call(context.client, "PATCH", f"{ANSWER}/messages/@original", pending.parts, body=body)
    pending.spent = True


async def _withdraw(context: DiscordContext, pending: Pending) -> None:
    with contextlib.suppress(Gone):
        await rest.call(context.client, "DELETE", f"{ANSWER}/messages/@original", pending.parts)


async def post(
    context: DiscordContext, place: Place, card: Card, key: str, language: str, user: str, called: str
) -> Place:
    """A message of its own: a job's in the channel, where `called` is mentioned; any other to the person alone."""
    nonce = hashlib.sha256(key.encode()).hexdigest()[:24]
    once: Payload = {"nonce": nonce, "enforce_nonce": True}  # the same nonce within minutes is the same message
    if card.job:
        body = await message_body.body(context.db, card, language, UPLOAD, mention=called)
        body = replace(body, payload={**body.payload, **once})
        try:
            found = await rest.call(context.client, "POST", WORDS, {"channel_id": place.chat}, body=body)
            return Place(PLATFORM, place.chat, rest.text_of(found, "id"))
        except (Gone, Unreachable) as error:
            log.info("channel %s cannot be told (%s), so the person is", place.chat, error)
    if not user:
        raise Unreachable("nobody is known at that place")
    channel = await direct(context, user)
    body = await message_body.body(context.db, card, language, UPLOAD)
    body = replace(body, payload={**body.payload, **once})
    try:
        found = await rest.call(context.client, "POST", WORDS, {"channel_id": channel}, body=body)
    except Gone as error:
        raise Unreachable(str(error)) from error
    return Place(PLATFORM, channel, rest.text_of(found, "id"))


async def edit(context: DiscordContext, place: Place, body: Body, pending: Pending | None) -> None:
    """Replace a message, by the token of the interaction it answers while that is good. Raises Gone, Unreachable."""
    if pending is not None:
        path = f"{ANSWER}/messages/{{message_id}}"
        try:
            await rest.call(context.client, "PATCH", path, {**pending.parts, "message_id": place.message}, body=body)
            return
        except Expired:
            pending.token = ""
    parts = {"channel_id": place.chat, "message_id": place.message}
    await rest.call(context.client, "PATCH", f"{WORDS}/{{message_id}}", parts, body=body)


async def direct(context: DiscordContext, user: str) -> str:
    """The channel of direct messages with somebody. Raises Unreachable."""
    found = await rest.call(context.client, "POST", "/users/@me/channels", json={"recipient_id": user})
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
