"""The shipped program on Telegram, with the built-in model."""

from __future__ import annotations

from pathlib import Path

from tests.peers.telegram import TelegramServer
from tests.running import Bot


def bot(folder: Path, server: TelegramServer, **more: str) -> Bot:
    settings = {
        "DANQING_TELEGRAM_TOKEN": server.token,
        "DANQING_TELEGRAM_API_BASE": server.api_base,
        "DANQING_TELEGRAM_FILE_BASE": server.file_base,
    }
    return Bot(folder, settings | more)


async def test_a_picture_survives_a_kill_in_the_middle(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        ann = server.user("安", language="zh-hans")
        chat = server.private(ann)
        program = bot(tmp_path, server)
        await program.start()
        await server.connected()
        await chat.say(ann, "雪地里的企鹅 --steps 80")
        status = await chat.answer(lambda one: "第" in one.text)
        await program.kill()
        await program.start()
        done = await chat.answer(lambda one: one.photo and "画好了" in one.text, seconds=90)
        assert done is status and chat.answers == [done]
        pressed = await chat.press(ann, done, "❤ 收藏")
        assert "已收藏" in await pressed.answered()
        assert await program.stop() == 0


async def test_four_pictures_in_a_group_through_a_lost_line_and_a_changed_sentence(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
        group = server.group("画室", [ann, bob])
        server.limits.enforce = True
        program = bot(tmp_path, server)
        await program.start()
        await server.connected()
        await group.say(ann, "@danqing_bot 雪地里的企鹅 --n 4 --steps 8")
        status = await group.answer()
        await server.down()
        await server.up()
        await group.until(lambda _: status.photo and "画好了" in status.text, seconds=90)
        assert status.keyboard[:2] == [["U1", "U2", "U3", "U4"], ["V1", "V2", "V3", "V4"]]
        await group.say(ann, "2 把企鹅换成狐狸", reply_to=status)
        fox = await group.answer(lambda one: one.photo and "画好了" in one.text, after=status.order, seconds=90)
        assert "fox" in fox.text and group.answers == [status, fox]
        assert server.limits.overruns == []
        assert await program.stop() == 0
