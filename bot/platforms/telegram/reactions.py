"""Reactions to the bot's pictures: each emoji of the settings is a button."""

from __future__ import annotations

from telegram import MessageReactionUpdated, ReactionTypeEmoji

from bot.buttons.presses import under
from bot.chat import Press
from bot.platforms.telegram import places
from bot.platforms.telegram.context import OpenUpdate, TelegramContext
from bot.platforms.telegram.places import Reply
from storage import people, pictures, posts


async def take(context: TelegramContext, update: int, reaction: MessageReactionUpdated) -> None:
    """Do what the emoji that was added stands for: "again" and "delete" with all pictures of the message, others with
    its first. To anybody but their owner reactions are what they are everywhere, and none deletes what a list shows."""
    old = {one.emoji for one in reaction.old_reaction if isinstance(one, ReactionTypeEmoji)}
    new = [one.emoji for one in reaction.new_reaction if isinstance(one, ReactionTypeEmoji)]
    actions = [action for emoji in new if emoji not in old and (action := context.settings.reactions.get(emoji))]
    user = reaction.user
    if not actions or user is None or user.is_bot:
        return
    post = await posts.at(context.db, places.place(reaction.chat.id, reaction.message_id))
    if post is None or not post.pictures or (actions[0] == "delete" and not post.job and len(post.pictures) > 1):
        return
    person = await context.person(user)
    row = await pictures.get(context.db, post.pictures[0])
    if row is None or (row.person != person.id and not person.admin):
        return
    if await people.setting(context.db, person.id, "reactions") is False:
        return
    reply = Reply(reaction.message_id)
    key = places.key(context.me.id, update, reply)
    async with context.answering(reaction.chat.id, user.id, key, OpenUpdate(person.language, reply, quiet=True)):
        if await context.answered(key):
            return
        room = await context.room(reaction.chat, user.id)
        action, target, values = under(post, actions[0])
        await context.desk.press(
            Press(person=person, place=post.place, action=action, target=target, key=key, values=values, room=room)
        )
