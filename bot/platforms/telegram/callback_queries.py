"""Buttons that people press under the bot's messages."""

from __future__ import annotations

import asyncio
import time

from telegram import CallbackQuery, Message

from bot import texts
from bot.chat import Card, Press, Say
from bot.platforms.telegram import deep_links, keyboards, places
from bot.platforms.telegram.context import OpenUpdate, TelegramContext
from bot.platforms.telegram.messages import reply_to
from bot.studio.cards import error, picture_buttons, shown
from prompts.errors import Refusal
from storage import pictures

SURE = 20.0  # seconds in which the second press of a button that asks counts
PATIENCE = 8.0  # seconds after which a press is answered silently: Telegram gives up at about fifteen
DANGEROUS = frozenset({"delete"})
PANEL = frozenset({"help", "choose", "set"})  # another card comes in the place of this one
HERE = frozenset({keyboards.MORE, keyboards.BACK, keyboards.PICK, "edit"})  # answered without the desk


async def take(context: TelegramContext, update: int, query: CallbackQuery) -> None:
    """Hand a press on to the desk, and answer it in any case."""
    code, message = keyboards.parse_callback_data(query.data or ""), query.message
    person = await context.person(query.from_user)
    if code is None or not isinstance(message, Message):
        await context.api.answer(query.id, texts.say(person.language, "telegram.old_button"))
        return
    if code.action in DANGEROUS and not _sure(context.pressed, query.from_user.id, query.data or ""):
        await context.api.answer(query.id, texts.say(person.language, "telegram.sure"))
        return
    if code.action in PANEL and _of_another(message, query.from_user.id):
        await context.api.answer(query.id, texts.say(person.language, "access.not_yours"))
        return
    reply = reply_to(message)
    key = places.key(context.me.id, update, reply)
    asked = OpenUpdate(person.language, reply, query.id)
    async with context.answering(message.chat_id, query.from_user.id, key, asked):
        late = asyncio.create_task(_answer_late(context, asked))
        place = places.place(message.chat_id)
        try:
            if await context.answered(key):
                return
            if code.action in HERE:
                await context.gate(message.chat, None, query.from_user)
            if code.action in (keyboards.MORE, keyboards.BACK):
                await _turn_over(context, message, code, person.language)
            elif code.action == keyboards.PICK:
                await _pick(context, message, code.target, key)
            elif code.action == "edit":
                await deep_links.ask_for_change(context, message, code.target, key)
            else:
                room = await context.room(message.chat, query.from_user.id)
                await context.desk.press(
                    Press(person=person, place=place, action=code.action, target=code.target, key=key, room=room)
                )
        except Refusal as refusal:
            await context.show(place, error(refusal, fleeting=True), key)
        finally:
            late.cancel()
            await _answer(context, asked)


async def _turn_over(context: TelegramContext, message: Message, code: keyboards.CallbackData, language: str) -> None:
    """The other set of buttons."""
    markup = (
        keyboards.menu(code.target, language)
        if code.action == keyboards.MORE
        else keyboards.usual(code.target, language)
    )
    await context.api.post(
        message.chat_id,
        lambda chat: context.api.bot.edit_message_reply_markup(chat, message.message_id, reply_markup=markup),
    )


async def _pick(context: TelegramContext, message: Message, picture: str, key: str) -> None:
    """One picture of a sheet by itself, for everybody who sees the sheet."""
    row = await pictures.get(context.db, picture)
    if row is None:
        card = Card(text=Say("picture.gone"), kind="error", fleeting=True)
    else:
        text = Say("recipe.title", {"code": row.recipe.code})
        card = Card(text=text, pictures=(shown(row),), buttons=picture_buttons(row.id), spoiler=message_veiled(message))
    await context.show(places.place(message.chat_id), card, key)


def _of_another(message: Message, user: int) -> bool:
    """Whether a message in a group answers somebody else: what it shows is theirs to turn over."""
    asked = message.reply_to_message
    return asked is not None and asked.from_user is not None and asked.from_user.id != user


def message_veiled(message: Message) -> bool:
    """Whether the pictures of a message are under a spoiler."""
    return bool(message.has_media_spoiler)


def _sure(pressed: dict[tuple[int, str], float], user: int, data: str) -> bool:
    """Whether this is the second press in a short while."""
    now = time.monotonic()
    for one, at in list(pressed.items()):
        if now - at > SURE:
            del pressed[one]
    if pressed.pop((user, data), None) is not None:
        return True
    pressed[user, data] = now
    return False


async def _answer_late(context: TelegramContext, asked: OpenUpdate) -> None:
    await asyncio.sleep(PATIENCE)
    await _answer(context, asked)


async def _answer(context: TelegramContext, asked: OpenUpdate) -> None:
    query, asked.query = asked.query, ""
    if query:
        await context.api.answer(query)
