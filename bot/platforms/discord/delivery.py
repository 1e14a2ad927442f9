"""Where a card goes: the answer to its interaction while the token is good, else a message of the bot's own."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import discord

from bot.chat import Card
from bot.errors import Closed, Gone, Rejected, Unreachable
from bot.platforms.discord import layout, message_body, rest
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import PLATFORM, UPLOAD, Pending
from bot.platforms.discord.rest import Body, Expired, Payload, Unread
from storage.jobs import Place

log = logging.getLogger(__name__)

EPHEMERAL = 64
ANSWER = "/webhooks/{webhook_id}/{webhook_token}"
WORDS = "/channels/{channel_id}/messages"


async def answer(context: DiscordContext, pending: Pending, card: Card) -> Place | None:
    """Answer by the token; None where it is good no longer."""
    body = await message_body.body(context.db, card, pending.language, pending.limit)
    private = not (card.job or card.stays)
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
    except Closed:
        raise
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
    context: DiscordContext,
    place: Place,
    card: Card,
    key: str,
    language: str,
    user: str,
    *,
    called: str = "",
    about: str = "",
) -> Place:
    """A message of its own: in the channel as a reply to what it is `about`, or for a job with a mention of `called`;
    any other to the person alone."""
    nonce = hashlib.sha256(key.encode()).hexdigest()[:24]
    once: Payload = {"nonce": nonce, "enforce_nonce": True}  # the same nonce within minutes is the same message
    if card.job or card.stays or about:
        mention = "" if about else called
        body = await message_body.body(context.db, card, language, UPLOAD, mention=mention)
        body = replace(body, payload={**body.payload, **once})
        try:
            return await _posted(context, place.chat, _reply(body, about))
        except Unread:
            return await _posted(context, place.chat, body)
        except Closed:
            raise
        except (Gone, Unreachable) as error:
            log.info("channel %s cannot be told (%s), so the person is", place.chat, error)
    if not user:
        raise Unreachable("nobody is known at that place")
    channel = await direct(context, user)
    body = await message_body.body(context.db, card, language, UPLOAD)
    body = replace(body, payload={**body.payload, **once})
    try:
        return await _posted(context, channel, body)
    except Gone as error:
        raise Unreachable(str(error)) from error


async def _posted(context: DiscordContext, channel: str, body: Body) -> Place:
    found = await rest.call(context.client, "POST", WORDS, {"channel_id": channel}, body=body)
    return Place(PLATFORM, channel, rest.text_of(found, "id"))


def _reply(body: Body, about: str) -> Body:
    """The message as a reply, which calls nobody; where what it replies to is gone, it stands by itself."""
    if not about:
        return body
    reference: Payload = {"message_id": about, "fail_if_not_exists": False}
    return replace(body, payload={**body.payload, "message_reference": reference})


async def edit(context: DiscordContext, place: Place, body: Body, pending: Pending | None) -> None:
    """Replace a message, by the token of the interaction it answers while that is good. Raises Gone, Unreachable."""
    if pending is not None and pending.token:
        try:
            await rest.call(context.client, "PATCH", *_standing(place, pending), body=body)
            return
        except Expired:
            pending.token = ""
    await rest.call(context.client, "PATCH", *_standing(place, None), body=body)


def spare(context: DiscordContext, place: Place, pending: Pending | None) -> bool:
    """Whether a message can be edited now, and once more right after."""
    return rest.spare(context.client, "PATCH", *_standing(place, pending if pending and pending.token else None))


def _standing(place: Place, pending: Pending | None) -> tuple[str, dict[str, str]]:
    """The address of a message, and its parts."""
    if pending is not None:
        return f"{ANSWER}/messages/{{message_id}}", {**pending.parts, "message_id": place.message}
    return f"{WORDS}/{{message_id}}", {"channel_id": place.chat, "message_id": place.message}


async def turn(context: DiscordContext, pending: Pending, action: str) -> None:
    """Have the button whose press is pending stand for another action."""
    shown = layout.turned(pending.rows, pending.custom, action)
    await _renewed(context, f"{ANSWER}/messages/@original", pending.parts, shown)


async def renew(context: DiscordContext, place: Place, shown: Sequence[Payload], pending: Pending | None) -> None:
    """Show other buttons under a message, if it is there to be changed."""
    if pending is not None:
        parts = {**pending.parts, "message_id": place.message}
        await _renewed(context, f"{ANSWER}/messages/{{message_id}}", parts, shown)
    else:
        parts = {"channel_id": place.chat, "message_id": place.message}
        await _renewed(context, f"{WORDS}/{{message_id}}", parts, shown)


async def _renewed(context: DiscordContext, path: str, parts: Mapping[str, str], shown: Sequence[Payload]) -> None:
    try:
        await rest.call(context.client, "PATCH", path, parts, json={"components": list(shown)})
    except (Gone, Unreachable, Expired, discord.HTTPException) as error:
        log.info("the buttons of a message stay as they are: %s", error)


async def remove(context: DiscordContext, place: Place, pending: Pending | None) -> None:
    """Take a message away, by the token of the interaction it answers while that is good. Raises Gone, Unreachable."""
    if pending is not None:
        with contextlib.suppress(Expired):
            parts = {**pending.parts, "message_id": place.message}
            await rest.call(context.client, "DELETE", f"{ANSWER}/messages/{{message_id}}", parts)
            return
    parts = {"channel_id": place.chat, "message_id": place.message}
    await rest.call(context.client, "DELETE", f"{WORDS}/{{message_id}}", parts)


async def direct(context: DiscordContext, user: str) -> str:
    """The channel of direct messages with somebody. Raises Unreachable."""
    try:
        found = await rest.call(context.client, "POST", "/users/@me/channels", json={"recipient_id": user})
    except Gone as error:
        raise Unreachable(str(error)) from error
    except discord.HTTPException as error:
        if rest.for_good(error):  # nobody of that number
            raise Unreachable(str(error)) from error
        raise
    return rest.text_of(found, "id")


@contextlib.contextmanager
def refused() -> Iterator[None]:
    """Discord's refusal of what it is sent, as our own error: Rejected."""
    try:
        yield
    except discord.HTTPException as error:
        if rest.for_good(error):
            raise Rejected(f"{error.status} {error.code}: {error.text}") from error
        raise
