"""Every kind of update goes to the module that knows it."""

from __future__ import annotations

from telegram import Update

from bot.platforms.telegram import buttons, inline, members, messages, reactions
from bot.platforms.telegram.reception import Reception


async def take(reception: Reception, update: Update) -> None:
    """Do what an update asks for; one done already, in an earlier run perhaps, does nothing."""
    if update.message:
        await messages.take(reception, update.update_id, update.message)
    elif update.callback_query:
        await buttons.take(reception, update.update_id, update.callback_query)
    elif update.message_reaction:
        await reactions.take(reception, update.update_id, update.message_reaction)
    elif update.inline_query:
        await inline.take(reception, update.inline_query)
    elif update.my_chat_member:
        await members.take(reception, update.update_id, update.my_chat_member)
