"""Reactions to the bot's pictures: for people who like them, they do what buttons do."""

from __future__ import annotations

import logging

import discord

from bot import texts
from bot.buttons.presses import under
from bot.chat import Person, Press, Room
from bot.errors import Gone, Unreachable
from bot.platforms.discord import delivery, rest
from bot.platforms.discord.acknowledge import standing
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import PLATFORM, Pending
from prompts.errors import Refusal
from storage import people, pictures, posts
from storage.jobs import Place
from storage.posts import Post

log = logging.getLogger(__name__)

EACH = frozenset({"original"})  # this means every picture of a message, one by one
VARIANT = "\N{VARIATION SELECTOR-16}"  # some apps send an emoji with it, some without
SEEN = "✅"


DIGITS = (*(f"{digit}\N{COMBINING ENCLOSING KEYCAP}" for digit in range(1, 10)), "\N{KEYCAP TEN}")  # without `VARIANT`


async def take(context: DiscordContext, payload: discord.RawReactionActionEvent, *, added: bool = True) -> None:
    """Do what a reaction means that was `added` or taken away, if it is to a picture of ours, by somebody who may. All
    others mean nothing."""
    try:
        place = Place(PLATFORM, str(payload.channel_id), str(payload.message_id))
        emoji = str(payload.emoji).replace(VARIANT, "")
        post = await posts.at(context.db, place) if added or emoji in DIGITS else None
        if post is not None and post.compared and emoji in DIGITS:
            await _voted(context, payload, post, DIGITS.index(emoji), added=added)
        elif added:
            await _taken(context, payload)
    except Exception:
        log.exception("a reaction to message %s failed", payload.message_id)


async def _taken(context: DiscordContext, payload: discord.RawReactionActionEvent) -> None:
    meanings = {emoji.replace(VARIANT, ""): action for emoji, action in context.settings.reactions.items()}
    action = meanings.get(str(payload.emoji).replace(VARIANT, ""))
    place = Place(PLATFORM, str(payload.channel_id), str(payload.message_id))
    if action is None or (post := await posts.at(context.db, place)) is None or not post.pictures:
        return
    person, room = await _who(context, payload)
    if await people.setting(context.db, person.id, "reactions") is False:
        return
    each = action in EACH and not post.compared
    for number, target in enumerate(post.pictures if each else post.pictures[:1]):
        row = await pictures.get(context.db, target)
        if row is None:
            continue
        if row.person != person.id and not person.admin:
            if action == "delete" and room.moderator:
                await delivery.remove(context, place, None)  # its pictures stay in their owner's history
            return
        key = f"{PLATFORM}-r-{payload.message_id}-{payload.user_id}-{action}-{int(context.pending.now() / 2)}-{number}"
        speaks = person.language if person.language in texts.LANGUAGES else "en"
        pending = Pending(
            key, place.chat, str(payload.user_id), speaks, "quiet", context.pending.now(), about=place.message
        )
        context.pending.add(pending)
        meaning, target, values = (action, target, {}) if each else under(post, action)
        here = Place(PLATFORM, place.chat)
        press = Press(person=person, place=here, action=meaning, target=target, key=key, values=values, room=room)
        try:
            await context.desk.press(press)
        except (Gone, Unreachable, Refusal) as error:
            log.info("a reaction cannot be answered: %s", error)


async def _who(context: DiscordContext, payload: discord.RawReactionActionEvent) -> tuple[Person, Room]:
    """Who reacted, and what Discord says of where."""
    language = context.settings.language or ""
    person = await context.people(PLATFORM, str(payload.user_id), language=language)
    guild = context.client.get_guild(payload.guild_id) if payload.guild_id else None
    channel = guild.get_channel_or_thread(payload.channel_id) if guild else None
    return person, standing(guild, channel, payload.member) if guild else Room(server=str(payload.guild_id or ""))


async def _voted(
    context: DiscordContext, payload: discord.RawReactionActionEvent, post: Post, cell: int, *, added: bool
) -> None:
    """A number under a comparison's sheet is a vote, which goes with it. The sheet's own button says how it stands."""
    if cell >= len(post.pictures):
        return
    person, room = await _who(context, payload)
    now = int(context.pending.now() * 1000)
    key = f"{PLATFORM}-v-{payload.message_id}-{payload.user_id}-{cell}-{added}-{now}"
    pending = Pending(key, post.place.chat, str(payload.user_id), person.language, "quiet", context.pending.now())
    context.pending.add(pending)
    action, here = "vote_for" if added else "unvote", Place(PLATFORM, post.place.chat)
    press = Press(person=person, place=here, action=action, target=post.pictures[cell], key=key, room=room)
    try:
        await context.desk.press(press)
    except (Gone, Unreachable, Refusal) as error:
        log.info("a vote cannot be answered: %s", error)


async def ballot(context: DiscordContext, place: Place, cells: int) -> None:
    """Put the numbers under a sheet that people can vote by, where there are as many as it has pictures."""
    path = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"
    for digit in DIGITS[:cells] if cells <= len(DIGITS) else ():
        emoji = digit if digit == DIGITS[-1] else f"{digit[0]}{VARIANT}{digit[1:]}"
        parts = {"channel_id": place.chat, "message_id": place.message, "emoji": emoji}
        try:
            await rest.call(context.client, "PUT", path, parts)
        except (Gone, Unreachable, discord.HTTPException) as error:
            log.info("people vote by the button alone at %s: %s", place, error)
            return


async def nod(context: DiscordContext, pending: Pending) -> None:
    """Show by a reaction that one was heard."""
    path = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"
    await rest.call(
        context.client, "PUT", path, {"channel_id": pending.channel, "message_id": pending.about, "emoji": SEEN}
    )
