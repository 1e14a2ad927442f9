"""The shipped program reads tags on Telegram by an owner's tagger and checks what it drew, through a kill."""

from __future__ import annotations

from pathlib import Path

from tests import onnx_files
from tests.peers.telegram import TelegramServer
from tests.stories.test_telegram import bot as on_telegram


async def test_on_telegram_a_picture_is_read_drawn_again_and_checked(tmp_path: Path, warm: str) -> None:
    onnx_files.known_tagger(tmp_path / "taggers" / "wd-tiny")
    async with TelegramServer() as server:
        ann = server.user("安", language="zh-hans")
        chat = server.private(ann)
        program = on_telegram(tmp_path, server, warm, DANQING_ENGINE_TAGGERS=str(tmp_path / "taggers"))
        await program.start()
        await server.connected()
        await chat.say(ann, "一只猫，海滩，红围巾 --steps 6 --seed 3 --check")
        cat = await chat.answer(lambda one: one.photo and "画好了" in one.text)
        check = await chat.answer(lambda one: "自带模型的评判" in one.text, after=cat.order)
        assert "猫 cat" in check.text and "红围巾" not in check.text, "what the judge cannot know is no claim"
        await chat.say(ann, "/反推", reply_to=cat)
        read = await chat.answer(lambda one: "wd-tiny" in one.text, after=check.order)
        assert "分级" in read.text and "cat" in read.text, "what the file says of itself stands there, too"
        await program.kill()
        await program.start()
        await chat.press(ann, read, "📝 训练标注")
        caption = await chat.answer(lambda one: "触发词放最前" in one.text, after=read.order)
        assert "^_^" in caption.text
        await chat.press(ann, read, "🎨 画这些")
        drawn = await chat.answer(lambda one: one.photo and "画好了" in one.text, after=caption.order)
        assert drawn.photo
        await chat.say(ann, "/反推 wd-tinny", reply_to=cat)
        await chat.answer(lambda one: "wd-tiny”吗" in one.text, after=drawn.order)
        assert await program.stop() == 0
