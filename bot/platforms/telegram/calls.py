"""The calls of the Bot API that put words and pictures into a chat, each ready to be made for a chat's id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode

from bot.platforms.telegram.places import Reply

Call = Callable[[int], Awaitable[Message]]
Edit = Callable[[int], Awaitable[Message | bool]]
Keys = InlineKeyboardMarkup | ForceReply | None
HTML = ParseMode.HTML
PLAIN = LinkPreviewOptions(is_disabled=True)


def _to(reply: Reply) -> ReplyParameters | None:
    return ReplyParameters(reply.message, allow_sending_without_reply=True) if reply.message else None


def text(bot: Bot, html: str, keys: Keys, reply: Reply) -> Call:
    return lambda chat: bot.send_message(
        chat,
        html,
        HTML,
        link_preview_options=PLAIN,
        reply_markup=keys,
        reply_parameters=_to(reply),
        message_thread_id=reply.thread,
    )


def photo(bot: Bot, photo: bytes | str, html: str, keys: Keys, reply: Reply, *, spoiler: bool) -> Call:
    return lambda chat: bot.send_photo(
        chat,
        photo,
        html,
        parse_mode=HTML,
        has_spoiler=spoiler,
        reply_markup=keys,
        reply_parameters=_to(reply),
        message_thread_id=reply.thread,
    )


def documents(bot: Bot, files: Sequence[tuple[str, bytes]], html: str, keys: Keys, reply: Reply) -> Call:
    """A file by itself, or an album of two to ten (which has no buttons); gives the first message."""
    if len(files) == 1:
        [(name, content)] = files
        return lambda chat: bot.send_document(
            chat,
            content,
            html,
            parse_mode=HTML,
            filename=name,
            disable_content_type_detection=True,
            reply_markup=keys,
            reply_parameters=_to(reply),
            message_thread_id=reply.thread,
        )
    media = [
        InputMediaDocument(content, None if at else html, HTML, filename=name)
        for at, (name, content) in enumerate(files)
    ]

    async def album(chat: int) -> Message:
        sent = await bot.send_media_group(chat, media, reply_parameters=_to(reply), message_thread_id=reply.thread)
        return sent[0]

    return album


def edit_text(bot: Bot, message: str, html: str, keys: InlineKeyboardMarkup | None) -> Edit:
    return lambda chat: bot.edit_message_text(
        html, chat, int(message), parse_mode=HTML, link_preview_options=PLAIN, reply_markup=keys
    )


def edit_caption(bot: Bot, message: str, html: str, keys: InlineKeyboardMarkup | None) -> Edit:
    return lambda chat: bot.edit_message_caption(chat, int(message), None, html, keys, HTML)


def edit_media(
    bot: Bot, message: str, photo: bytes | str, html: str, keys: InlineKeyboardMarkup | None, *, spoiler: bool
) -> Edit:
    media = InputMediaPhoto(photo, html, HTML, has_spoiler=spoiler)
    return lambda chat: bot.edit_message_media(media, chat, int(message), reply_markup=keys)


def edit_keys(bot: Bot, message: str, keys: InlineKeyboardMarkup | None) -> Edit:
    return lambda chat: bot.edit_message_reply_markup(chat, int(message), reply_markup=keys)


def delete(bot: Bot, message: str) -> Callable[[int], Awaitable[bool]]:
    return lambda chat: bot.delete_message(chat, int(message))
