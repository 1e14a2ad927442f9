"""The methods that change what stands: edit, delete, react."""

from __future__ import annotations

from tests.peers.telegram import spec
from tests.peers.telegram.posting import input_media, keyboard, words
from tests.peers.telegram.refusal import bad, breach, forbidden
from tests.peers.telegram.state import Content, Json, Message, Room, changed
from tests.peers.telegram.world import Call, World

DELETABLE = 48 * 3600  # seconds
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as "
    "a current content and reply markup of the message"
)


def _editable(world: World, params: Json) -> Message:
    """The message a request wants to edit: one of the bot's own, or one sent through its inline mode."""
    if inline_id := params.get("inline_message_id"):
        if inline_id not in world.inline_messages:
            raise bad("MESSAGE_ID_INVALID")
        return world.inline_messages[inline_id]
    if "chat_id" not in params or "message_id" not in params:
        raise breach("message identifier is not specified")
    message = world.joined(params["chat_id"]).find(params["message_id"])
    if message is None:
        raise bad("message to edit not found")
    if message.sender != world.bot or message.origin is not None:
        raise bad("message can't be edited")
    return message


def _edited(world: World, message: Message, content: Content, params: Json) -> Json | bool:
    content = changed(content, keyboard=keyboard(params))  # an edit without a keyboard takes the old one away
    if content == message.content:
        raise bad(SAME)
    world.edit(message, content)
    return True if "inline_message_id" in params else message.json()


def edit_message_text(world: World, call: Call) -> Json | bool:
    message = _editable(world, call.params)
    text, entities = words(call.params, "editMessageText")
    if not text:
        raise breach("message text is empty")
    if message.content.media:
        raise bad("there is no text in the message to edit")
    return _edited(world, message, Content(text, entities), call.params)


def edit_message_caption(world: World, call: Call) -> Json | bool:
    message = _editable(world, call.params)
    text, entities = words(call.params, "editMessageCaption", "caption")
    if not message.content.media:
        raise bad("there is no caption in the message to edit")
    above = call.params.get("show_caption_above_media", False)
    return _edited(world, message, changed(message.content, text=text, entities=entities, above=above), call.params)


def edit_message_media(world: World, call: Call) -> Json | bool:
    message = _editable(world, call.params)
    given = call.params["media"]
    if message.album and message.content.media and message.content.media.kind != given["type"]:
        raise bad("the kind of media in an album can't be changed")
    if message.inline_id and call.files:
        raise breach("a file can't be uploaded to an inline message")
    return _edited(world, message, input_media(world, call, given), call.params)


def edit_message_reply_markup(world: World, call: Call) -> Json | bool:
    message = _editable(world, call.params)
    return _edited(world, message, message.content, call.params)


def _deletable(world: World, room: Room, message: Message) -> bool:
    if world.clock() - message.date > DELETABLE:
        return False
    bot = room.member(world.bot)
    own = message.sender == world.bot and (room.kind != "channel" or "can_post_messages" in bot.rights)
    return own or room.kind == "private" or "can_delete_messages" in bot.rights


def delete_message(world: World, call: Call) -> bool:
    room = world.joined(call.params["chat_id"])
    message = room.find(call.params["message_id"])
    if message is None:
        raise bad("message to delete not found")
    if not _deletable(world, room, message):
        raise bad("message can't be deleted")
    message.deleted = True
    world.changes.tell()
    return True


def delete_messages(world: World, call: Call) -> bool:
    room = world.joined(call.params["chat_id"])
    found = [message for id in call.params["message_ids"] if (message := room.find(id))]
    if not all(_deletable(world, room, message) for message in found):
        raise bad("message can't be deleted")
    for message in found:
        message.deleted = True
    world.changes.tell()
    return True


def set_message_reaction(world: World, call: Call) -> bool:
    room = world.joined(call.params["chat_id"])
    message = room.find(call.params["message_id"])
    if message is None:
        raise bad("message to react not found")
    given = call.params.get("reaction") or []
    if len(given) > 1:
        raise breach("REACTIONS_TOO_MANY")
    if any(one["type"] != "emoji" or one["emoji"] not in spec.reactions() for one in given):
        raise breach("REACTION_INVALID")
    bot = room.member(world.bot)
    if bot.status == "restricted" and "can_react_to_messages" not in bot.rights:
        raise forbidden("not enough rights to react")
    message.reactions[world.bot.id] = tuple(one["emoji"] for one in given)
    world.changes.tell()
    return True
