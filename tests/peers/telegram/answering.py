"""The methods that answer presses and inline queries, and those about chats, files, commands and the bot itself."""

from __future__ import annotations

import json

from tests.peers.telegram.media import DOWNLOAD, known
from tests.peers.telegram.posting import keyboard, words
from tests.peers.telegram.refusal import bad, breach
from tests.peers.telegram.state import PERMISSIONS, Content, Json
from tests.peers.telegram.world import ANSWER_WITHIN, Asked, Call, World

RESULTS = 50  # of an inline query
LATE = "query is too old and response timeout expired or query ID is invalid"


def _answer(world: World, asked: Asked | None, params: Json) -> bool:
    if asked is None or world.clock() - asked.at > ANSWER_WITHIN:
        raise bad(LATE)
    if asked.answer is not None:
        # A program that was killed cannot know that it had answered; one that runs does.
        killed = any(call.method == "getMe" and call.at > asked.at for call in world.calls)
        raise bad(LATE) if killed else breach("the query was answered before")
    asked.answer = params
    world.changes.tell()
    return True


def answer_callback_query(world: World, call: Call) -> bool:
    return _answer(world, world.callbacks.get(call.params["callback_query_id"]), call.params)


def answer_inline_query(world: World, call: Call) -> bool:
    results = call.params["results"]
    if len(results) > RESULTS:
        raise breach("RESULTS_TOO_MUCH")
    if len({one["id"] for one in results}) < len(results):
        raise breach("RESULT_ID_DUPLICATE")
    for one in results:
        if one["type"] in ("photo", "document") and f"{one['type']}_file_id" in one:
            known(world, one[f"{one['type']}_file_id"], one["type"])
        inline_content(world, one)
    return _answer(world, world.queries.get(call.params["inline_query_id"]), call.params)


def inline_content(world: World, result: Json) -> Content:
    """The message that a chosen inline result becomes; `Breach` for kinds that this server does not play."""
    buttons = keyboard(result)
    if instead := result.get("input_message_content"):
        if "message_text" not in instead:
            raise breach("only texts are played as input_message_content")
        text, entities = words(instead, "InputTextMessageContent", "message_text")
        return Content(text, entities, keyboard=buttons)
    kind = result["type"]
    if f"{kind}_file_id" not in result or kind not in ("photo", "document"):
        raise breach(f"inline results of the type {kind} are played by file_id only, and photos and documents alone")
    text, entities = words(result, f"InlineQueryResultCached{kind.capitalize()}", "caption")
    above = result.get("show_caption_above_media", False)
    return Content(text, entities, known(world, result[f"{kind}_file_id"], kind), buttons, above=above)


def get_me(world: World, call: Call) -> Json:
    return world.bot.json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": world.inline,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def get_chat(world: World, call: Call) -> Json:
    room = world.joined(call.params["chat_id"])
    nothing = {"unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"}
    full = room.json() | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(sorted(nothing), False),
    }
    if room.protected:
        full["has_protected_content"] = True
    if room.kind in ("group", "supergroup"):
        extra = {name: name not in ("can_change_info", "can_pin_messages", "can_manage_topics") for name in PERMISSIONS}
        full["permissions"] = extra
    return full


def get_chat_member(world: World, call: Call) -> Json:
    room = world.joined(call.params["chat_id"])
    user = world.users.get(call.params["user_id"])
    if user is None:
        raise bad("user not found")
    if room.kind == "private" and user.id not in room.members:
        raise bad("PARTICIPANT_ID_INVALID")
    return room.member(user).json(room.kind)


def get_chat_administrators(world: World, call: Call) -> list[Json]:
    room = world.joined(call.params["chat_id"])
    if room.kind == "private":
        raise bad("there are no administrators in the private chat")
    return [one.json(room.kind) for one in room.members.values() if one.admin and one.user.id != world.bot.id]


def get_chat_member_count(world: World, call: Call) -> int:
    return sum(one.present for one in world.joined(call.params["chat_id"]).members.values())


def leave_chat(world: World, call: Call) -> bool:
    world.joined(call.params["chat_id"]).put(world.bot, "left")
    return True


def get_file(world: World, call: Call) -> Json:
    file = world.files.get(call.params["file_id"])
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(file.content) > DOWNLOAD:
        raise bad("file is too big")
    return file.json() | {"file_path": file.path}


def _scope(world: World, params: Json) -> tuple[str, str]:
    scope = params.get("scope") or {"type": "default"}
    if "chat_id" in scope:
        world.room(scope["chat_id"])
    return json.dumps(scope, sort_keys=True), params.get("language_code", "")


def set_my_commands(world: World, call: Call) -> bool:
    world.commands[_scope(world, call.params)] = call.params["commands"]
    world.changes.tell()
    return True


def get_my_commands(world: World, call: Call) -> list[Json]:
    return world.commands.get(_scope(world, call.params), [])


def delete_my_commands(world: World, call: Call) -> bool:
    world.commands.pop(_scope(world, call.params), None)
    return True


PROFILE = {"Name": "name", "Description": "description", "ShortDescription": "short_description"}


def set_profile(world: World, call: Call) -> bool:
    """setMyName, setMyDescription, setMyShortDescription."""
    name = PROFILE[call.method.removeprefix("setMy")]
    world.profile[name, call.params.get("language_code", "")] = call.params.get(name, "")
    return True


def get_profile(world: World, call: Call) -> Json:
    name = PROFILE[call.method.removeprefix("getMy")]
    default = world.profile.get((name, ""), world.bot.name if name == "name" else "")
    return {name: world.profile.get((name, call.params.get("language_code", "")), default)}


def set_chat_menu_button(world: World, call: Call) -> bool:
    world.menu[call.params.get("chat_id")] = call.params.get("menu_button", {"type": "default"})
    return True


def get_chat_menu_button(world: World, call: Call) -> Json:
    return world.menu.get(call.params.get("chat_id"), {"type": "commands"})
