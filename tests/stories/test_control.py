"""The shipped program guides a picture by another on Telegram and Discord, through a kill and a press a start later."""

from __future__ import annotations

from pathlib import Path

from tests.peers.telegram import TelegramServer
from tests.stories.test_telegram import bot as on_telegram


async def test_on_telegram_an_answered_picture_guides_and_its_buttons_outlive_a_kill(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        ann = server.user("安", language="zh-hans")
        chat = server.private(ann)
        program = on_telegram(tmp_path, server)
        await program.start()
        await server.connected()
        await chat.say(ann, "一个红苹果 --steps 4")
        apple = await chat.answer(lambda one: one.photo and "画好了" in one.text)
        await chat.say(ann, "/控制 姿势 一个女孩", reply_to=apple)
        refused = await chat.answer(lambda one: "边缘" in one.text, after=apple.order)
        await chat.say(ann, "/控制 边缘 0.8 一个青梨 --steps 4", reply_to=apple)
        pear = await chat.answer(lambda one: one.photo and "画好了" in one.text, after=refused.order)
        assert "demo-edges × 0.8" in pear.text and "✏️" not in pear.text
        assert sum(map(len, pear.keyboard)) == 11
        await program.kill()
        await program.start()
        await chat.press(ann, pear, "🗺 看控制图")
        shown = await chat.answer(lambda one: one.photo and "控制图" in one.text, after=pear.order)
        await chat.press(ann, pear, "💪 控制强些")
        stronger = await chat.answer(lambda one: one.photo and "demo-edges × 1" in one.text, after=shown.order)
        await chat.press(ann, pear, "✨ 同样的形，换个内容")
        question = await chat.answer(after=stronger.order)
        await chat.say(ann, "一个蓝色的球", reply_to=question)
        ball = await chat.answer(lambda one: one.photo and "画好了" in one.text, after=question.order)
        assert "demo-edges × 0.8" in ball.text and "ball" in ball.text
        await chat.say(ann, "/controls")
        listed = await chat.answer(lambda one: "/control" in one.text, after=ball.order)
        assert "边缘" in listed.text
        assert await program.stop() == 0
