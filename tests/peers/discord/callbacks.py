"""What the bot answers to interactions: the callback, and the webhook its token opens for fifteen minutes."""

from __future__ import annotations

from enum import IntEnum

from tests.peers.discord import judged, posting
from tests.peers.discord.call import Call
from tests.peers.discord.interaction import AUTOCOMPLETE, MODAL_SUBMIT, Interaction
from tests.peers.discord.message import EPHEMERAL, LOADING, Content, Message
from tests.peers.discord.refusal import Breach, Refused
from tests.peers.discord.state import Json
from tests.peers.discord.world import ANSWER_WITHIN, World


class Kind(IntEnum):
    """What a callback is."""

    REPLY, THINK, WAIT, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9


FOLLOWUPS = 5  # for an interaction of somebody who installed the bot where it is not


def answer(world: World, call: Call) -> Json | None:
    """The first answer to an interaction."""
    asked = world.asked(call.where["interaction_id"], call.where["interaction_token"])
    data = call.body.get("data") or {}
    try:
        kind = Kind(call.body["type"])
    except ValueError:
        raise Breach(f"a callback of type {call.body['type']} is not played here") from None
    if asked.callback:
        asked.twice += 1
        raise Refused(40060)
    if world.clock() - asked.at > ANSWER_WITHIN or asked.expired:
        asked.late += 1
        world.changes.tell()
        raise Refused(10062)
    if (kind == Kind.CHOICES) != (asked.kind == AUTOCOMPLETE) or (kind == Kind.MODAL and asked.kind == MODAL_SUBMIT):
        raise Breach(f"{kind.name} is no answer to an interaction of kind {asked.kind}")
    if kind in (Kind.WAIT, Kind.UPDATE) and asked.message is None:
        raise Breach(f"{kind.name} where there is no message")
    match kind:
        case Kind.REPLY:
            asked.original = _posted(world, asked, posting.content(world, asked.channel, call, data))
        case Kind.THINK:
            flags = LOADING | (int(data.get("flags") or 0) & EPHEMERAL)
            asked.original = _posted(world, asked, Content(flags=flags))
        case Kind.WAIT:
            asked.original = asked.message
        case Kind.UPDATE:
            asked.original = asked.message
            assert asked.message is not None
            call.body = data
            posting.edited(world, asked.message, call)
        case Kind.CHOICES:
            asked.choices = data.get("choices") or []
        case Kind.MODAL:
            judged.modal(data)
            asked.modal = data
    asked.callback, asked.answered_at = kind, world.clock()
    world.changes.tell()
    if call.query.get("with_response", "").lower() not in ("true", "1"):
        return None
    return _resource(asked)


def _resource(asked: Interaction) -> Json:
    known: Json = {"id": str(asked.id), "type": asked.kind}
    if asked.original is None:
        return {"interaction": known}
    known |= {"response_message_id": str(asked.original.id), "response_message_loading": asked.original.loading}
    known |= {"response_message_ephemeral": asked.original.ephemeral}
    if asked.callback in (Kind.REPLY, Kind.UPDATE):
        return {"interaction": known, "resource": {"type": asked.callback, "message": asked.original.json()}}
    return {"interaction": known}


def _posted(world: World, asked: Interaction, content: Content) -> Message:
    only = asked.user if content.flags & EPHEMERAL else None
    return world.post(asked.channel, world.bot, content, asked=asked, only_for=only)


def _message(world: World, call: Call) -> Message:
    """The message a webhook request is about."""
    asked = world.hook(call.where["webhook_id"], call.where["webhook_token"])
    id = call.where.get("message_id", "@original")
    mine = [asked.original, *asked.followups]
    found = asked.original if id == "@original" else next((one for one in mine if one and str(one.id) == id), None)
    if found is None or found.deleted:
        raise Refused(10008)
    return found


def follow_up(world: World, call: Call) -> Json:
    """One more message; the first after thinking takes the place of the thought."""
    asked = world.hook(call.where["webhook_id"], call.where["webhook_token"])
    original = asked.original
    if asked.callback == Kind.THINK and original and original.loading and not original.deleted:
        return posting.edited(world, original, call).json()
    if "0" not in asked.owners and len(asked.followups) >= FOLLOWUPS:
        raise Refused(40094)
    message = _posted(world, asked, posting.content(world, asked.channel, call, call.body))
    asked.followups.append(message)
    return message.json()


def get(world: World, call: Call) -> Json:
    return _message(world, call).json()


def edit(world: World, call: Call) -> Json:
    return posting.edited(world, _message(world, call), call).json()


def delete(world: World, call: Call) -> None:
    world.delete(_message(world, call))
