"""What somebody takes along, and how they are forgotten, on Telegram."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

from sqlalchemy import select

from bot.studio import forgetting
from storage import tables
from tests.bot.platforms.telegram.conftest import House
from tests.patience import until
from tests.peers.telegram import TelegramServer


async def test_everything_comes_as_a_document(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, "a red apple")
    drawn = await chat.answer(lambda one: one.photo)
    await chat.say(ann, "/mydata")
    sent = await chat.answer(lambda one: one.document, after=drawn.order)
    assert sent.document and sent.document.name == "danqing.zip" and "pictures (1)" in sent.text
    with zipfile.ZipFile(io.BytesIO(sent.document.content)) as found:
        assert b"a red apple" in found.read("data.json") and len(found.namelist()) == 3


async def test_forgetting_is_asked_twice_and_ends_with_a_word(house: House, server: TelegramServer) -> None:
    ann = server.user("安", language="zh-hant")
    chat = server.private(ann)
    await chat.say(ann, "一隻紅蘋果")
    drawn = await chat.answer(lambda one: one.photo)
    await chat.say(ann, "/forget")
    asked = await chat.answer(lambda one: "反悔" in one.text, after=drawn.order)
    [[label]] = asked.keyboard
    assert label.endswith("忘掉我")
    assert "再按一次" in await (await chat.press(ann, asked, label)).answered()
    await chat.press(ann, asked, label)
    planned = await chat.answer(lambda one: "72 小時" in one.text, after=asked.order)
    assert planned.keyboard[0][0].endswith("不忘了")

    async def nothing_under_way() -> bool:
        """What Telegram sent is forgotten a moment after it was answered."""
        async with house.db.session() as session:
            return str(ann.id) not in str(list(await session.scalars(select(tables.Facts.value))))

    await until(nothing_under_way)
    now = house.db.now()
    house.studio.now = lambda: now + timedelta(days=3, minutes=1)
    assert await forgetting.forget_due(house.studio) == 1
    last = await chat.answer(lambda one: "都忘掉了" in one.text, after=planned.order)
    assert "這裡不再有你的任何東西" in last.text
    known = b"".join(path.read_bytes() for path in house.folder.rglob("*.sqlite3*"))
    assert str(ann.id).encode() not in known and "蘋果".encode() not in known
