"""The bot joins a chat, or is made an administrator."""

from __future__ import annotations

from telegram import Chat, ChatMember, ChatMemberUpdated

from bot.chat import Card, Say
from bot.platforms.telegram import places
from bot.platforms.telegram.context import OpenUpdate, TelegramContext
from bot.platforms.telegram.places import Reply
from bot.studio import cards
from prompts.errors import Refusal

OUT = (ChatMember.LEFT, ChatMember.BANNED)


async def take(context: TelegramContext, update: int, change: ChatMemberUpdated) -> None:
    """Greet a group once, and say how to call the bot there and what reactions need; or why it does not work there."""
    chat = change.chat
    context.forget(chat.id)
    joined = change.old_chat_member.status in OUT and change.new_chat_member.status not in OUT
    if not joined or chat.type not in (Chat.GROUP, Chat.SUPERGROUP):
        return
    person = await context.person(change.from_user)
    key = places.key(context.me.id, update, Reply())
    async with context.answering(chat.id, change.from_user.id, key, OpenUpdate(person.language)):
        try:
            await context.gate(chat, None, change.from_user)
        except Refusal as refusal:
            await context.show(places.place(chat.id), cards.error(refusal), key)
            return
        admin = change.new_chat_member.status == ChatMember.ADMINISTRATOR
        text = Say("telegram.hello_admin" if admin else "telegram.hello", {"name": f"@{context.me.username}"})
        await context.show(places.place(chat.id), Card(text=text), key)
