"""What people write: commands, plain words, pictures, answers to the bot's own messages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

from telegram import Chat, Message, User

from bot.buttons import redrawing
from bot.buttons.guiding import SAME_SHAPE
from bot.buttons.presses import under
from bot.buttons.sent import PAINT_OVER
from bot.buttons.using import SAID
from bot.chat import Card, Person, Press, Request, Say, Upload
from bot.commands.table import NAMES
from bot.platforms import replies
from bot.platforms.replies import Addressed
from bot.platforms.telegram import deep_links, files, places
from bot.platforms.telegram.albums import Album
from bot.platforms.telegram.context import OpenUpdate, TelegramContext
from bot.platforms.telegram.places import Reply
from bot.studio import cards, painted_mask, rewritten
from bot.studio.corrections import CORRECT
from prompts.errors import Refusal
from storage import pictures, posts, trainings
from storage.posts import Post

# How Chinese groups call a painting bot without a mention; a blank must follow, or every "画得真好" would be a request.
CALL = re.compile(r"(?:画|畫|绘画|繪畫|约稿|約稿)(?:[\s:：,，]+|$)")
EDIT = "/edit "
ALONE = ("link",)  # commands that a button brings from a group into the private chat


def words_for_us(message: Message, me: User) -> Addressed | None:
    """The words of a message that may be meant for the bot, None for any other."""
    text = (message.text or message.caption or "").strip()
    if text.startswith("/start ") and (command := text.removeprefix("/start ").strip()) in ALONE:
        text = f"/{command}"
    if text.startswith("/"):
        name, _, bot = text[1:].split(maxsplit=1)[0].partition("@") if len(text) > 1 else ("", "", "")
        known = name.lower() in NAMES
        ours = bot.lower() == (me.username or "").lower() if bot else known or message.chat.type == Chat.PRIVATE
        return Addressed(text) if ours else None
    name = f"@{me.username}"
    at = text.lower().find(name.lower())
    mentioned = at >= 0 and not text[at + len(name) : at + len(name) + 1].isalnum()
    if mentioned:
        text = f"{text[:at].rstrip()} {text[at + len(name) :].lstrip()}".strip()
    called = CALL.match(text)
    text = text[called.end() :] if called else text
    if mentioned or called or message.chat.type == Chat.PRIVATE:
        return Addressed(text)
    replied = message.reply_to_message
    answered = replied is not None and replied.from_user is not None and replied.from_user.id == me.id
    return Addressed(text, plain=True) if answered else None


async def take(context: TelegramContext, update: int, message: Message, *, changed: bool = False) -> None:
    """Hand a message on to the desk, if it is meant for the bot; an album's for all of it. `changed`: its writer has
    changed it into this."""
    if message.migrate_to_chat_id:
        await context.api.move(message.chat_id, message.migrate_to_chat_id)
        return
    if message.via_bot is not None or message.is_automatic_forward:
        return
    album = context.albums.changed(message) if changed else await context.albums.whole(message)
    if album is None:
        return
    try:
        if await _take(context, update, album, changed=changed):
            await context.albums.answer(album)
    except Exception:
        album.over.set()
        raise
    album.over.set()  # not when cancelled: then all of it comes again at the next start


async def _take(context: TelegramContext, update: int, album: Album, *, changed: bool) -> bool:
    """Whether there were words, and they are answered."""
    messages = album.ordered
    heard = [(one, words) for one in messages if (words := words_for_us(one, context.me)) is not None]
    if not heard:
        return False
    message = next((one for one, words in heard if words.text), messages[0])
    sender = message.sender_chat
    account = sender.id if sender else message.from_user.id if message.from_user else 0
    if not account or (message.from_user and message.from_user.is_bot and not sender):
        return False
    text = ", ".join(dict.fromkeys(words.text for _, words in heard if words.text))
    plain = all(words.plain for _, words in heard)
    text, reply = deep_links.meant(text), reply_to(message)
    key = places.key(context.me.id, update, reply)
    if album.group and text:
        key = places.album_key(context.me.id, album.group, reply)
    place = places.place(message.chat_id)
    asked = OpenUpdate(context.settings.language or "en", reply)
    # Nothing has been awaited since the update came: what somebody wrote in one go is taken up in its order.
    async with context.answering(message.chat_id, account, key, asked):
        if await context.answered(key):
            return bool(text)
        person = await context.person(message.from_user, sender)
        asked.language = person.language
        instead_of = ""
        if changed:
            if (found := await _changed(context, album, text, person.id, asked, plain=plain)) is None:
                return False
            instead_of = found
        post = await _post(context, message.reply_to_message) if message.reply_to_message else None
        if await _learnt(context, messages, text, person, account, post, key, plain=plain):
            return True
        if post and (wanted := _press(post, text)):
            row = await pictures.get(context.db, post.pictures[0]) if post.pictures else None
            # Anybody may teach it a word; whose picture it is that came without one, the desk knows.
            ours = wanted[0] in (CORRECT, PAINT_OVER, "tag", "use") or (row is not None and row.person == person.id)
            if plain and not ours:
                return False
            room, (action, target, values) = await context.room(message.chat, account), wanted
            press = Press(person=person, place=place, action=action, target=target, key=key, values=values, room=room)
            await context.desk.press(press)
            return True
        async with context.thinking(message.chat):
            try:
                wish = await _wish(context, message, messages, text, person.id, key, plain=plain)
            except Refusal as refusal:
                await context.show(place, cards.error(refusal), key)
                return bool(text)
            if wish is None:
                return False
            text, base, uploads = wish
            room = await context.room(message.chat, account)
            if base and (anew := await _anew(context, base, text)):
                await context.desk.press(
                    Press(
                        person=person,
                        place=place,
                        action="edit",
                        target=base,
                        key=key,
                        values={"prompt": anew},
                        room=room,
                        instead_of=instead_of,
                    )
                )
                return True
            await context.desk.request(
                Request(
                    person=person,
                    place=place,
                    text=text,
                    key=key,
                    files=uploads,
                    reply_to=base,
                    room=room,
                    instead_of=instead_of,
                )
            )
            return bool(text)


async def _learnt(
    context: TelegramContext,
    album: Sequence[Message],
    text: str,
    person: Person,
    account: int,
    post: Post | None,
    key: str,
    *,
    plain: bool,
) -> bool:
    """Whether a message is about a training, and is handed on as such: its pictures are learnt from."""
    kept = await trainings.get(context.db, post.job) if post and post.job else None
    mine = kept is not None and kept.person == person.id
    sends = any(files.picture_of(one, zips=True) for one in album)
    said = replies.of_training(text, files=sends, plain=plain) if mine else ""
    if not said and not replies.trains(text):
        return False
    chat, place = album[0].chat, places.place(album[0].chat_id)
    async with context.thinking(chat):
        try:
            sent = await files.to_learn(context.api, album)
        except Refusal as refusal:
            await context.show(place, cards.error(refusal), key)
            return True
        room = await context.room(chat, account)
        training = kept.id if kept and said else ""
        await context.desk.request(
            Request(person=person, place=place, text=said or text, key=key, files=sent, room=room, training=training)
        )
    return True


async def _changed(
    context: TelegramContext, album: Album, text: str, person: str, asked: OpenUpdate, *, plain: bool
) -> str | None:
    """The job whose place a changed message takes, "" where it asks for something of its own, None for nothing. Whoever
    changes what is drawn already is told once what to do."""
    message = album.ordered[0]
    now = await rewritten.rewritten(
        context.db,
        person,
        text,
        message.date,
        places.place(message.chat_id),
        lambda key: places.reply_of(key).message in album.messages,
    )
    if not text or now is None or (now.late and plain):
        return None
    if not now.late:
        return now.instead_of
    key = places.album_key(context.me.id, f"late {message.chat_id} {message.message_id}", asked.reply)
    context.asked[key] = asked
    try:
        await context.show(places.place(message.chat_id), Card(text=Say("rewritten.late")), key)
    finally:
        del context.asked[key]
    return None


def _press(post: Post, text: str) -> tuple[str, str, Mapping[str, str]] | None:
    """The action, target and values of the press that words in reply to a card stand for: the name asked for, or a wish
    for the same once more; None for all others."""
    if post.key.startswith(deep_links.CORRECTING) and text and not text.startswith("/"):
        return CORRECT, post.job, {"pair": text}
    if post.key.startswith(deep_links.PAINTING) and text and not text.startswith("/"):
        return PAINT_OVER, post.job, {"prompt": text}
    if post.key.startswith(deep_links.ADDING) and text and not text.startswith("/"):
        return "tag", f"{post.job}.add", {"text": text}
    if post.key.startswith(deep_links.FILLING) and text and not text.startswith("/"):
        return "use", post.job, {SAID: text}
    base, said = replies.which(post, text)
    if base is None or not text or text.startswith("/"):
        return None
    if post.key.startswith(deep_links.SHAPING):
        return SAME_SHAPE, base, {"prompt": text}
    if post.key.startswith(deep_links.NAMING):
        return "rename", base, {"name": text}
    if not redrawing.says_again(said):
        return None
    return under(post, "again") if said == text else ("again", base, {})


async def _anew(context: TelegramContext, picture: str, text: str) -> str:
    """A picture's description that was written anew; "" for a sentence on what to change in it, or any command."""
    new, row = text.removeprefix(EDIT), await pictures.get(context.db, picture)
    return new if row is not None and new != text and replies.anew(row, new) else ""


