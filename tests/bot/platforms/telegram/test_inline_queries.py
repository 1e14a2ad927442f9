"""Inline mode: one's own pictures in any chat."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from bot.people.limits import Limits
from bot.platforms.telegram import inline_queries
from storage import favourites, pictures
from tests.bot.platforms.telegram.conftest import House
from tests.bot.platforms.telegram.test_deep_links import shared
from tests.bot.platforms.telegram.test_sharing import drawn
from tests.peers.telegram import TelegramServer, User


def answer(server: TelegramServer) -> dict[str, Any]:
    """The whole answer to the newest query."""
    return dict(list(server.world.queries.values())[-1].answer or {})


def captions(found: list[dict[str, Any]]) -> list[str]:
    return [one["caption"] for one in found if one["type"] == "photo"]


async def person(house: House, user: User) -> str:
    return (await house.studio.person("telegram", str(user.id))).id


async def test_ones_own_pictures_favourites_first(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="en")
    chat, other = server.private(ann), server.private(bob)
    apple = await drawn(server, chat, ann, "a red apple")
    await drawn(server, chat, ann, "a blue car")
    found = await server.inline(ann, "")
    assert captions(found) == ["a blue car", "a red apple"] and answer(server)["is_personal"]
    await (await chat.press(ann, apple, "🤍 Save")).answered()
    assert captions(await server.inline(ann, "")) == ["a red apple", "a blue car"]
    assert captions(await server.inline(ann, "CAR")) == ["a blue car"]
    assert await server.inline(bob, "") == []
    posted = await server.choose(ann, other, found[0])
    assert posted.photo and posted.via == server.bot


async def test_chinese_words_find_english_pictures_and_the_other_way_round(
    house: House, server: TelegramServer
) -> None:
    ann = server.user("安", language="zh-hans")
    chat = server.private(ann)
    await drawn(server, chat, ann, "a girl with twintails")
    await drawn(server, chat, ann, "雪地里的企鹅")
    assert captions(await server.inline(ann, "双马尾")) == ["a girl with twintails"]
    assert (
        captions(await server.inline(ann, "penguin")) == captions(await server.inline(ann, "企鹅")) == ["雪地里的企鹅"]
    )
    articles = [one for one in await server.inline(ann, "双马尾") if one["type"] == "article"]
    assert articles[0]["input_message_content"]["message_text"] == "twintails"


async def test_cells_of_a_sheet_are_laid_in_once_and_leave_nothing(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat, group = server.private(ann), server.group("Studio", [ann])
    await group.say(ann, "/imagine a red apple, 4张")
    sheet = await group.answer(lambda one: one.photo)
    found = await server.inline(ann, "apple")
    assert captions(found) == ["a red apple, 4张"] * 4
    laid = [one for one in server.sent if one.chat is chat.room]
    assert len(laid) == 4 and all(one.deleted for one in laid) and chat.answers == []
    [call] = server.calls("sendMediaGroup")
    assert call.params["disable_notification"]
    await server.inline(ann, "apple")
    assert len(server.calls("sendMediaGroup")) == 1, "once and for all"
    posted = await server.choose(ann, group, found[2])
    assert posted.photo and posted.order > sheet.order


async def test_without_a_private_chat_there_are_texts_and_a_way_to_open_it(
    house: House, server: TelegramServer
) -> None:
    ann = server.user("Ann", language="en")
    private, group = server.private(ann, started=False), server.group("Studio", [ann])
    await group.say(ann, "/imagine a red apple, 2张")
    await group.answer(lambda one: one.photo)
    found = await server.inline(ann, "")
    assert [one["type"] for one in found] == ["article", "article"] and "private chat" in found[0]["description"]
    assert answer(server)["button"]["start_parameter"] == "inline"
    posted = await server.choose(ann, group, found[0])
    assert posted.text == "a red apple, 2张" and not posted.photo
    private.join(server.bot)
    assert len(captions(await server.inline(ann, ""))) == 2


async def test_pages_follow_one_another_without_gaps(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    house.studio.rules = replace(house.studio.rules, pictures_per_request=8)
    for _ in range(3):
        await drawn(server, chat, ann, "a red apple, 8张")
    rows = list((await pictures.search(house.db, await person(house, ann), limit=50)).pictures)
    for row in reversed(rows[3:14]):
        await favourites.keep(house.db, row, row.person, [row.id])
    seen: list[str] = []
    offset, sizes = "", []
    while True:
        found = await server.inline(ann, "apple", offset=offset)
        seen += [one["id"] for one in found]
        sizes.append(len(found))
        if not (offset := answer(server).get("next_offset", "")):
            break
    wanted = [row.id for row in rows[3:14]] + [row.id for row in (*rows[:3], *rows[14:])]
    assert seen == wanted and len(set(seen)) == len(seen) and max(sizes) <= inline_queries.PAGE
    assert chat.answers == [one for one in chat.answers if not one.deleted] and len(chat.answers) == 3


async def test_saved_texts_come_by_their_name(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await drawn(server, chat, ann, "a red apple")
    [row] = (await pictures.search(house.db, await person(house, ann))).pictures
    await favourites.save(house.db, row.person, "breakfast", "a red apple", row.recipe, row.id)
    await favourites.save(house.db, row.person, "breakfast later", "two eggs")
    found = await server.inline(ann, "breakfast")
    assert captions(found) == ["a red apple"]
    [text] = [one for one in found if one["type"] == "article"]
    assert text["input_message_content"]["message_text"] == "two eggs" and "breakfast later" in text["title"]


async def test_a_share_code_offers_that_picture_with_a_way_to_draw_it(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="en")
    chat, other = server.private(ann), server.private(bob)
    _, code = await shared(chat, ann, await drawn(server, chat, ann))
    [found] = await server.inline(bob, code)
    posted = await server.choose(bob, other, found)
    assert posted.photo and posted.content.buttons[0]["url"] == f"https://t.me/danqing_bot?start={code}"
    [row] = (await pictures.search(house.db, await person(house, ann))).pictures
    assert await server.inline(bob, row.id) == [], "the id of a picture opens nothing"


async def test_adult_pictures_are_never_offered(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    house.studio.rules = replace(house.studio.rules, access=Limits(adult="allow"))
    await drawn(server, chat, ann, "a nude woman")
    assert await server.inline(ann, "") == [] and await server.inline(ann, "nude") == []


async def test_whoever_may_not_use_the_bot_is_shown_the_way_to_the_reason(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    last = await drawn(server, chat, ann)
    house.studio.rules = replace(house.studio.rules, access=Limits(private=False))
    assert await server.inline(ann, "") == []
    button = answer(server)["button"]
    assert button["text"] == "Why nothing is shown"
    await chat.start(ann, button["start_parameter"])
    assert "private" in (await chat.answer(after=last.order)).text


async def test_who_is_still_typing_gets_what_is_there_and_sends_nothing(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await drawn(server, chat, ann, "a red apple, 2张")
    typed = await asyncio.gather(*(server.inline(ann, "apple"[:length]) for length in range(1, 6)))
    assert len(captions(typed[-1])) == 2 and len(server.calls("sendMediaGroup")) == 1


async def test_captions_are_cut_by_what_telegram_counts(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await drawn(server, chat, ann, "a red apple " + "🍎" * 700)
    [found] = await server.inline(ann, "")
    assert len(found["caption"].encode("utf-16-le")) // 2 <= 1024 and found["caption"].endswith("🍎")
