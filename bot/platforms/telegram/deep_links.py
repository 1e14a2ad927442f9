"""Links that open the bot (t.me/bot?start=…), recipes inside files, and the question how a picture should change."""

from __future__ import annotations

from telegram import ForceReply, Message, ReplyParameters
from telegram.constants import ParseMode

from bot import texts
from bot.chat import Upload
from bot.platforms.telegram import places
from bot.platforms.telegram.context import TelegramContext
from bot.platforms.telegram.message_html import Paragraph, beginning
from bot.studio import cards
from engine.pixels import png_recipe
from prompts.errors import Refusal
from storage import pictures, posts

SHOWN = 3000  # units of a text that is asked about, so that the question fits beside it
INLINE = "inline"  # with which the button above inline results opens the bot


def meant(text: str) -> str:
    """The command that a link t.me/bot?start=<share code> stands for; any other text as it is."""
    name, _, payload = text.partition(" ")
    payload = payload.strip()
    linked = name.partition("@")[0].lower() == "/start" and payload not in ("", INLINE)
    return f"/recipe {payload}" if linked else text


async def looked_at(
    context: TelegramContext, message: Message, upload: Upload, key: str
) -> tuple[str, str | None, tuple[Upload, ...]] | None:
    """What to do with a picture that came without a word: a file of ours shows its recipe. Raises Refusal that says
    what one can do with any other, or why the person may not use the bot here."""
    await context.gate(message.chat, message.sender_chat, message.from_user)
    recipe = png_recipe.read_recipe(upload.content) if message.document else None
    if recipe is None:
        raise Refusal("telegram.photo_how" if message.photo else "telegram.no_recipe")
    await context.show(places.place(message.chat_id), cards.recipe_card(recipe), key)
    return None


async def ask_for_change(context: TelegramContext, message: Message, picture: str, key: str) -> None:
    """Ask how a picture should change; the reply to that message is the answer."""
    language = context.asked[key].language
    row = await pictures.get(context.db, picture)
    if row is None:
        await context.show(places.place(message.chat_id), cards.error(Refusal("picture.gone"), fleeting=True), key)
        return
    reply = context.asked[key].reply
    question = Paragraph(texts.say(language, "telegram.change"), ("b",))
    prompt = Paragraph(beginning(row.recipe.prompt.text, SHOWN), ("code",))
    sent = await context.api.post(
        message.chat_id,
        lambda chat: context.api.bot.send_message(
            chat,
            f"{question.html}\n{prompt.html}",
            parse_mode=ParseMode.HTML,
            reply_markup=ForceReply(
                selective=True, input_field_placeholder=texts.say(language, "telegram.change_example")
            ),
            reply_parameters=ReplyParameters(message.message_id, allow_sending_without_reply=True),
            message_thread_id=reply.thread,
        ),
    )
    assert sent is not None
    await posts.put(context.db, places.place(sent.chat_id, sent.message_id), key, pictures=[picture])
