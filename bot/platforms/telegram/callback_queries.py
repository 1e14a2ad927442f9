"""Buttons that people press under the bot's messages."""

from __future__ import annotations

import asyncio
import time

from telegram import CallbackQuery, Chat, Message

from bot import texts
from bot.buttons import voting
from bot.buttons.guiding import SAME_SHAPE
from bot.buttons.sent import PAINT_OVER
from bot.buttons.training import TRAIN_DELETE, TRAIN_WRITE
from bot.chat import Card, Person, Press, Say
from bot.people import owned
from bot.platforms.telegram import calls, deep_links, keyboards, places
from bot.platforms.telegram.button_codes import CallbackData, parse_callback_data
from bot.platforms.telegram.context import OpenUpdate, TelegramContext
from bot.platforms.telegram.messages import reply_to
from bot.platforms.telegram.tag_table import TAG_ADD
from bot.studio.cards import ON, error, picture_buttons, shown
from bot.studio.corrections import CORRECT
from prompts.errors import Refusal
from storage import people
from storage.pictures import PictureRow

SURE = 20.0  # seconds in which the second press of a button that asks counts
PATIENCE = 8.0  # seconds after which a press is answered silently: Telegram gives up at about fifteen
DANGEROUS = {
    "delete": "telegram.sure",
    "forget": "forget.sure",
    TRAIN_DELETE: "telegram.sure",
}  # and what is said at the first press
TURNING = frozenset({*ON, *ON.values()})
PANEL = frozenset({"help", "choose", "set"})  # another card comes in the place of this one
# Answered without the desk; that and what asks first are for those alone who may act on the picture.
HERE = frozenset({keyboards.MORE, keyboards.BACK, keyboards.PICK, "edit", "rename", SAME_SHAPE})
OURS = frozenset({*HERE, "delete"})


async def take(context: TelegramContext, update: int, query: CallbackQuery) -> None:
    """Hand a press on to the desk, and answer it in any case."""
    code, message = parse_callback_data(query.data or ""), query.message
    person = await context.person(query.from_user)
    if code is None or not isinstance(message, Message):
        await context.api.answer(query.id, texts.say(person.language, "telegram.old_button"))
        return
    if code.action in PANEL and _of_another(message, query.from_user.id):
        await context.api.answer(query.id, texts.say(person.language, "access.not_yours"))
        return
    reply = reply_to(message)
    key = places.key(context.me.id, update, reply)
    asked = OpenUpdate(person.language, reply, query.id, pressed=_turning(message, code), code=query.data or "")
    async with context.answering(message.chat_id, query.from_user.id, key, asked):
        late = asyncio.create_task(_answer_late(context, asked))
        place = places.place(message.chat_id)
        try:
            if await context.answered(key):
                return
            if code.action in OURS:
                await context.gate(message.chat, None, query.from_user)
                row = await owned.picture(context.db, person, code.target)
                if code.action in HERE:
                    await _here(context, message, person, code.action, row, key)
                    return
            if code.action in (keyboards.VOTE, keyboards.TO_SHEET):
                await context.gate(message.chat, None, query.from_user)
                await _ballot(context, message, code, person.language)
                return
            if code.action == CORRECT:
                await context.gate(message.chat, None, query.from_user)
                await deep_links.ask_for_word(context, message, code.target, key)
                return
            if code.action == PAINT_OVER:
                await context.gate(message.chat, None, query.from_user)
                await deep_links.ask_for_wish(context, message, code.target, key)
                return
            if code.action == TAG_ADD:
                await context.gate(message.chat, None, query.from_user)
                await deep_links.ask_for_tags(context, message, code.target, key)
                return
            if code.action == TRAIN_WRITE:
                await context.gate(message.chat, None, query.from_user)
                await deep_links.ask_for_captions(context, message, code.target, key)
                return
            if code.action == "use":
                await context.gate(message.chat, None, query.from_user)
                if await deep_links.ask_to_fill(context, message, person.id, code.target, key):
                    return
            if code.action in DANGEROUS and not _sure(context.pressed, query.from_user.id, asked.code):
                asked.query = ""
                await context.api.answer(query.id, texts.say(person.language, DANGEROUS[code.action]))
                return
            room = await context.room(message.chat, query.from_user.id)
            await context.desk.press(
                Press(person=person, place=place, action=code.action, target=code.target, key=key, room=room)
            )
        except Refusal as refusal:
            await context.show(place, error(refusal, fleeting=True), key)
        finally:
            late.cancel()
            await _answer(context, asked)


def _turning(message: Message, code: CallbackData) -> Message | None:
    """The message, where the button pressed under it may turn: what everybody sees says nothing of what one of them
    has chosen for themselves, and only a picture's owner presses its favourite."""
    ours = code.action in TURNING and (message.chat.type == Chat.PRIVATE or "favourite" in code.action)
    return message if ours else None


async def _here(
    context: TelegramContext, message: Message, person: Person, action: str, row: PictureRow, key: str
) -> None:
    """What a press asks of Telegram alone."""
    if action == "edit":
        await deep_links.ask_for_change(context, message, row, key)
    elif action == SAME_SHAPE:
        await deep_links.ask_for_shape(context, message, row, key)
    elif action == "rename":
        await deep_links.ask_for_name(context, message, person.id, row, key)
    elif action == keyboards.PICK:
        text = Say("recipe.title", {"code": row.recipe.code})
        card = Card(text=text, pictures=(shown(row),), buttons=picture_buttons(row), spoiler=message_veiled(message))
        await context.show(places.place(message.chat_id), card, key)
    else:
        await _turn_over(context, message, action, row)


async def _turn_over(context: TelegramContext, message: Message, action: str, row: PictureRow) -> None:
    """The other set of buttons, in the language of the picture's owner."""
    owner = await people.get(context.db, row.person)
    language = (owner.language if owner else "") or "en"
    markup = keyboards.menu(row, language) if action == keyboards.MORE else keyboards.usual(row, language)
    await context.api.post(message.chat_id, calls.edit_keys(context.api.bot, str(message.message_id), markup))


async def _ballot(context: TelegramContext, message: Message, code: CallbackData, language: str) -> None:
    """The numbers to vote by in the place of a sheet's own, or these again."""
    sheet = await voting.sheet_of(context.db, code.target)
    markup = keyboards.keyboard(sheet, language)
    if code.action == keyboards.VOTE:
        markup = keyboards.ballot(voting.ballot(sheet), code.target, language)
    await context.api.post(message.chat_id, calls.edit_keys(context.api.bot, str(message.message_id), markup))


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
