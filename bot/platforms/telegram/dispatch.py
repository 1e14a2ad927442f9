"""Every kind of update goes to the module that knows it."""

from __future__ import annotations

from telegram import Update

from bot.platforms.telegram import callback_queries, chat_members, inline_queries, messages, reactions
from bot.platforms.telegram.context import TelegramContext


async def take(context: TelegramContext, update: Update) -> None:
    """Do what an update asks for; one done already, in an earlier run perhaps, does nothing."""
    if update.message:
        await messages.take(context, update.update_id, update.message)
    elif update.edited_message:
        await messages.take(context, update.update_id, update.edited_message, changed=True)
    elif update.callback_query:
        await callback_queries.take(context, update.update_id, update.callback_query)
    elif update.message_reaction:
        await reactions.take(context, update.update_id, update.message_reaction)
    elif update.inline_query:
        await inline_queries.take(context, update.inline_query)
    elif update.my_chat_member:
        await chat_members.take(context, update.update_id, update.my_chat_member)
