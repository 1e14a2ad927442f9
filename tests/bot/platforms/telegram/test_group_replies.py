"""Replies in groups: what people say to each other about a picture starts nothing."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image, ImageDraw

from bot.platforms import replies
from tests.bot.platforms.telegram.conftest import House
from tests.fakes import a_png
from tests.peers.telegram import Chat, Message, TelegramServer, User


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(privacy=False) as server:
        yield server


@pytest.mark.parametrize(
    "said",
    [
        "背景换成雪山", "把猫换成狗吧", "去掉帽子", "头发改成蓝色", "不要文字", "加上一只鸟", "再亮一点",
        "能不能换成夜景？",
        "make the hair blue", "Remove the hat!", "change it to night", "add a bird", "replace the cat with a dog",
        "change the man into a doctor who smiles",
    ],
)  # fmt: skip
def test_a_wish_says_what_is_to_become_of_the_picture(said: str) -> None:
    assert replies.orders(said)


@pytest.mark.parametrize(
    "said",
    [
        "哈哈好看", "好漂亮！", "nice!", "wow", "so cute 😂", "加油！", "没问题", "这是怎么画的？", "谁画的", "太强了",
        "666", "no way", "No problem.", "how did you make it blue?", "more please", "thanks",
        "收藏了", "没有我的好看", "加载好慢", "改天再说", "用的什么模型", "without a doubt", "lol that hat", "👍",
    ],
)  # fmt: skip
def test_talk_does_not(said: str) -> None:
    assert not replies.orders(said)


async def drawn(server: TelegramServer) -> tuple[Chat, User, User, Message]:
    ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
    group = server.group("画室", [ann, bob])
    await group.say(ann, "画 一只猫在公园")
    return group, ann, bob, await group.answer(lambda one: one.photo)


async def quiet(group: Chat, user: User) -> None:
    """What was said before is over: a command after it has its answer."""
    before = max(one.order for one in group.answers)
    await group.say(user, "/queue")
    await group.answer(after=before)


async def test_talk_under_a_picture_starts_nothing(house: House, server: TelegramServer) -> None:
    group, ann, bob, picture = await drawn(server)
    for user, text in ((ann, "哈哈好看"), (bob, "nice!"), (bob, "make it blue"), (ann, "这是怎么画的？")):
        await group.say(user, text, reply_to=picture)
    await group.say(bob, photo=a_png(side=64), reply_to=picture)
    await group.say(ann, photo=a_png(side=64), reply_to=picture)
    await quiet(group, ann)
    await quiet(group, bob)
    assert len(group.answers) == 3 and len(house.pool.drawn) == 1


async def test_a_reply_to_what_is_no_picture_is_talk_too(house: House, server: TelegramServer) -> None:
    group, ann, _, _ = await drawn(server)
    await group.say(ann, "/help")
    help = await group.answer(lambda one: not one.photo)
    await group.say(ann, "谢谢", reply_to=help)
    await quiet(group, ann)
    assert len(house.pool.drawn) == 1


@pytest.mark.parametrize("words", ["@danqing_bot 夜景", "画 夜景", "/edit 夜景", "一只狗在公园", "背景换成雪山"])
async def test_what_is_called_or_says_a_change_is_done(house: House, server: TelegramServer, words: str) -> None:
    group, ann, _, picture = await drawn(server)
    await group.say(ann, words, reply_to=picture)
    changed = await group.answer(lambda one: one.photo, after=picture.order)
    assert "✏️" in changed.text


async def test_any_words_answer_the_bots_question(house: House, server: TelegramServer) -> None:
    group, ann, bob, picture = await drawn(server)
    await group.press(ann, picture, "✏️ 改一改")
    question = await group.answer(after=picture.order)
    await group.say(bob, "雪夜", reply_to=question)
    await quiet(group, bob)
    await group.say(ann, "雪夜", reply_to=question)
    await group.answer(lambda one: one.photo, after=question.order)
    assert len(house.pool.drawn) == 2


async def test_a_painted_copy_needs_no_call(house: House, server: TelegramServer) -> None:
    group, ann, _, picture = await drawn(server)
    assert picture.photo is not None
    copy = Image.open(io.BytesIO(picture.photo)).convert("RGB")
    ImageDraw.Draw(copy).rectangle((20, 20, 60, 60), fill=(255, 255, 255))
    out = io.BytesIO()
    copy.save(out, "PNG")
    await group.say(ann, "一朵花", photo=out.getvalue(), reply_to=picture)
    await group.answer(lambda one: one.photo, after=picture.order)
    assert len(house.pool.drawn) == 2
