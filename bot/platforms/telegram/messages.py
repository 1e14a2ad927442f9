"""What people write: commands, plain words, pictures, answers to the bot's own messages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from telegram import Chat, Message, User

from bot import cards
from bot.chat import Press, Request, Upload
from bot.commands import NAMES
from bot.platforms.telegram import files, links, places
from bot.platforms.telegram.places import Reply
from bot.platforms.telegram.reception import Asked, Reception
from prompts.errors import Refusal
from storage import pictures, posts
from storage.posts import Post

# How Chinese groups call a painting bot without a mention; a blank must follow, or every "画得真好" would be a request.
CALL = re.compile(r"(?:画|畫|绘画|繪畫|约稿|約稿)(?:[\s:：,，]+|$)")
NUMBERED = re.compile(r"(?:第\s*)?([1-9]|10)\s*(?:张|張|号|號)?[\s,，:：、.]+(?=\S)")  # "2 背景换成雪山" on a sheet
EDIT = "/edit "
ALONE = ("link",)  # commands that a button brings from a group into the private chat
ALIKE = 0.6  # of 1: a description changed here and there is well above, a sentence about it well below
ALBUM_WAIT = 0.7  # seconds in which the other photos of an album come


def words_for_us(message: Message, me: User) -> str | None:
    """The words of a message that is meant for the bot, None for any other."""
    text = (message.text or message.caption or "").strip()
    if text.startswith("/start ") and (command := text.removeprefix("/start ").strip()) in ALONE:
        text = f"/{command}"
    if text.startswith("/"):
        name, _, bot = text[1:].split(maxsplit=1)[0].partition("@") if len(text) > 1 else ("", "", "")
        known = name.lower() in NAMES
        ours = bot.lower() == (me.username or "").lower() if bot else known or message.chat.type == Chat.PRIVATE
        return text if ours else None
    name = f"@{me.username}"
    at = text.lower().find(name.lower())
    mentioned = at >= 0 and not text[at + len(name) : at + len(name) + 1].isalnum()
    if mentioned:
        text = f"{text[:at].rstrip()} {text[at + len(name) :].lstrip()}".strip()
    called = CALL.match(text)
    text = text[called.end() :] if called else text
    replied = message.reply_to_message
    answered = replied is not None and replied.from_user is not None and replied.from_user.id == me.id
    return text if mentioned or called or answered or message.chat.type == Chat.PRIVATE else None


async def take(reception: Reception, update: int, message: Message) -> None:
    """Hand a message on to the desk, if it is meant for the bot."""
    if message.migrate_to_chat_id:
        await reception.line.move(message.chat_id, message.migrate_to_chat_id)
        return
    album = await _album(reception, message)
    text = words_for_us(message, reception.me)
    if not album or text is None or message.via_bot is not None:
        return
    sender = message.sender_chat
    account = sender.id if sender else message.from_user.id if message.from_user else 0
    if message.is_automatic_forward or not account or (message.from_user and message.from_user.is_bot and not sender):
        return
    text, reply = links.meant(text), reply_to(message)
    key = places.key(reception.me.id, update, reply)
    place = places.place(message.chat_id)
    person = await reception.person(message.from_user, sender)
    async with reception.answering(message.chat_id, account, key, Asked(person.language, reply)):
        if await reception.answered(key):
            return
        async with reception.thinking(message.chat):
            try:
                wish = await _wish(reception, message, album, text, person.id, key)
            except Refusal as refusal:
                await reception.show(place, cards.error(refusal), key)
                return
            if wish is None:
                return
            text, base, uploads = wish
            room = await reception.room(message.chat, account)
            if base and (anew := await _anew(reception, base, text)):
                values = {"prompt": anew}
                press = Press(person=person, place=place, action="edit", target=base, key=key, values=values, room=room)
                await reception.desk.press(press)
                return
            await reception.desk.request(
                Request(person=person, place=place, text=text, key=key, files=uploads, reply_to=base, room=room)
            )


async def _anew(reception: Reception, picture: str, text: str) -> str:
    """A picture's description that was written anew; "" for a sentence on what to change in it, or any command."""
    new, row = text.removeprefix(EDIT), await pictures.get(reception.db, picture)
    if row is None or new == text or SequenceMatcher(None, row.recipe.prompt.text, new).ratio() < ALIKE:
        return ""
    return new


async def _wish(
    reception: Reception, message: Message, album: Sequence[Message], text: str, person: str, key: str
) -> tuple[str, str | None, tuple[Upload, ...]] | None:
    """The text for the desk, the picture of ours it is about, and the files that come with it."""
    replied = message.reply_to_message
    post = await _post(reception, replied) if replied else None
    base, text = _which(post, text)
    command = text.startswith("/")
    sent = await files.fetched(reception.line, album)
    if sent and base and (row := await pictures.get(reception.db, base)) and row.person == person:
        original = await reception.db.files.get(row.hash)
        hole = await asyncio.to_thread(files.marked, original, sent[0].content)
        if hole is not None:  # the same picture, painted over: draw where the marks are
            return text or row.recipe.prompt.text, None, (Upload("marked.png", hole),)
    if sent:
        return (text, None, sent) if text else await links.looked_at(reception, message, sent[0], key)
    if base:
        if not text:
            return None
        return (text if command else EDIT + text), base, ()
    if replied is not None and not _ours(reception, replied) and files.picture_of(replied):
        return text, None, await files.fetched(reception.line, [replied])
    if not text:
        return "/help", None, ()
    return text, None, ()


def _ours(reception: Reception, message: Message) -> bool:
    return message.from_user is not None and message.from_user.id == reception.me.id


async def _post(reception: Reception, replied: Message) -> Post | None:
    return await posts.at(reception.db, places.place(replied.chat_id, replied.message_id))


def _which(post: Post | None, text: str) -> tuple[str | None, str]:
    """The picture that a reply is about; on a sheet the first, or the one whose number the words begin with."""
    if post is None or not post.pictures:
        return None, text
    if len(post.pictures) > 1 and (found := NUMBERED.match(text)) and int(found[1]) <= len(post.pictures):
        return post.pictures[int(found[1]) - 1], text[found.end() :]
    return post.pictures[0], text


async def _album(reception: Reception, message: Message) -> list[Message]:
    """All messages of an album, for its first; none for the others. Any other message is alone."""
    group = message.media_group_id
    if not group:
        return [message]
    if group in reception.albums:
        reception.albums[group].append(message)
        return []
    reception.albums[group] = [message]
    await asyncio.sleep(ALBUM_WAIT)
    return sorted(reception.albums.pop(group), key=lambda one: one.message_id)


def reply_to(message: Message) -> Reply:
    """What an answer to a message replies to."""
    return Reply(message.message_id, message.message_thread_id if message.is_topic_message else None)
