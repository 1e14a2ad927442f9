"""What people write to the bot: in direct messages, where they mention it, in replies to what it has said.

That is all of what is written that Discord shows a bot without the privileged intent for the content of messages.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace

import discord

from bot import texts
from bot.buttons import redrawing
from bot.chat import Card, Person, Press, Request, Room, Say, Upload
from bot.platforms import replies
from bot.platforms.discord import attachments, keys
from bot.platforms.discord.acknowledge import standing
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import PLATFORM, Pending
from bot.platforms.replies import Addressed
from bot.studio import cards, painted_mask, rewritten
from prompts.errors import Refusal
from prompts.translate.chinese import CHINESE
from storage import people, pictures, posts, trainings
from storage.jobs import Place
from storage.posts import Post

KINDS = (discord.MessageType.default, discord.MessageType.reply)
EDIT, GREETING = "/edit ", "/start"
_MENTION = re.compile(r"<@[!&]?\d+>|<#\d+>")
_EMOJI = re.compile(r"<a?:(\w+):\d+>")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a message asks for: a text, over these files or about this picture of ours; or a comparison once more; or
    something of a training."""

    text: str
    picture: str | None = None
    files: tuple[Upload, ...] = ()
    compared: str = ""
    training: str = ""


def words_for_us(message: discord.Message, me: int) -> Addressed | None:
    """The words of a message that may be meant for the bot, None for any other."""
    if message.author.bot or message.webhook_id or message.type not in KINDS or message.flags.forwarded:
        return None
    private = message.guild is None
    if not (private or any(one.id == me for one in message.mentions)):
        return None
    mentioned = re.search(rf"<@!?{me}>", message.content) is not None
    text = _EMOJI.sub(r"\1", _MENTION.sub("", message.content)).strip()
    return Addressed(text, plain=not (private or mentioned))


def hear(context: DiscordContext, message: discord.Message, *, changed: bool = False) -> None:
    """Leave a message that may be meant for the bot to later, in the order in which its writer wrote; `changed` into
    this after it was sent."""
    me = context.client.user
    words = words_for_us(message, me.id) if me else None
    if words is None or (changed and not (words.text and message.edited_at)):
        return
    version = int(message.edited_at.timestamp() * 1000) if changed and message.edited_at else None
    channel, user = str(message.channel.id), str(message.author.id)
    pending = Pending(
        key=keys.key(message.id, version),
        channel=channel,
        user=user,
        language=context.settings.language or "en",
        mode="open",
        began=context.pending.now(),
        alone=message.guild is None,
        about=str(message.id),
        ticket=context.turns.take((channel, user)),
    )
    context.pending.add(pending)
    context.later(pending, _take(context, message, words, pending, changed=changed))


async def _take(
    context: DiscordContext, message: discord.Message, words: Addressed, pending: Pending, *, changed: bool
) -> None:
    if await posts.by_key(context.db, PLATFORM, pending.key) is not None:
        return  # delivered twice
    person = await _person(context, message, words.text)
    pending.language = person.language if person.language in texts.LANGUAGES else pending.language
    place = Place(PLATFORM, pending.channel)
    room = standing(message.guild, message.channel, message.author)
    instead_of: str | None = ""
    try:
        if changed and (instead_of := await _changed(context, message, words, person, place, pending)) is None:
            return
        wish = await _wish(context, message, words, person, room, pending.key)
    except Refusal as refusal:
        await context.show(place, cards.error(refusal), pending.key)
        return
    if wish is None:
        return
    if wish.compared:
        await context.desk.press(
            Press(
                person=person,
                place=place,
                action="sheet",
                target=wish.compared,
                key=pending.key,
                values={"asks": "again"},
                room=room,
            )
        )
        return
    if wish.picture and (anew := await _anew(context, wish)):
        await context.desk.press(
            Press(
                person=person,
                place=place,
                action="edit",
                target=wish.picture,
                key=pending.key,
                values={"prompt": anew},
                room=room,
                instead_of=instead_of or "",
            )
        )
        return
    await context.desk.request(
        Request(
            person=person,
            place=place,
            text=wish.text,
            key=pending.key,
            files=wish.files,
            reply_to=wish.picture,
            room=room,
            instead_of=instead_of or "",
            training=wish.training,
        )
    )


async def _changed(
    context: DiscordContext, message: discord.Message, words: Addressed, person: Person, place: Place, pending: Pending
) -> str | None:
    """The job whose place a changed message takes, "" where it asks for something of its own, None for nothing. Whoever
    changes what is drawn already is told once what to do."""
    now = await rewritten.rewritten(
        context.db,
        person.id,
        words.text,
        message.created_at,
        place,
        lambda key: keys.message_of(key) == pending.about,
    )
    if now is None or (now.late and words.plain):
        return None
    if not now.late:
        return now.instead_of
    key = keys.key(message.id, 0)  # once, not for each typo
    context.pending.add(replace(pending, key=key))
    await context.show(place, Card(text=Say("rewritten.late")), key)
    return None


