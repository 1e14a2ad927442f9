"""In groups: what is meant for the bot, and what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.texts import say
from storage import people, rules
from tests.bot.platforms.telegram.conftest import House
from tests.peers.telegram import Chat, TelegramServer, User


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(
        privacy=False
    ) as server:  # the bot hears everything, and has to know what is meant for it
        yield server


def room(server: TelegramServer, **kind: bool) -> tuple[Chat, User, User]:
    ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
    return server.group("画室", [ann, bob], **kind), ann, bob


async def test_the_ways_to_call_it(house: House, server: TelegramServer) -> None:
    group, ann, bob = room(server)
    order = 0
    for user, text in (
        (ann, "画 一只红苹果"),
        (ann, "约稿：一只红苹果"),
        (bob, "@danqing_bot a red apple"),
        (bob, "/imagine@danqing_bot a red apple"),
        (bob, "/draw a red apple"),
    ):
        said = await group.say(user, text)
        answer = await group.answer(lambda one: one.photo, after=order)
        assert answer.reply_to is said, text
        assert "画好了" in answer.text if user is ann else "Done" in answer.text
        order = answer.order


async def test_what_is_not_meant_for_it(house: House, server: TelegramServer) -> None:
    group, ann, bob = room(server)
    others = ("/imagine@other_bot a cat", "/other", "@danqing_bot_fan hi", "/")
    for text in ("画得真好", "what a day", "绘画班几点", *others):
        await group.say(bob, text)
    last = await group.say(ann, "/queue")
    answer = await group.answer()
    assert answer.reply_to is last and group.answers == [answer]


async def test_a_reply_to_its_picture_changes_it(house: House, server: TelegramServer) -> None:
    group, ann, bob = room(server)
    await group.say(ann, "画 一只猫在公园")
    first = await group.answer(lambda one: one.photo)
    await group.say(ann, "背景换成雪山", reply_to=first)
    second = await group.answer(lambda one: one.photo, after=first.order)
    assert "→" in second.text or "雪山" in second.text
    await group.say(bob, "make it blue", reply_to=first)  # it is not his: what he says is for the people
    await group.say(bob, "@danqing_bot make it blue", reply_to=first)
    refused = await group.answer(after=second.order)
    assert "Only" in refused.text and refused.photo is None
    assert refused.reply_to is not None and "@danqing_bot" in refused.reply_to.text


async def test_answers_stay_in_their_topic(house: House, server: TelegramServer) -> None:
    group, ann, _ = room(server, topics=True)
    topic = group.topic("猫")
    await group.say(ann, "画 一只猫", topic=topic)
    answer = await group.answer(lambda one: one.photo)
    assert answer.thread == topic
    await group.press(ann, answer, "🔄 再来一张")
    again = await group.answer(lambda one: one.photo, after=answer.order)
    assert again.thread == topic


async def test_a_group_that_became_a_supergroup(house: House, server: TelegramServer) -> None:
    house.pool.seconds = None
    group, ann, _ = room(server)
    await group.say(ann, "画 一只猫")
    await group.answer()
    new = group.migrate()
    await server.until(lambda: house.pool.drawn)
    house.pool.finish(house.pool.drawn[0][0])
    await new.answer(lambda one: one.photo)
    assert len(new.answers) == 1


async def test_the_groups_own_rules_know_its_administrators(house: House, server: TelegramServer) -> None:
    group, ann, bob = room(server)
    await rules.put(house.db, rules.of_server("telegram", str(group.id)), "roles", ["administrator"])
    await group.say(bob, "/queue")
    refused = await group.answer()
    await group.say(ann, "/queue")  # its creator
    answer = await group.answer(after=refused.order)
    assert refused.text != answer.text and "排队中" in answer.text


async def test_somebody_who_writes_in_the_groups_name(house: House, server: TelegramServer) -> None:
    group, ann, _ = room(server, supergroup=True)
    await group.say(ann, "画 一只猫", anonymous=True)
    await group.answer(lambda one: one.photo)
    row = await people.person_of(house.db, "telegram", str(group.id))
    assert row.name == "画室"


async def test_it_greets_a_group_and_says_once_what_reactions_need(house: House, server: TelegramServer) -> None:
    group, _, _ = room(server)
    group.bot("left")
    group.bot("member")
    greeting = await group.answer()
    assert "管理员" in greeting.text
    group.bot("administrator")
    assert group.answers == [greeting]


async def test_linking_goes_on_in_the_private_chat(house: House, server: TelegramServer) -> None:
    group, ann, _ = room(server)
    await group.say(ann, "/link")
    told = await group.answer()
    button = told.button("打开私聊", None)
    assert "私聊" in told.text and button["url"] == "https://t.me/danqing_bot?start=link"
    alone = server.private(ann)
    await alone.start(ann, "link")
    code = (await alone.answer()).text
    await group.say(ann, "/link", reply_to=told)
    again = await group.answer(after=told.order)
    assert "绑定码" in code and code not in again.text and "/link" in again.text


async def test_where_adults_are_allowed_children_are_still_not_drawn(house: House, server: TelegramServer) -> None:
    group, ann, _ = room(server)
    await group.say(ann, "画 裸体的女人")
    first = await group.answer()
    assert say("zh", "access.adult") in first.text
    await rules.put(house.db, rules.of_server("telegram", str(group.id)), "adult", "allow")
    await group.say(ann, "画 裸体的女人")
    drawn = await group.answer(lambda one: one.photo, after=first.order)
    await group.say(ann, "脱掉衣服的小女孩", reply_to=drawn)
    refused = await group.answer(lambda one: say("zh", "access.minors") in one.text, after=drawn.order)
    assert not refused.photo
