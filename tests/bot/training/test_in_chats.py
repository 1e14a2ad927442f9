"""A training on Telegram and on Discord: pictures, tags, one tap, one card that is renewed, and the LoRA in use."""

import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.platforms.discord.slash_commands import LEARNT
from tests.cards.house import House, house
from tests.drawn import scattered
from tests.fakes import a_lora
from tests.patience import until


def photos(first: int, count: int) -> list[bytes]:
    return [scattered(number) for number in range(first, first + count)]


def a_file(folder: Path) -> bytes:
    return a_lora(folder / "made", "learnt").read_bytes()


@asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[House]:
    async with house(folder) as there:
        yield there


def card(chat: Any, words: str) -> Any:
    """The newest of the bot's messages that stands in a Telegram chat and says this."""
    return next((one for one in reversed(chat.answers) if words in one.text), None)


def asks(message: Any) -> bool:
    return any(":train_delete:" in one.get("custom_id", "") for one in message.controls)


def label(message: Any, word: str) -> str:
    return next(one for row in message.keyboard for one in row if word in one)


async def test_from_albums_to_a_picture_on_telegram(tmp_path: Path) -> None:
    async with open_house(tmp_path) as there:
        ann = there.telegram.user("Ann", language="zh-hans")
        chat = there.telegram.private(ann)
        await chat.say(ann, "/train 小红", photo=photos(0, 6))
        first = await until(lambda: card(chat, "6 张图"))
        assert first.photo and "偏少" in first.text and "xiaohongdq" in first.text
        # A second album adds up, in reply to the card; so does a zip with captions. The card stands at the end, once.
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for number in range(12, 16):
                archive.writestr(f"{number}.png", scattered(number))
            archive.writestr("12.txt", "red dress, snow")
        await chat.say(ann, photo=photos(6, 6), reply_to=first)
        second = await until(lambda: card(chat, "12 张图"))
        await chat.say(ann, document=packed.getvalue(), name="more.zip", reply_to=second)
        third = await until(lambda: card(chat, "16 张图"))
        await until(lambda: [one for one in chat.answers if "张图。" in one.text] == [third])

        # Tags in both languages, by reply.
        await chat.say(ann, "1-3: 红裙子, 微笑", reply_to=third)
        told = await until(lambda: card(chat, "的标签"))
        assert "1：红裙子, 微笑 · red dress, smile" in told.text and "13：" in told.text and "snow" in told.text
        await chat.say(ann, "+ 室外", reply_to=told)
        await until(lambda: card(chat, "outdoors ×16"))
        await chat.say(ann, "20: 雪", reply_to=told)
        await until(lambda: card(chat, "没有第 20 张：一共 16 张。"))
        await chat.say(ann, "变成水彩", reply_to=told)
        await until(lambda: card(chat, "不是训练能做的事"))

        # The kind by a button, and the start by one tap: the same message becomes the course.
        await (await chat.press(ann, card(chat, "16 张图。"), label(card(chat, "16 张图。"), "类型"))).answered()
        asked = await until(lambda: card(chat, "的图里是什么"))
        assert asked.id == third.id and [one for row in asked.keyboard for one in row] == ["✓ 物品", "人物", "画风"]
        await (await chat.press(ann, asked, "画风")).answered()
        draft = await until(lambda: card(chat, "16 张图。"))
        await (await chat.press(ann, draft, label(draft, "开始"))).answered()
        (training,) = await until(lambda: list(there.pool.trainings))
        plan = there.pool.trainings[training].plan
        before = len(chat.answers)
        await until(lambda: card(chat, "没人画图时就开始"))
        there.pool.learn(training, 10, [0.2] * 10, 1.0)
        course = await until(lambda: card(chat, "正在学“小红”"))
        assert course.id == third.id
        assert plan["kind"] == "style" and len(plan["pictures"]) == 16  # type: ignore[arg-type]
        there.pool.learn(training, 30, [0.2] * 20, 2.0)
        there.pool.half(training, 30, a_file(tmp_path))
        sampled = await until(lambda: (one := card(chat, "30 / ")) and "样图" in str(one.keyboard) and one)
        assert sampled.photo and sampled.id == third.id
        there.pool.learn(training, int(str(plan["steps"])), [0.1] * 30, 3.0)
        there.pool.learnt(training, "done", file=a_file(tmp_path))
        done = await until(lambda: card(chat, "“小红”学好了"))
        assert done.id == third.id and len(chat.answers) == before, "progress is never a new message"
        assert "xiaohongdq, red dress, smile <lora:小红:1>" in done.text and "只有你" in done.text

        # All samples, and drawn with it.
        await (await chat.press(ann, done, label(done, "样图"))).answered()
        await until(lambda: (one := card(chat, "全部样图")) and one.photo)
        await (await chat.press(ann, done, label(done, "用它画"))).answered()
        drawn = await until(lambda: card(chat, "画好了"))
        assert "xiaohongdq" in drawn.text and drawn.photo
        await chat.say(ann, "/train")
        await until(lambda: card(chat, "小红：学好了：小红"))

        # Twice pressed it is gone, and so is its card.
        await (await chat.press(ann, done, label(done, "删除"))).answered()
        await (await chat.press(ann, done, label(done, "删除"))).answered()
        await until(lambda: card(chat, "“小红”学好了") is None)
        await chat.say(ann, "/train 小红 开始")
        await until(lambda: card(chat, "你没有叫“小红”的训练"))


