"""What the server can do: a function for each method it plays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from tests.peers.telegram import answering, editing, posting
from tests.peers.telegram.state import Json
from tests.peers.telegram.world import Call, World

Reply = Json | list[Json] | bool | int
POLL = 50  # seconds getUpdates may be held at most


async def get_updates(world: World, call: Call) -> Reply:
    given = call.params
    seconds = min(max(given.get("timeout", 0), 0), POLL)
    return await world.updates.poll(
        given.get("offset", 0), given.get("limit", 100), seconds, given.get("allowed_updates")
    )


async def set_webhook(world: World, call: Call) -> Reply:
    await world.updates.set_webhook(call.params)
    return True


async def delete_webhook(world: World, call: Call) -> Reply:
    await world.updates.drop_webhook(call.params.get("drop_pending_updates", False))
    return True


def get_webhook_info(world: World, call: Call) -> Reply:
    return world.updates.webhook_state()


METHODS: Mapping[str, Callable[[World, Call], Reply | Awaitable[Reply]]] = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "getMe": answering.get_me,
    "sendMessage": posting.send_message,
    "sendPhoto": posting.send_media,
    "sendDocument": posting.send_media,
    "sendAnimation": posting.send_media,
    "sendMediaGroup": posting.send_media_group,
    "copyMessage": posting.copy_message,
    "forwardMessage": posting.forward_message,
    "sendMessageDraft": posting.send_message_draft,
    "sendChatAction": posting.send_chat_action,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageMedia": editing.edit_message_media,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "setMessageReaction": editing.set_message_reaction,
    "answerCallbackQuery": answering.answer_callback_query,
    "answerInlineQuery": answering.answer_inline_query,
    "getChat": answering.get_chat,
    "getChatMember": answering.get_chat_member,
    "getChatAdministrators": answering.get_chat_administrators,
    "getChatMemberCount": answering.get_chat_member_count,
    "leaveChat": answering.leave_chat,
    "getFile": answering.get_file,
    "setMyCommands": answering.set_my_commands,
    "getMyCommands": answering.get_my_commands,
    "deleteMyCommands": answering.delete_my_commands,
    "setMyName": answering.set_profile,
    "getMyName": answering.get_profile,
    "setMyDescription": answering.set_profile,
    "getMyDescription": answering.get_profile,
    "setMyShortDescription": answering.set_profile,
    "getMyShortDescription": answering.get_profile,
    "setChatMenuButton": answering.set_chat_menu_button,
    "getChatMenuButton": answering.get_chat_menu_button,
}
# What Telegram's published limits count: everything that puts or changes a message in a chat.
COUNTED = frozenset(
    name
    for name in METHODS
    if name.startswith(("send", "copy", "forward", "editMessage"))
    and name not in ("sendChatAction", "sendMessageDraft")
)
