"""The Telegram server, driven by python-telegram-bot, and by raw requests where that is too well-behaved."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InputMediaDocument,
    InputMediaPhoto,
    InputTextMessageContent,
    MenuButtonCommands,
    Message,
    ReactionTypeEmoji,
    ReplyParameters,
    Update,
)
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, NetworkError, RetryAfter, TelegramError
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters

from tests.patience import PATIENCE
from tests.peers.telegram import TelegramServer, media
from tests.peers.telegram.methods import METHODS
from tests.peers.telegram.refusal import Breach
from tests.peers.telegram.world import Upload

Context = ContextTypes.DEFAULT_TYPE


def png(width: int = 40, height: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 60, 20)).save(out, "PNG")
    return out.getvalue()


def keys(**labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, callback_data=data) for text, data in labels.items()]])


@pytest.fixture(autouse=True)
def exact_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # the library warns of whole seconds


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as made:
        yield made


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    async with Bot(server.token, base_url=f"{server.api_base}/bot", base_file_url=f"{server.file_base}/bot") as made:
        yield made


def refused(words: str) -> AbstractContextManager[object]:
    """A block that ends in a 400 with these words, which the library writes in lower case."""
    return pytest.raises(BadRequest, match=f"(?i){words}")


def broken(server: TelegramServer, words: str) -> bool:
    """Whether the last violation speaks of this; it is forgiven then."""
    assert server.violations, "no violation"
    return words in server.violations.pop()


async def test_a_conversation(server: TelegramServer) -> None:
    ann = server.user("Ann", language="zh-hans")
    chat = server.private(ann)

    async def draw(update: Update, context: Context) -> None:
        assert isinstance(update.message, Message)
        status = await update.message.reply_html("<b>好的</b>", do_quote=True)
        file = await update.message.photo[-1].get_file()
        content = bytes(await file.download_as_bytearray())
        await status.edit_text("50%")
        await update.message.reply_photo(content, caption="完成", reply_markup=keys(U1="u:1", 删除="d:1"))
        await status.delete()

    async def pressed(update: Update, context: Context) -> None:
        assert update.callback_query and update.callback_query.data == "u:1"
        await update.callback_query.answer("放大中")

    async def start(update: Update, context: Context) -> None:
        assert update.message and update.message.from_user and context.args == ["abc"]
        await update.message.reply_text(str(update.message.from_user.language_code))

    address = f"{server.api_base}/bot"
    application = Application.builder().token(server.token).base_url(address)
    app = application.base_file_url(f"{server.file_base}/bot").build()
    app.add_handlers([CommandHandler("start", start), CallbackQueryHandler(pressed), MessageHandler(filters.ALL, draw)])
    async with app:
        await app.start()
        assert app.updater
        await app.updater.start_polling()
        await server.connected()
        asked = await chat.say(ann, "画一只猫", photo=png())
        shown = await chat.answer(lambda one: one.photo)
        assert (shown.text, shown.keyboard) == ("完成", [["U1", "删除"]])
        assert asked.photo and Image.open(io.BytesIO(asked.photo)).format == "JPEG", "a photo is not the file it was"
        await chat.until(lambda messages: len(messages) == 2)
        status = server.sent[0]
        assert (status.reply_to, status.deleted, [one.text for one in status.history]) == (asked, True, ["好的"])
        assert await (await chat.press(ann, shown, "U1")).answered() == "放大中"
        await chat.start(ann, "abc")
        assert (await chat.answer(after=shown.order)).text == "zh-hans"
        with pytest.raises(AssertionError, match="no button"):
            await chat.press(ann, shown, "U9")
        await app.updater.stop()
        await app.stop()
    assert not server.unanswered


@pytest.mark.parametrize(
    ("method", "body", "words"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is missing"),
        ("sendMessage", {"chat_id": 1001, "text": "x", "colour": "red"}, "has no colour"),
        ("sendMessage", {"chat_id": 1001, "text": " "}, "text is empty"),
        ("sendMessage", {"chat_id": 1001, "text": "字" * 4097}, "too long"),
        ("sendMessage", {"chat_id": 1001, "text": "x", "parse_mode": "Markdown"}, "is not of the form"),
        ("sendMessage", {"chat_id": 1001, "text": "<b>x", "parse_mode": "HTML"}, "can't parse entities"),
        ("sendMessage", {"chat_id": [], "text": "x"}, "is no Integer or String"),
        ("sendMessage", {"chat_id": 1001, "text": "x", "reply_markup": {"keys": []}}, "inline_keyboard is missing"),
        ("sendPhoto", {"chat_id": 1001, "photo": "attach://gone"}, "names gone, which was not sent"),
        ("sendPhoto", {"chat_id": 1001, "photo": "nonsense"}, "wrong file identifier"),
        ("sendMediaGroup", {"chat_id": 1001, "media": [{"type": "photo", "media": "x"}]}, "1 items where 2-10"),
        ("sendChatAction", {"chat_id": 1001, "action": "painting"}, "none of its values"),
        ("setMyCommands", {"commands": [{"command": "Draw", "description": "x"}]}, "not of the form"),
        ("setMyCommands", {"commands": [], "language_code": "zh-hans"}, "not of the form"),
        ("setMyCommands", {"commands": [{"command": "a", "description": "x"}] * 101}, "101 items"),
        ("answerInlineQuery", {"inline_query_id": "1", "results": [{"type": "photo", "id": "1"}]}, "photo_file_id is"),
        ("getUpdates", {"limit": 101}, "101 number where 1-100"),
        ("getUpdates", {"allowed_updates": ["messages"]}, "names ['messages']"),
        ("sendMessageDraft", {"chat_id": 1001, "draft_id": 0, "text": "x"}, "non-zero"),
        ("sendDice", {"chat_id": 1001}, "not played"),
    ],
)
async def test_what_the_spec_forbids(server: TelegramServer, method: str, body: dict[str, Any], words: str) -> None:
    assert server.private(server.user("Ann")).id == 1001
    address = f"{server.api_base}/bot{server.token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(address, json=body) as answer:
        told = await answer.json()
    assert (answer.status, told["ok"], told["error_code"]) == (400, False, 400)
    assert broken(server, words), server.violations


@pytest.mark.parametrize(
    ("buttons", "words"),
    [
        ([[{"text": "x", "callback_data": "画" * 22}]], "66 bytes"),
        ([[{"text": "x"}]], "Text buttons"),
        ([[{"text": "x", "callback_data": "1", "url": "https://a.b"}]], "Text buttons"),
        ([[{"text": "x", "url": "a.b"}]], "Wrong HTTP URL"),
        ([[{"text": "x", "copy_text": {"text": "y" * 257}}]], "257 characters"),
        ([[{"text": "x", "callback_data": "1", "style": "gold"}]], "none of its values"),
        ([[{"text": "x", "callback_data": "1"}]] * 101, "TOO_LONG"),
        ([[{"text": "x", "callback_data": "1"}] * 9], "TOO_LONG"),
    ],
)
async def test_keyboards(server: TelegramServer, buttons: list[list[dict[str, Any]]], words: str) -> None:
    body = {"chat_id": server.private(server.user("Ann")).id, "text": "x", "reply_markup": {"inline_keyboard": buttons}}
    address = f"{server.api_base}/bot{server.token}/sendMessage"
    async with aiohttp.ClientSession() as session, session.post(address, json=body) as answer:
        assert answer.status == 400
    assert broken(server, words), server.violations


async def test_tokens_methods_and_our_own_replies(server: TelegramServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with aiohttp.ClientSession(server.api_base) as session:
        assert (await session.get("/bot1:x/getMe")).status == 401
        assert (await session.get(f"/bot{server.token}/getYou")).status == 404
        assert broken(server, "getYou is no method")
        monkeypatch.setitem(METHODS, "getMe", lambda world, call: {"id": "one"})
        assert (await session.get(f"/bot{server.token}/getMe")).status == 200
    assert len(server.violations) == 3, "id is no number, is_bot and first_name are missing"
    server.violations.clear()


async def test_files(server: TelegramServer, bot: Bot) -> None:
    ann = server.user("Ann")
    chat = server.private(ann)
    content = png(2000, 1000)
    sent = await bot.send_document(chat.id, content, filename="画.png")
    assert sent.document and (sent.document.file_name, sent.document.file_size) == ("画.png", len(content))
    file = await bot.get_file(sent.document.file_id)
    assert bytes(await file.download_as_bytearray()) == content, "documents keep their bytes"
    shown = await bot.send_photo(chat.id, content)
    assert [size.width for size in shown.photo] == [90, 320, 800, 1280]
    again = await bot.send_photo(chat.id, shown.photo[0].file_id)
    assert again.photo == shown.photo, "a photo is all its sizes"
    album = await bot.send_media_group(chat.id, [InputMediaDocument(content), InputMediaDocument(sent.document)])
    assert album[0].media_group_id == album[1].media_group_id
    with refused("can't use file of type photo as document"):
        await bot.send_document(chat.id, shown.photo[0].file_id)
    assert broken(server, "can't use file")
    with refused("mixed"):
        await bot.send_media_group(chat.id, [InputMediaPhoto(content), InputMediaDocument(content)])
    assert broken(server, "mixed")
    large = await chat.say(ann, document=bytes(media.DOWNLOAD + 1))
    assert large.document
    with refused("file is too big"):
        await bot.get_file(large.document.id)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bytes(media.PHOTO + 1), "too big for a photo"),
        (lambda: b"nothing", "IMAGE_PROCESS_FAILED"),
        (lambda: png(9000, 1001), "DIMENSIONS"),
        (lambda: png(21, 1), "DIMENSIONS"),
    ],
    ids=["bytes", "noise", "sides", "ratio"],
)
def test_photos_have_limits(make: Callable[[], bytes], words: str) -> None:
    with pytest.raises(Breach, match=words):
        media.photo(TelegramServer().world, make())


@pytest.mark.parametrize(("width", "height"), [(9000, 1000), (20, 1)])
def test_photos_within_the_limits(width: int, height: int) -> None:
    shown = media.photo(TelegramServer().world, png(width, height)).file
    assert (shown.width, shown.height) == ((1280, 142) if width > 1280 else (width, height))


def test_documents_have_a_limit() -> None:
    with pytest.raises(Breach, match="too big"):
        media.document(TelegramServer().world, Upload("x.bin", bytes(media.DOCUMENT + 1), ""))


async def test_edits_and_deletions(server: TelegramServer, bot: Bot) -> None:
    ann, bob = server.user("Ann"), server.user("Bob")
    group = server.group("大画室", [ann, bob])
    text = await bot.send_message(group.id, "<b>一</b>", parse_mode="HTML", reply_markup=keys(好="1"))
    with refused("message is not modified"):
        await text.edit_text("<b>一</b>", parse_mode="HTML", reply_markup=keys(好="1"))
    await text.edit_text("一")
    assert group.messages[-1].keyboard == [], "an edit without its keyboard takes it away"
    with refused("no caption"):
        await text.edit_caption("二")
    await text.edit_media(InputMediaPhoto(png(), caption="图"))
    with refused("no text"):
        await text.edit_text("三")
    await text.edit_caption("四")
    assert [one.text for one in group.messages[-1].history] == ["一", "一", "图"]
    theirs = await group.say(bob, "五")
    with refused("can't be edited"):
        await bot.edit_message_text("六", group.id, theirs.id)
    with refused("can't be deleted"):
        await bot.delete_message(group.id, theirs.id)
    group.bot("administrator")
    assert await bot.delete_message(group.id, theirs.id)
    assert await text.delete()
    for act in (text.delete(), text.edit_caption("七"), text.reply_text("八", do_quote=True)):
        with refused("not found"):
            await act
    lenient = ReplyParameters(text.message_id, allow_sending_without_reply=True)
    assert (await bot.send_message(group.id, "九", reply_parameters=lenient)).reply_to_message is None
    old = await bot.send_message(group.id, "十")
    now = server.clock()
    server.clock = lambda: now + 49 * 3600
    with refused("can't be deleted"):
        await old.delete()


async def test_other_ways_to_post(server: TelegramServer, bot: Bot) -> None:
    ann = server.user("Ann")
    chat, group = server.private(ann), server.group("画室", [ann])
    gif = io.BytesIO()
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "blue")]
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:])
    moving = await bot.send_animation(chat.id, gif.getvalue(), caption="动", has_spoiler=True)
    assert moving.animation and moving.animation.width == 30 and moving.has_media_spoiler
    await moving.copy(group.id, caption="二", reply_markup=keys(好="1"))
    await moving.copy(group.id)
    assert [(one.text, one.keyboard) for one in group.messages] == [("二", [["好"]]), ("动", [])]
    forwarded = await moving.forward(group.id)
    assert forwarded.forward_origin and forwarded.caption == "动"
    ids = [one.id for one in group.messages]
    assert await bot.delete_messages(group.id, [*ids, 999]) and group.messages == []
    await bot.send_chat_action(chat.id, "upload_photo")
    assert chat.room.actions == ["upload_photo"]
    assert await bot.get_chat_member_count(group.id) == 2
    await bot.leave_chat(group.id)
    with pytest.raises(Forbidden, match="not a member"):
        await bot.send_message(group.id, "x")


async def test_lengths_are_counted_after_the_markup(server: TelegramServer, bot: Bot) -> None:
    chat = server.private(server.user("Ann"))
    await bot.send_message(chat.id, "<b>" + "字" * 4096 + "</b>", parse_mode="HTML")
    await bot.send_photo(chat.id, png(), caption="<b>" + "&lt;" * 1024 + "</b>", parse_mode="HTML")
    assert [len(one.text) for one in chat.messages] == [4096, 1024]
    with refused("caption is too long"):
        await bot.send_photo(chat.id, png(), caption="字" * 1025)
    assert broken(server, "too long")


async def test_who_may_be_written_to(server: TelegramServer, bot: Bot) -> None:
    ann, bob = server.user("Ann"), server.user("Bob")
    group, private = server.group("画室", [ann]), server.private(ann)
    private.block()
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(private.id, "x")
    with pytest.raises(Forbidden, match="can't initiate"):
        await bot.send_message(server.private(bob, started=False).id, "x")
    with refused("chat not found"):
        await bot.send_message(5, "x")
    group.bot("restricted", "can_send_messages")
    await bot.send_message(group.id, "x")
    with refused("not enough rights to send photos"):
        await bot.send_photo(group.id, png())
    group.bot("kicked")
    with pytest.raises(Forbidden, match="kicked from the group"):
        await bot.send_message(group.id, "x")
    group.bot("member")
    new = group.migrate()
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(group.id, "x")
    assert moved.value.new_chat_id == new.id
    new.protect()
    kept = await bot.send_message(new.id, "x")
    assert kept.has_protected_content
    with refused("can't be copied"):
        await kept.copy(new.id)
    channel = server.channel("画廊", username="gallery")
    assert (await bot.send_message("@gallery", "x")).sender_chat
    channel.bot("administrator", "can_manage_chat")
    with refused("administrator rights"):
        await bot.send_message(channel.id, "x")
    members = [await bot.get_chat_member(new.id, user.id) for user in (ann, bob, server.bot)]
    assert [member.status for member in members] == ["creator", "left", "member"]
    assert [one.user.id for one in await bot.get_chat_administrators(new.id)] == [ann.id]
    assert (await bot.get_chat(new.id)).title == "画室"
    updates = await bot.get_updates()
    assert [one.my_chat_member.new_chat_member.status for one in updates if one.my_chat_member][:3] == [
        "kicked",
        "restricted",
        "kicked",
    ]
    assert {one.message.migrate_to_chat_id for one in updates if one.message} == {new.id, None}


async def test_topics_and_quotes(server: TelegramServer, bot: Bot) -> None:
    ann = server.user("Ann")
    forum = server.group("大画室", [ann], topics=True)
    topic = forum.topic("水彩")
    asked = await forum.say(ann, "/draw 画一只猫", topic=topic)
    (update,) = await bot.get_updates()
    assert update.message and update.message.is_topic_message and update.message.message_thread_id == topic
    told = await update.message.reply_text("好", do_quote=True)
    assert told.message_thread_id == topic and forum.answers[-1].reply_to is asked
    quote = ReplyParameters(asked.id, quote="一只猫")
    assert (await bot.send_message(forum.id, "猫", reply_parameters=quote)).quote
    with refused("QUOTE"):
        await bot.send_message(forum.id, "狗", reply_parameters=ReplyParameters(asked.id, quote="一只狗"))
    forum.close(topic)
    with refused("TOPIC_CLOSED"):
        await bot.send_message(forum.id, "x", message_thread_id=topic)
    forum.bot("administrator")
    await bot.send_message(forum.id, "x", message_thread_id=topic)
    await forum.say(ann, "画", anonymous=True)
    *_, update = await bot.get_updates()
    assert update.message and update.message.sender_chat and update.message.sender_chat.id == forum.id
    with refused("thread not found"):
        await bot.send_message(forum.id, "x", message_thread_id=topic + 99)


async def test_presses_are_answered_once_and_in_time(server: TelegramServer, bot: Bot) -> None:
    ann = server.user("Ann")
    chat = server.private(ann)
    await bot.send_message(chat.id, "x", reply_markup=keys(好="ok"))
    pressed = await chat.press(ann, chat.messages[-1], data="ok")
    (update,) = await bot.get_updates()
    assert update.callback_query and update.callback_query.message
    assert len(server.unanswered) == 1
    await update.callback_query.answer("行")
    assert await pressed.answered() == "行" and not server.unanswered
    with refused("answered before"):
        await update.callback_query.answer()
    assert broken(server, "answered before")
    late = await chat.press(ann, chat.messages[-1], "好")
    now = server.clock()
    server.clock = lambda: now + 20
    with refused("query is too old"):
        await bot.answer_callback_query(late.asked.id)


async def test_reactions(server: TelegramServer, bot: Bot) -> None:
    ann = server.user("Ann")
    chat, group = server.private(ann), server.group("画室", [ann])
    here, there = await bot.send_message(chat.id, "x"), await bot.send_message(group.id, "x")
    await chat.react(ann, chat.messages[-1], "❤")
    assert await bot.get_updates(allowed_updates=["message_reaction"]) == (), "not asked for when it was made"
    await chat.react(ann, chat.messages[-1], "🔥")
    await group.react(ann, group.messages[-1], "❤")
    (update,) = await bot.get_updates()
    assert update.message_reaction and update.message_reaction.chat.id == chat.id, "no administrator in the group"
    assert update.message_reaction.new_reaction == (ReactionTypeEmoji("🔥"),)
    group.bot("administrator")
    await group.react(ann, group.messages[-1], "👎")
    (update,) = await bot.get_updates(offset=update.update_id + 1)
    assert update.message_reaction and update.message_reaction.message_id == there.message_id
    await here.set_reaction("👌")
    assert chat.messages[-1].reactions == {ann.id: ("🔥",), server.bot.id: ("👌",)}
    with pytest.raises(AssertionError):
        await chat.react(ann, chat.messages[-1], "🐱")
    for wrong in ("🐱", ["👌", "🔥"]):
        with refused("REACTION"):
            await here.set_reaction(wrong)
        assert server.violations.pop()


async def test_inline_mode(server: TelegramServer, bot: Bot) -> None:
    ann, bob = server.user("Ann"), server.user("Bob")
    chat = server.private(ann)
    photo = (await bot.send_photo(chat.id, png())).photo[-1]
    asking = asyncio.create_task(server.inline(ann, "夕阳"))
    (update,) = await bot.get_updates(timeout=5)
    assert update.inline_query and update.inline_query.query == "夕阳"
    shown = InlineQueryResultCachedPhoto("1", photo.file_id, caption="夕阳", reply_markup=keys(画="again:1"))
    words = InlineQueryResultArticle("2", "sunset", InputTextMessageContent("sunset"))
    with refused("RESULTS_TOO_MUCH"):
        many = [InlineQueryResultArticle(str(at), "x", InputTextMessageContent("x")) for at in range(51)]
        await bot.answer_inline_query(update.inline_query.id, many)
    assert broken(server, "TOO_MUCH")
    await update.inline_query.answer([shown, words], cache_time=0, is_personal=True)
    results = await asking
    elsewhere = server.group("别处", [ann, bob])
    elsewhere.bot("left")
    message = await server.choose(ann, elsewhere, results[0], "夕阳")
    assert message.photo and message.via == server.bot
    await elsewhere.press(bob, message, "画")
    _left, chosen, pressed = await bot.get_updates(offset=update.update_id + 1)
    assert chosen.chosen_inline_result and pressed.callback_query
    assert pressed.callback_query.inline_message_id == chosen.chosen_inline_result.inline_message_id
    await pressed.callback_query.answer()
    await pressed.callback_query.edit_message_caption("日落")
    assert message.text == "日落"


async def test_commands(server: TelegramServer, bot: Bot) -> None:
    commands = [BotCommand("draw", "画画"), BotCommand("help", "帮助")]
    await bot.set_my_commands(commands, language_code="zh")
    await bot.set_my_commands(commands[:1], scope=BotCommandScopeAllGroupChats())
    assert server.commands(language="zh") == ["draw", "help"]
    assert server.commands("all_group_chats") == ["draw"]
    assert await bot.get_my_commands(language_code="zh") == tuple(commands)
    assert await bot.get_my_commands() == ()
    await bot.delete_my_commands(language_code="zh")
    assert await bot.get_my_commands(language_code="zh") == ()
    await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    assert await bot.get_chat_menu_button() == MenuButtonCommands()
    await bot.set_my_description("画画", language_code="zh")
    assert (await bot.get_my_description("zh")).description == "画画"


async def test_updates_wait_until_they_are_confirmed(server: TelegramServer, bot: Bot) -> None:
    ann = server.user("Ann")
    chat = server.private(ann)
    asked = await chat.say(ann, "一", twice=True)
    first, again = await bot.get_updates()
    assert first.update_id == again.update_id
    await chat.edit(ann, asked, "二")
    kept, edited = await bot.get_updates()
    assert kept.update_id == first.update_id and edited.edited_message and edited.edited_message.text == "二"
    waiting = asyncio.create_task(bot.get_updates(offset=edited.update_id + 1, timeout=10))
    await server.until(lambda: server.world.updates.polls == 3)
    server.conflict()
    with pytest.raises(Conflict, match="terminated by other"):
        await waiting
    waiting = asyncio.create_task(bot.get_updates(offset=edited.update_id + 1, timeout=10))
    await server.until(lambda: server.world.updates.polls == 5)
    await chat.say(ann, "三")
    (update,) = await waiting
    assert update.message and update.message.text == "三"
    server.again(asked)
    repeated, _ = await bot.get_updates(offset=update.update_id)
    assert repeated.edited_message, "the last that was told of it"


async def test_privacy_mode(server: TelegramServer, bot: Bot) -> None:
    ann = server.user("Ann")
    group = server.group("画室", [ann])
    own = await bot.send_message(group.id, "x")
    for text in ("画 一只猫", "/draw 猫", "/draw@danqing_bot 猫", "/draw@other_bot 猫", "@danqing_bot 猫"):
        await group.say(ann, text)
    await group.say(ann, "背景换成雪山", reply_to=group.room.find(own.message_id))
    heard = [update.message.text for update in await bot.get_updates() if update.message]
    assert heard == ["/draw 猫", "/draw@danqing_bot 猫", "@danqing_bot 猫", "背景换成雪山"]
    group.bot("administrator")
    await group.say(ann, "画 一只猫")
    assert [update.message.text for update in await bot.get_updates() if update.message][-1] == "画 一只猫"


async def test_webhook(server: TelegramServer, bot: Bot) -> None:
    came = asyncio.Queue[tuple[str | None, int]]()
    statuses = [500, 200]

    async def receive(request: web.Request) -> web.Response:
        came.put_nowait((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), (await request.json())["update_id"]))
        return web.Response(status=statuses.pop(0))

    app = web.Application()
    app.router.add_post("/hook", receive)
    ann = server.user("Ann")
    with refused("HTTPS"):
        await bot.set_webhook("http://example.org/hook")
    async with TestServer(app) as receiver:
        await bot.set_webhook(str(receiver.make_url("/hook")), secret_token="a-secret")
        await server.private(ann).say(ann, "一")
        (first, one), (second, two) = [await asyncio.wait_for(came.get(), PATIENCE) for _ in range(2)]
        assert first == second == "a-secret" and one == two, "what was not taken comes again"
        await server.until(lambda: not server.world.updates.pending)
        assert (await bot.get_webhook_info()).pending_update_count == 0
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_what_goes_wrong_on_demand(server: TelegramServer, bot: Bot) -> None:
    chat = server.private(server.user("Ann"))
    now = 1_000_000.0
    server.clock = lambda: now
    server.fail("sendMessage", code=429, retry_after=3)
    with pytest.raises(RetryAfter) as told:
        await bot.send_message(chat.id, "x")
    assert told.value.retry_after == timedelta(seconds=3)
    with pytest.raises(RetryAfter):
        await bot.send_message(chat.id, "too soon")
    assert "again 3.00 s before it may" in server.limits.overruns.pop()
    now += 3
    await bot.send_message(chat.id, "one")
    server.fail(code=502)
    with pytest.raises(NetworkError):
        await bot.send_chat_action(chat.id, "typing")
    now += 3
    server.cut("sendMessage")
    with pytest.raises(NetworkError):
        await bot.send_message(chat.id, "done, but who knows")
    now += 3
    server.cut("sendMessage", done=False)
    with pytest.raises(NetworkError):
        await bot.send_message(chat.id, "not done")
    now += 3
    server.delay("sendMessage", 0.05)
    with pytest.raises(TelegramError, match="Timed out"):
        await bot.send_message(chat.id, "slow", read_timeout=0.01)
    now += 3
    assert [one.text for one in chat.messages] == ["one", "done, but who knows", "slow"]
    kept = await bot.get_file((await bot.send_document(chat.id, b"x", filename="x.txt")).document)  # type: ignore[arg-type]
    server.fail("file", code=503)
    with pytest.raises(NetworkError):
        await kept.download_as_bytearray()
    assert await kept.download_as_bytearray() == b"x"
    await server.down()
    with pytest.raises(NetworkError):
        await bot.get_me()
    await server.up()
    assert (await bot.get_me()).username == "danqing_bot"
    assert server.limits.overruns == []


async def test_violations_are_noticed_at_the_end() -> None:
    with pytest.raises(AssertionError, match="getYou"):
        async with TelegramServer() as server, aiohttp.ClientSession() as session:
            await session.get(f"{server.api_base}/bot{server.token}/getYou")


async def test_the_published_limits(server: TelegramServer, bot: Bot) -> None:
    now = 1_000_000.0
    server.clock = lambda: now
    ann = server.user("Ann")
    chat, group = server.private(ann), server.group("画室", [ann])
    await bot.send_message(chat.id, "x")
    await bot.send_message(chat.id, "y")
    assert server.limits.overruns == [f"sendMessage in {chat.id}: 1.00 s too soon"]
    server.limits.overruns.clear()
    server.limits.enforce = True
    now += 10
    for at in range(20):
        await bot.send_message(group.id, str(at))
        now += 1
    with pytest.raises(RetryAfter) as told:
        await bot.send_message(group.id, "the 21st in a minute")
    assert told.value.retry_after == timedelta(seconds=40)
    now += 40
    await bot.send_message(group.id, "x")
    now += 60
    await bot.send_media_group(group.id, [InputMediaPhoto(png()) for _ in range(10)])
    now += 10
    await bot.send_media_group(group.id, [InputMediaPhoto(png()) for _ in range(10)])
    now += 10
    with pytest.raises(RetryAfter):
        await bot.send_message(group.id, "an album counts by its messages")
    now += 60
    for _ in range(30):
        await bot.send_message(server.private(server.user("Bob")).id, "x")
    with pytest.raises(RetryAfter):
        await bot.send_message(chat.id, "the 31st in a second")
    assert len(server.limits.overruns) == 3
    server.limits.overruns.clear()


async def test_drafts(server: TelegramServer, bot: Bot) -> None:
    ann = server.user("Ann")
    chat, group = server.private(ann), server.group("画室", [ann])
    for text in ("10%", "20%"):
        await bot.send_message_draft(chat.id, 7, text)
    assert chat.drafts == {7: ["10%", "20%"]}
    await bot.send_message(chat.id, "完成")
    assert chat.drafts == {}
    with refused("private chats"):
        await bot.send_message_draft(group.id, 7, "x")
    assert broken(server, "private chats")