async def test_from_attachments_to_the_end_on_discord(tmp_path: Path) -> None:
    async with open_house(tmp_path) as there:
        guild = there.discord.guild("Studio")
        channel = guild.channel("painting")
        ann, bob = (there.discord.member(name, guild, locale="en-US") for name in ("Ann", "Bob"))

        def seen(words: str) -> Any:
            return next((one for one in reversed(channel.seen(ann.user)) if words in one.says), None)

        files = {option: (f"{option}.png", scattered(at)) for at, option in enumerate(LEARNT[:4])}
        await ann.slash(channel, "train", training="my cat", about="kind thing", **files)
        draft = await until(lambda: seen("“my cat”: 4 pictures"))
        assert draft.only_for is None and len(draft.files) == 1 and "Few" in draft.says

        # More in reply, with the form for tags, by somebody who may.
        await ann.say(channel, "", reply_to=draft, file=("five.png", scattered(5)))
        draft = await until(lambda: seen("“my cat”: 5 pictures"))
        form = await ann.press(draft, "train_tags")
        listed = await until(lambda: seen("Tags of “my cat”"))
        form = await ann.press(listed, "train_write")
        await ann.submit(form, text="all: 一只橘猫\n2: + snow")
        await until(lambda: (one := seen("Tags of “my cat”")) and "orange cat, snow" in one.says)
        draft = seen("“my cat”: 5 pictures")
        await bob.press(draft, "train_start")
        await until(lambda: any("no more" in one.says for one in channel.seen(bob.user)))
        assert not there.pool.trainings

        await ann.press(draft, "train_start")
        (training,) = await until(lambda: list(there.pool.trainings))
        there.pool.learn(training, 20, [0.2] * 20, 2.0)
        running = await until(lambda: seen("Learning “my cat”"))
        assert running.id == draft.id
        there.pool.half(training, 20, a_file(tmp_path))
        sampled = await until(lambda: (one := seen("20 / ")) and "train_samples" in str(one.controls) and one)
        await ann.press(sampled, "train_pause")
        await until(lambda: seen("“my cat” is paused"))
        await ann.press(seen("“my cat” is paused"), "train_stop")
        ended = await until(lambda: seen("“my cat” was stopped"))
        assert ended.id == draft.id and "<lora:my cat:1>" in ended.says
        await ann.slash(channel, "train", training="my cat", about="download")
        given = await until(
            lambda: next((one for one in channel.seen(ann.user) if "safetensors" in str(one.files)), None)
        )
        assert given.only_for, "it is not shared"
        pressed = await bob.press(ended, "train_again")
        await until(lambda: len([one for one in channel.seen(bob.user) if "no more" in one.says]) == 2)
        assert pressed.original and pressed.original.only_for, "that was Bob's alone from the first sign on"
        await ann.press(ended, "train_share")
        await until(lambda: (one := seen("“my cat” was stopped")) and "everybody here" in one.says)
        asked = [one["name"] for one in await ann.autocomplete(channel, "train", "training", "my")]
        assert asked == ["my cat"]
        await ann.press(seen("“my cat” was stopped"), "ask_train_delete")
        sure = await until(lambda: next((one for one in channel.seen(ann.user) if one.only_for and asks(one)), None))
        await ann.press(sure, "train_delete")
        await until(lambda: seen("“my cat” was stopped") is None)