async def _person(context: DiscordContext, message: discord.Message, text: str) -> Person:
    """Who writes. A message does not say the language of their app as a command does: for somebody whose own is not
    known, it is that of the words or of the server."""
    fixed, user = context.settings.language or "", message.author
    person = await context.people(PLATFORM, str(user.id), name=user.display_name, language=fixed)
    row = await people.get(context.db, person.id)
    if fixed or (row is not None and row.language):
        return person
    server = str(message.guild.preferred_locale) if message.guild else ""
    return replace(person, language="zh" if CHINESE.search(text) else texts.language_of("" if text else server))


async def _wish(
    context: DiscordContext, message: discord.Message, words: Addressed, person: Person, room: Room, key: str
) -> Meaning | None:
    """What somebody wants, None where they want nothing of the bot, or have it. Raises Refusal."""
    replied = message.reference if message.type is discord.MessageType.reply else None
    channel = str(message.channel.id)
    post = await posts.at(context.db, Place(PLATFORM, channel, str(replied.message_id))) if replied else None
    if (learnt := await _learnt(context, message, words, person, room, post)) is not None:
        return learnt
    which = replies.unnumbered(post, words.text)
    base, text = replies.which(post, words.text)
    row = await pictures.get(context.db, base) if base else None
    mine = row if row and row.person == person.id else None
    sent = [one.to_dict() for one in message.attachments]
    again = which and redrawing.says_again(text)
    if words.plain and not (mine and (again or replies.meant(mine, text, asked=False, painted=bool(sent)))):
        return None
    if post and again and not sent:
        return Meaning(text, compared=post.job)
    if which and not sent:
        raise Refusal("compare.which")
    if sent:
        await context.gate(person, channel, room)
    files = tuple([await attachments.fetched(context, one) for one in sent])
    if files and mine:
        original = await context.db.files.get(mine.hash)
        hole = await asyncio.to_thread(painted_mask.marked, original, files[0].content)
        if hole is not None:  # the same picture, painted over: draw where the marks are
            return Meaning(text or mine.recipe.prompt.text, files=(Upload("marked.png", hole),))
        if words.plain and not replies.orders(text):
            return None
    if files:
        return Meaning(text, files=files)
    if base:
        return Meaning(text if text.startswith("/") else EDIT + text, base) if text else None
    if replied and not _ours(context, replied):
        if replies.looks_at(text):
            return Meaning(text, files=await _shown(context, replied))
        if not text.startswith("/"):
            return await _about_another(context, replied, text)
    return Meaning(text or GREETING)


async def _learnt(
    context: DiscordContext, message: discord.Message, words: Addressed, person: Person, room: Room, post: Post | None
) -> Meaning | None:
    """What a message means that is about a training: its pictures are learnt from. None for any other."""
    kept = await trainings.get(context.db, post.job) if post and post.job else None
    mine = kept is not None and kept.person == person.id
    text = replies.of_training(words.text, files=bool(message.attachments), plain=words.plain) if mine else ""
    if not text and not replies.trains(words.text):
        return None
    if message.attachments:
        await context.gate(person, str(message.channel.id), room)
    sent = [await attachments.fetched(context, one.to_dict(), learnt=True) for one in message.attachments]
    return Meaning(text or words.text, files=tuple(sent), training=kept.id if kept and text else "")


def _ours(context: DiscordContext, replied: discord.MessageReference) -> bool:
    said, me = replied.resolved, context.client.user
    return isinstance(said, discord.Message) and me is not None and said.author.id == me.id


async def _about_another(context: DiscordContext, replied: discord.MessageReference, text: str) -> Meaning:
    """What is wanted of somebody's message. In a server Discord shows a bot no files of messages that are not to it:
    then only the words are drawn, and a mere change is refused with the way that works ("discord.not_shown")."""
    if text and (found := await _shown(context, replied)):
        return Meaning(text, files=found)
    if not text:
        raise Refusal("discord.photo_how")
    if replies.orders(text):
        raise Refusal("discord.not_shown")
    return Meaning(text)


async def _shown(context: DiscordContext, replied: discord.MessageReference) -> tuple[Upload, ...]:
    """The pictures of somebody's message, as far as Discord shows them."""
    said = replied.resolved
    shown = [one.to_dict() for one in said.attachments] if isinstance(said, discord.Message) else []
    return tuple([await attachments.fetched(context, one) for one in shown if attachments.drawable(one)])


async def _anew(context: DiscordContext, wish: Meaning) -> str:
    """A picture's description that was written anew; "" for a sentence on what to change in it, or any command."""
    new = wish.text.removeprefix(EDIT)
    row = await pictures.get(context.db, wish.picture or "")
    return new if row is not None and new != wish.text and replies.anew(row, new) else ""