async def _wish(
    context: TelegramContext,
    message: Message,
    album: Sequence[Message],
    text: str,
    person: str,
    key: str,
    *,
    plain: bool,
) -> tuple[str, str | None, tuple[Upload, ...]] | None:
    """The text for the desk, the picture of ours it is about, and the files that come with it; None where nothing is
    wanted. `plain`: nothing but being a reply says that it is meant for the bot."""
    replied = message.reply_to_message
    post = await _post(context, replied) if replied else None
    which = replies.unnumbered(post, text)
    base, text = replies.which(post, text)
    row = await pictures.get(context.db, base) if base else None
    if plain and not (
        post
        and row
        and row.person == person
        and replies.meant(row, text, asked=_asked(replied, post), painted=any(map(files.picture_of, album)))
    ):
        return None
    sent = await files.fetched(context.api, album)
    if which and not sent:
        raise Refusal("compare.which")
    if sent and row and row.person == person:
        original = await context.db.files.get(row.hash)
        hole = await asyncio.to_thread(painted_mask.marked, original, sent[0].content)
        if hole is not None:  # the same picture, painted over: draw where the marks are
            return text or row.recipe.prompt.text, None, (Upload("marked.png", hole),)
        if plain and not replies.orders(text):
            return None
    if sent:
        return text, None, sent
    if base:
        if not text:
            return None
        return (text if text.startswith("/") else EDIT + text), base, ()
    if replied is not None and not _ours(context, replied) and files.picture_of(replied):
        return text, None, await files.fetched(context.api, [replied])
    if not text:
        return "/start", None, ()
    return text, None, ()


def _ours(context: TelegramContext, message: Message) -> bool:
    return message.from_user is not None and message.from_user.id == context.me.id


async def _post(context: TelegramContext, replied: Message) -> Post | None:
    return await posts.at(context.db, places.place(replied.chat_id, replied.message_id))


def _asked(replied: Message | None, post: Post) -> bool:
    """Whether what is replied to is a question that the bot asked about a picture."""
    return post.key.startswith(f"{places.PLATFORM}:") and not (replied and (replied.photo or replied.document))


def reply_to(message: Message) -> Reply:
    """The message, and its topic, that an answer replies to."""
    return Reply(message.message_id, message.message_thread_id if message.is_topic_message else None)
