"""The methods that post: send, album, copy, forward, draft, chat action."""

from __future__ import annotations

from typing import Any, Literal

from tests.peers.telegram import media, spec
from tests.peers.telegram.markup import Entity, parse
from tests.peers.telegram.refusal import bad, breach
from tests.peers.telegram.state import Content, Json, Media, Message, Room, changed
from tests.peers.telegram.world import Call, World

BUTTONS, PER_ROW = 100, 8  # of an inline keyboard
KINDS_OF_BUTTON = frozenset(spec.fields("InlineKeyboardButton")) - {"text", "style", "icon_custom_emoji_id"}
Posted = Literal["messages", "photos", "documents", "other_messages"]
RIGHT: dict[str, Posted] = {"photo": "photos", "document": "documents", "animation": "other_messages"}


def words(params: Json, owner: str, name: str = "text") -> tuple[str, tuple[Entity, ...]]:
    """A text or caption and its entities, after parsing, within the length the spec allows."""
    given = params.get("entities" if name.endswith("text") else f"{name}_entities") or ()
    text, entities = parse(params.get(name) or "", params.get("parse_mode"), given)
    most = spec.fields(owner)[name].most
    assert most is not None
    if len(text) > most:
        raise breach("message is too long" if name.endswith("text") else "message caption is too long")
    return text, tuple(entities)


def keyboard(params: Json) -> tuple[tuple[Json, ...], ...]:
    """The inline keyboard of a request, empty where it has none."""
    rows = (params.get("reply_markup") or {}).get("inline_keyboard") or []
    if sum(map(len, rows)) > BUTTONS or any(len(row) > PER_ROW for row in rows):
        raise breach("REPLY_MARKUP_TOO_LONG")
    for button in (button for row in rows for button in row):
        if len(KINDS_OF_BUTTON & set(button)) != 1:
            raise breach("Text buttons are unallowed in the inline keyboard")
        if not button["text"].strip():
            raise breach("BUTTON_TEXT_INVALID")
        if "url" in button and not button["url"].startswith(("http://", "https://", "tg://")):
            raise breach(f"inline keyboard button URL {button['url']!r} is invalid: Wrong HTTP URL")
    return tuple(tuple(row) for row in rows if row)


def replied(world: World, room: Room, params: Json) -> dict[str, Any]:
    """What a post answers to, and where: the values of the new Message."""
    values: dict[str, Any] = {
        "thread": params.get("message_thread_id"),
        "protected": params.get("protect_content", False),
        "markup": None if "inline_keyboard" in params.get("reply_markup", {}) else params.get("reply_markup"),
    }
    reply = params.get("reply_parameters")
    if reply is None:
        return values
    other = reply.get("chat_id", room.id)
    there = room if other == room.id else world.joined(other)
    original = there.find(reply["message_id"])
    if original is None:
        if reply.get("allow_sending_without_reply") and there is room:
            return values
        raise bad("message to be replied not found")
    if there is not room and (there.protected or original.protected):
        raise bad("message can't be replied in another chat")
    quote = parse(reply.get("quote") or "", reply.get("quote_parse_mode"))[0]
    if quote not in original.text:
        raise bad("QUOTE_TEXT_INVALID")
    if there is room:
        values |= {"reply_to": original, "quote": quote}
        if room.topics is not None and values["thread"] is None:
            values["thread"] = original.thread
    return values


def send_message(world: World, call: Call) -> Json:
    text, entities = words(call.params, "sendMessage")
    if not text:
        raise breach("message text is empty")
    room = world.writable(call.params, "messages")
    content = Content(text, entities, keyboard=keyboard(call.params))
    return world.post(room, world.bot, content, **replied(world, room, call.params)).json()


def send_media(world: World, call: Call) -> Json:
    """sendPhoto, sendDocument, sendAnimation."""
    kind = call.method.removeprefix("send").lower()
    room = world.writable(call.params, RIGHT[kind])
    content = content_of(world, kind, call.params[kind], call.params, call.method)
    content = changed(content, keyboard=keyboard(call.params))
    return world.post(room, world.bot, content, **replied(world, room, call.params)).json()


def content_of(world: World, kind: str, value: Any, params: Json, owner: str) -> Content:
    """The media and caption of a request or of an InputMedia."""
    text, entities = words(params, owner, "caption")
    return Content(
        text,
        entities,
        media.taken(world, kind, value),
        spoiler=params.get("has_spoiler", False),
        above=params.get("show_caption_above_media", False),
    )


def send_media_group(world: World, call: Call) -> list[Json]:
    kinds = {one["type"] for one in call.params["media"]}
    if len(kinds) > 1 and "document" in kinds:
        raise breach("document can't be mixed with other media types")
    contents = [input_media(world, call, one) for one in call.params["media"]]
    room = world.writable(call.params, RIGHT[min(kinds)])
    values = replied(world, room, call.params) | {"album": str(world.number() + 13_000_000_000)}
    return [world.post(room, world.bot, content, **values).json() for content in contents]


def input_media(world: World, call: Call, given: Json) -> Content:
    """The content that an InputMediaPhoto, -Document or -Animation describes."""
    kind, value = given["type"], given["media"]
    if kind not in RIGHT:
        raise breach(f"{kind} is not played by this server")
    name = value.removeprefix("attach://")
    return content_of(
        world, kind, call.files[name] if name != value else value, given, f"InputMedia{kind.capitalize()}"
    )


def _original(world: World, params: Json, verb: str) -> Message:
    room = world.joined(params["from_chat_id"])
    message = room.find(params["message_id"])
    if message is None:
        raise bad(f"message to {verb} not found")
    if message.protected or room.protected:
        raise bad(f"message can't be {'copied' if verb == 'copy' else 'forwarded'}")
    return message


def copy_message(world: World, call: Call) -> Json:
    params, original = call.params, _original(world, call.params, "copy")
    content = changed(original.content, keyboard=keyboard(params))
    if content.media and "caption" in params:
        text, entities = words(params, "copyMessage", "caption")
        content = changed(content, text=text, entities=entities, above=params.get("show_caption_above_media", False))
    room = world.writable(params, _posted(content.media))
    return {"message_id": world.post(room, world.bot, content, **replied(world, room, params)).id}


def forward_message(world: World, call: Call) -> Json:
    params, original = call.params, _original(world, call.params, "forward")
    room = world.writable(params, _posted(original.content.media))
    origin = {"type": "user", "date": original.date, "sender_user": original.sender.json()}
    content = changed(original.content, keyboard=())
    values = replied(world, room, params)
    return world.post(room, world.bot, content, origin=origin, **values).json()


def _posted(held: Media | None) -> Posted:
    return RIGHT[held.kind] if held else "messages"


def send_message_draft(world: World, call: Call) -> bool:
    text, _ = words(call.params, "sendMessageDraft")
    room = world.joined(call.params["chat_id"])
    if room.kind != "private":
        raise breach("drafts are for private chats")
    if call.params["draft_id"] == 0:
        raise breach("draft_id must be non-zero")
    room.drafts.setdefault(call.params["draft_id"], []).append(text)
    return True


def send_chat_action(world: World, call: Call) -> bool:
    room = world.joined(call.params["chat_id"])
    if room.kind == "channel":
        raise breach("channels have no chat actions")
    room.actions.append(call.params["action"])
    return True
