"""Links that open the bot (t.me/bot?start=…), and the questions that a reply answers: how a picture should change …"""

from __future__ import annotations

from telegram import ForceReply, Message

from bot import texts
from bot.platforms.telegram import calls, places
from bot.platforms.telegram.context import TelegramContext
from bot.platforms.telegram.message_html import Paragraph, beginning
from bot.studio.corrections import doubtful
from prompts.errors import Refusal
from prompts.placeholders import missing, placeholders
from storage import favourites, jobs, posts
from storage.jobs import Place
from storage.pictures import PictureRow

SHOWN = 3000  # units of a text that is asked about, so that the question fits beside it
NAMING = "name "  # before the key of a question what a favourite should be called
CORRECTING = "word "  # before the key of a question what a word is in English
PAINTING = "paint "  # before the key of a question what a picture is to become
ADDING = "tags "  # before the key of a question what tags are added to a table
LEARNING = "train "  # before the key of a question how the tags of a training are to be changed
SHAPING = "shape "  # before the key of a question what a picture's shapes are to become
FILLING = "fill "  # before the key of a question what goes into the place-holders of a favourite
INLINE = "inline"  # with which the button above inline results opens the bot


def meant(text: str) -> str:
    """The command that a link t.me/bot?start=<share code> stands for; any other text as it is."""
    name, _, payload = text.partition(" ")
    payload = payload.strip()
    linked = name.partition("@")[0].lower() == "/start" and payload not in ("", INLINE)
    return f"/recipe {payload}" if linked else text


async def ask_for_change(context: TelegramContext, message: Message, row: PictureRow, key: str) -> None:
    """Ask how a picture should change; the reply to that message is the answer."""
    text = row.recipe.prompt.text
    sent = await _ask(context, message, "telegram.change", text, "telegram.change_example", key)
    await posts.put(context.db, sent, key, pictures=[row.id])


async def ask_for_name(context: TelegramContext, message: Message, person: str, row: PictureRow, key: str) -> None:
    """Ask what a favourite should be called; the reply to that message is its name. Raises Refusal
    `favourites.none_of_picture`."""
    kept = await favourites.of_picture(context.db, person, row.id)
    if kept is None:
        raise Refusal("favourites.none_of_picture")
    sent = await _ask(context, message, "telegram.name", kept.name, "telegram.name_example", key)
    await posts.put(context.db, places.said(message.chat_id), key)
    await posts.put(context.db, sent, NAMING + key, pictures=[row.id])


async def ask_for_word(context: TelegramContext, message: Message, job: str, key: str) -> None:
    """Ask what a word of a job is in English, with those that are doubtful; the reply to that message tells."""
    kept = await jobs.get(context.db, job)
    words = "\n".join(doubtful(kept.job.recipe.prompt)) if kept else ""
    shown = words or texts.say(context.asked[key].language, "page.correct.example")
    sent = await _ask(context, message, "telegram.word", shown, "page.correct.example", key)
    await posts.put(context.db, places.said(message.chat_id), key)
    await posts.put(context.db, sent, CORRECTING + key, job=job)


async def ask_for_wish(context: TelegramContext, message: Message, wish: str, key: str) -> None:
    """Ask what pictures that came without a word are to become; the reply to that message tells."""
    example = texts.say(context.asked[key].language, "page.paint_over.example")
    sent = await _ask(context, message, "telegram.paint_over", example, "page.paint_over.example", key)
    await posts.put(context.db, places.said(message.chat_id), key)
    await posts.put(context.db, sent, PAINTING + key, job=wish)


async def ask_for_tags(context: TelegramContext, message: Message, table: str, key: str) -> None:
    """Ask what tags are added to a table; the reply to that message tells."""
    words = texts.say(context.asked[key].language, "tags.add_words")
    sent = await _ask(context, message, "tags.add", words, "tags.add_example", key)
    await posts.put(context.db, places.said(message.chat_id), key)
    await posts.put(context.db, sent, ADDING + key, job=table)


async def ask_for_captions(context: TelegramContext, message: Message, training: str, key: str) -> None:
    """Ask how the tags of a training are to be changed; the reply to that message tells."""
    example = texts.say(context.asked[key].language, "training.example")
    sent = await _ask(context, message, "button.train_write", example, "training.example", key)
    await posts.put(context.db, places.said(message.chat_id), key)
    await posts.put(context.db, sent, LEARNING + key, job=training)


async def ask_for_shape(context: TelegramContext, message: Message, row: PictureRow, key: str) -> None:
    """Ask what is to be drawn with a picture's shapes; the reply to that message tells."""
    text = row.recipe.prompt.text
    sent = await _ask(context, message, "telegram.same_shape", text, "page.same_shape.example", key)
    await posts.put(context.db, sent, SHAPING + key, pictures=[row.id])


async def ask_to_fill(context: TelegramContext, message: Message, person: str, kept: str, key: str) -> bool:
    """Ask what goes into the place-holders of a favourite; the reply to that message tells. False where it has none.
    Raises Refusal as `find_favourite`."""
    found = await favourites.find_favourite(context.db, person, kept)
    if not missing(found.text, {}):
        return False
    example = " ".join(f"{one.name}={one.usual or '…'}" for one in placeholders(found.text))
    sent = await _ask(context, message, "telegram.fill", f"{found.text}\n\n{example}", "telegram.fill_example", key)
    await posts.put(context.db, places.said(message.chat_id), key)
    await posts.put(context.db, sent, FILLING + key, job=found.id)
    return True


async def _ask(context: TelegramContext, message: Message, key: str, shown: str, example: str, asked: str) -> Place:
    """Ask something about a message in a reply to it; where the question stands."""
    language, reply = context.asked[asked].language, context.asked[asked].reply
    question = Paragraph(texts.say(language, key), ("b",))
    about = Paragraph(beginning(shown, SHOWN), ("code",))
    hint = ForceReply(selective=True, input_field_placeholder=texts.say(language, example))
    call = calls.text(context.api.bot, f"{question.html}\n{about.html}", hint, reply)
    sent = await context.api.post(message.chat_id, call)
    assert sent is not None
    return places.place(sent.chat_id, sent.message_id)
