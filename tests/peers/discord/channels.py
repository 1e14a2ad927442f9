"""Channels, messages and reactions, with the bot's own rights."""

from __future__ import annotations

from tests.peers.discord import posting
from tests.peers.discord.call import Call
from tests.peers.discord.refusal import Breach, Refused
from tests.peers.discord.state import Channel, Json
from tests.peers.discord.world import World


def _writable(world: World, call: Call) -> Channel:
    channel = world.reachable(call.where["channel_id"])
    thread = channel.parent is not None
    needed = ["send_messages_in_threads" if thread else "send_messages"]
    needed += ["attach_files"] if call.files else []
    needed += ["embed_links"] if (call.body or {}).get("embeds") else []
    if not channel.may(world.bot, *needed):
        raise Refused(50013, f"in #{channel.name}")
    if channel.archived:
        raise Refused(50083)
    if channel.person and not channel.person.dms:
        raise Refused(50007)
    return channel


def get_channel(world: World, call: Call) -> Json:
    return world.reachable(call.where["channel_id"]).json()


def typing(world: World, call: Call) -> None:
    _writable(world, call)


def list_messages(world: World, call: Call) -> list[Json]:
    channel = world.reachable(call.where["channel_id"], "read_message_history")
    found = [one for one in channel.seen() if one.id < int(call.query.get("before", 1 << 63))]
    found = [one for one in found if one.id > int(call.query.get("after", 0))]
    return [one.json() for one in reversed(found[-int(call.query.get("limit", 50)) :])]


def get_message(world: World, call: Call) -> Json:
    channel = world.reachable(call.where["channel_id"], "read_message_history")
    return world.message(channel, call.where["message_id"]).json()


def create_message(world: World, call: Call) -> Json:
    channel, body = _writable(world, call), call.body
    if body.get("flags", 0) and body["flags"] & 64:
        raise Breach("only an interaction's answer can be ephemeral")
    nonce = body.get("nonce")
    if body.get("enforce_nonce") and nonce is not None and (known := world.remembered(nonce)):
        return known.json()
    reference = body.get("message_reference")
    reply_to = None
    if reference:
        reply_to = channel.messages.get(int(reference["message_id"]))
        if (reply_to is None or reply_to.deleted) and reference.get("fail_if_not_exists", True):
            raise Refused(50035, "message_reference: Unknown message")
    content = posting.content(world, channel, call, body)
    return world.post(channel, world.bot, content, nonce=nonce, reply_to=reply_to).json()


def edit_message(world: World, call: Call) -> Json:
    channel = world.reachable(call.where["channel_id"])
    message = posting.editable(world, world.message(channel, call.where["message_id"]))
    if channel.archived:
        raise Refused(50083)
    return posting.edited(world, message, call).json()


def delete_message(world: World, call: Call) -> None:
    channel = world.reachable(call.where["channel_id"])
    message = world.message(channel, call.where["message_id"])
    if message.author is not world.bot and not channel.may(world.bot, "manage_messages"):
        raise Refused(50013)
    world.delete(message)


def add_reaction(world: World, call: Call) -> None:
    channel = world.reachable(call.where["channel_id"], "read_message_history")
    message = world.message(channel, call.where["message_id"])
    emoji = call.where["emoji_name"]
    if emoji.isascii():
        raise Refused(10014, emoji)
    if not message.reactions.get(emoji) and not channel.may(world.bot, "add_reactions"):
        raise Refused(50013)
    world.react(message, emoji, world.bot, on=True)


def remove_own_reaction(world: World, call: Call) -> None:
    channel = world.reachable(call.where["channel_id"])
    world.react(world.message(channel, call.where["message_id"]), call.where["emoji_name"], world.bot, on=False)


def remove_reaction(world: World, call: Call) -> None:
    channel = world.reachable(call.where["channel_id"], "manage_messages")
    user = world.users.get(int(call.where["user_id"]))
    if user is None:
        raise Refused(10013)
    world.react(world.message(channel, call.where["message_id"]), call.where["emoji_name"], user, on=False)


def list_reactions(world: World, call: Call) -> list[Json]:
    channel = world.reachable(call.where["channel_id"], "read_message_history")
    message = world.message(channel, call.where["message_id"])
    return [user.json() for user in message.reactions.get(call.where["emoji_name"], ())]
