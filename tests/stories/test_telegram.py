"""The shipped program on Telegram, with the built-in model."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from tests.bot.studio.test_painted_mask import data, scene
from tests.peers.telegram import TelegramServer
from tests.running import Bot

# One start of the program serves the stories here, each with people and chats of its own; what is done to the program
# and to the server in one of them, it is to outlive.
pytestmark = pytest.mark.asyncio(loop_scope="module")
House = tuple[TelegramServer, Bot]


def bot(folder: Path, server: TelegramServer, warm: str, **more: str) -> Bot:
    settings = {
        "DANQING_TELEGRAM_TOKEN": server.token,
        "DANQING_TELEGRAM_API_BASE": server.api_base,
        "DANQING_TELEGRAM_FILE_BASE": server.file_base,
    }
    return Bot(folder, settings | more, warm=warm)


def side(content: bytes) -> int:
    """The longer side of a picture in pixels."""
    with Image.open(io.BytesIO(content)) as picture:
        return max(picture.size)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory, warm: str) -> AsyncIterator[House]:
    async with TelegramServer(privacy=False) as server:
        program = bot(tmp_path_factory.mktemp("telegram"), server, warm)
        await program.start()
        await server.connected()
        yield server, program
        assert await program.stop() == 0


@pytest_asyncio.fixture(loop_scope="module")
async def house(shared: House) -> AsyncIterator[House]:
    server, program = shared
    server.limits.overruns.clear()
    yield shared
    server.limits.enforce = False
    server.http.faults.clear()
    if program.process.returncode is not None:  # a story broke off
        await program.start()


async def test_a_picture_survives_a_kill_in_the_middle(house: House) -> None:
    server, program = house
    ann = server.user("安", language="zh-hans")
    chat = server.private(ann)
    await chat.say(ann, "雪地里的企鹅 --steps 80")
    status = await chat.answer(lambda one: "第" in one.text)
    await program.kill()
    await program.start()
    done = await chat.answer(lambda one: one.photo and "画好了" in one.text)
    assert done is status and chat.answers == [done]
    pressed = await chat.press(ann, done, "🤍 收藏")
    assert "已收藏" in await pressed.answered()


async def test_four_pictures_in_a_group_through_a_lost_line_and_a_changed_sentence(tmp_path: Path, warm: str) -> None:
    async with TelegramServer() as server:
        ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
        group = server.group("画室", [ann, bob])
        server.limits.enforce = True
        program = bot(tmp_path, server, warm, DANQING_LOG_LEVEL="debug")
        await program.start()
        await server.connected()
        await group.say(ann, "@danqing_bot 雪地里的企鹅 --n 4 --steps 8")
        status = await group.answer()
        await server.down()
        await server.up()
        await group.until(lambda _: status.photo and "画好了" in status.text)
        assert status.keyboard[:2] == [["U1", "U2", "U3", "U4"], ["V1", "V2", "V3", "V4"]]
        await group.say(ann, "2 把企鹅换成狐狸", reply_to=status)
        fox = await group.answer(lambda one: one.photo and "画好了" in one.text, after=status.order)
        assert "fox" in fox.text and group.answers == [status, fox]
        assert server.limits.overruns == []
        assert await program.stop() == 0
        told = "".join(program.log.read_text("utf-8").split())  # lines are broken where the terminal ends
        assert "Telegramas@danqing_bot" in told and server.token not in told


async def test_strangers_a_favourite_and_a_delete_in_a_group(house: House) -> None:
    server, _ = house
    ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
    group = server.group("画室", [ann, bob])
    group.bot("administrator")
    await group.say(ann, "画 雪地里的企鹅 --steps 4")
    done = await group.answer(lambda one: one.photo and "画好了" in one.text)
    shown = done.keyboard
    assert sum(map(len, shown)) == 7
    for emoji in ("❤", "👍", "👎"):
        await group.react(bob, done, emoji)
    for label in ("更多 ⋯", "✏️ 改一改", "🤍 收藏", "🔄 再来一张"):
        assert "Only" in await (await group.press(bob, done, label)).answered()
    assert done.keyboard == shown and group.answers == [done]
    assert "已收藏" in await (await group.press(ann, done, "🤍 收藏")).answered()
    await group.until(lambda _: "❤ 已收藏" in str(done.keyboard))
    await group.react(ann, done, "❤")
    await group.say(ann, "/favourites")
    listed = await group.answer(lambda one: "收藏（1）" in one.text, after=done.order)
    assert listed.keyboard == [["🎨 使用"]]
    await group.press(ann, done, "更多 ⋯")
    await group.until(lambda _: "🗑 删除" in str(done.keyboard))
    assert "Only" in await (await group.press(bob, done, "🗑 删除")).answered()
    for _ in range(2):
        await (await group.press(ann, done, "🗑 删除")).answered()
    await group.until(lambda _: done.deleted)
    assert group.answers == [listed]


async def test_words_used_again_a_favourite_filled_in_and_why(house: House) -> None:
    server, _ = house
    ann = server.user("安", language="zh-hans")
    chat = server.private(ann)
    await chat.say(ann, "一只橘猫，森林 --steps 8 --seed 5")
    first = await chat.answer(lambda one: one.photo and "画好了" in one.text)
    await chat.say(ann, "/prompts 貓")
    listed = await chat.answer(lambda one: "画过的提示词" in one.text, after=first.order)
    assert "一只橘猫，森林" in listed.text and "再用 1" in str(listed.keyboard)
    await chat.press(ann, listed, "再用 1")
    again = await chat.answer(lambda one: one.photo and "画好了" in one.text, after=listed.order)

    await chat.say(ann, "/收藏 save 肖像 {动物}，在{地点=雪地} --steps 4")
    await chat.answer(lambda one: "已收藏为" in one.text, after=again.order)
    await chat.say(ann, "/收藏 use 肖像")
    asked = await chat.answer(lambda one: "还有空要填" in one.text, after=again.order)
    await chat.press(ann, asked, "填空")
    question = await chat.answer(lambda one: "填什么" in one.text, after=asked.order)
    await chat.say(ann, "狐狸，森林", reply_to=question)
    fox = await chat.answer(lambda one: one.photo and "画好了" in one.text, after=question.order)
    assert "动物 = 狐狸; 地点 = 森林" in fox.text

    await chat.press(ann, first, "更多 ⋯")
    await chat.until(lambda _: "为什么？" in str(first.keyboard))
    await chat.press(ann, first, "❓ 为什么？")
    offer = await chat.answer(lambda one: "算 1 张的额度" in one.text, after=fox.order)
    await chat.press(ann, offer, "步数 → 32")
    both = await chat.answer(lambda one: one.photo and "步数是" in one.text, after=offer.order)
    assert "步数 8" in str(both.keyboard) and "步数 32" in str(both.keyboard)


async def test_an_album_is_one_job_through_a_kill_and_a_second_delivery(house: House) -> None:
    server, program = house
    ann = server.user("安", language="zh-hans")
    chat = server.private(ann)
    said = await chat.album(ann, [data(scene()), data(scene(seed=4))], ["", "雪地里的企鹅 --steps 40"], gap=0.3)
    status = await chat.answer(lambda one: "第" in one.text)
    await program.kill()
    for one in said:
        server.again(one)
    await program.start()
    await chat.until(lambda _: status.photo and "画好了" in status.text)
    assert chat.answers == [status] and status.keyboard[0] == ["U1", "U2"]
    await chat.say(ann, "雪地里的狐狸 --steps 4", reply_to=status)
    fox = await chat.answer(lambda one: one.photo and "画好了" in one.text, after=status.order)
    assert "✏️" in fox.text and "penguin → " in fox.text and "fox" in fox.text
    await chat.say(ann, "再来一张", reply_to=status)
    again = await chat.answer(lambda one: one.photo and "画好了" in one.text, after=fox.order)
    assert again.keyboard[0] == ["U1", "U2"] and chat.answers == [status, fox, again]


async def test_talk_in_a_group_a_lost_message_and_a_picture_that_telegram_never_takes(house: House) -> None:
    server, _ = house
    ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
    group = server.group("画室", [ann, bob])
    server.cut("sendMessage")
    await group.say(ann, "画 雪地里的企鹅 --steps 4")
    done = await group.answer(lambda one: one.photo and "画好了" in one.text)
    await group.say(ann, "哈哈好看", reply_to=done)
    await group.say(bob, "make it blue", reply_to=done)
    server.fail("editMessageMedia", code=413, times=99)
    await group.say(bob, "@danqing_bot a red boat --steps 4")
    refused = await group.answer(lambda one: "/history" in one.text, after=done.order)
    assert group.answers == [done, refused] and not refused.photo
    server.http.faults.clear()
    await group.say(bob, "/history")
    listed = await group.answer(lambda one: one.photo, after=refused.order)
    await group.say(bob, "/link")
    told = await group.answer(after=listed.order)
    assert told.button("Open the private chat", None)["url"].endswith("?start=link")
    assert group.answers == [done, refused, listed, told]


async def test_a_shared_picture_goes_from_hand_to_hand(house: House) -> None:
    server, program = house
    server.limits.enforce = True
    ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
    chat, other = server.private(ann), server.private(bob)
    await chat.say(ann, "雪地里的企鹅 --n 2 --steps 2")
    sheet = await chat.answer(lambda one: one.photo and "画好了" in one.text)
    found = await server.inline(ann, "penguin")
    assert sum(one["type"] == "photo" for one in found) == 2 and chat.answers == [sheet]
    await chat.press(ann, sheet, "2")
    alone = await chat.answer(lambda one: one.photo, after=sheet.order)
    await chat.press(ann, alone, "更多 ⋯")
    await chat.until(lambda _: "🔗 分享" in str(alone.keyboard))
    await chat.press(ann, alone, "🔗 分享")
    made = await chat.answer(lambda one: "/recipe" in one.text, after=alone.order)
    code = made.text.split()[-1]
    await program.kill()
    await program.start()
    await other.start(bob, code)
    opened = await other.answer(lambda one: one.photo)
    assert opened.photo == alone.photo and "Seed" in opened.text
    [sent] = await server.inline(bob, code)
    assert (await server.choose(bob, other, sent)).content.buttons[0]["url"].endswith(f"?start={code}")
    await other.press(bob, opened, "🎨 Draw this")
    done = await other.answer(lambda one: one.photo and "Done" in one.text, after=opened.order)
    await (await chat.press(ann, made, "收回分享")).answered()
    await other.start(bob, code)
    assert "opens nothing" in (await other.answer(after=done.order)).text
    assert server.limits.overruns == [] and server.unanswered == []


async def test_a_comparison_in_a_group_is_voted_on_taken_over_and_laid_beside_another_picture(house: House) -> None:
    server, program = house
    ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
    group = server.group("画室", [ann, bob])
    group.bot("administrator")
    await group.say(ann, "/对比 红色的苹果 步数=1,2,3,4,5,6,7,8 尺寸=384x128")
    sketch = await group.answer(lambda one: "8 列" in one.text)
    await group.press(ann, sketch, "🆚 开始画")
    sheet = await group.answer(lambda one: one.photo and "对比：" in one.text)
    whole = await group.answer(lambda one: one.document is not None, after=sheet.order)
    assert sheet.photo and whole.document and whole.reply_to is sheet
    assert side(sheet.photo) <= 2560 < 8 * 384 < side(whole.document.content)
    numbers = [["1", "2", "3", "4", "5"], ["6", "7", "8"]]
    assert sheet.keyboard == [*numbers, ["🗳 投票"]]
    assert "Only" in await (await group.press(bob, sheet, "3")).answered()

    await group.press(bob, sheet, "🗳 投票")
    await group.until(lambda _: sheet.keyboard[-1] != ["🗳 投票"])
    assert "Your vote: 7" in await (await group.press(bob, sheet, "7")).answered()
    await group.until(lambda _: sheet.keyboard == [*numbers, ["🗳 7 号领先：1/1 票"]])
    await program.kill()
    await program.start()
    await group.press(ann, sheet, "🗳 7 号领先：1/1 票")
    await group.until(lambda _: "🗳" not in str(sheet.keyboard))
    assert "并列" in await (await group.press(ann, sheet, "2")).answered()
    await group.until(lambda _: "🗳" in str(sheet.keyboard))  # until then a number is a vote

    await group.press(ann, sheet, "3")
    opened = await group.answer(lambda one: one.photo and "配方" in one.text, after=whole.order)
    await group.press(ann, opened, "📌 就用这个")
    mine = await group.answer(lambda one: "恢复原样" in str(one.keyboard), after=opened.order)
    alone = server.private(ann)
    await alone.say(ann, "绿色的树")
    tree = await alone.answer(lambda one: one.photo and "画好了" in one.text)
    assert "384×128" in tree.text
    assert "恢复原样了" in await (await group.press(ann, mine, "↩️ 恢复原样")).answered()

    await alone.press(ann, tree, "更多 ⋯")
    await alone.until(lambda _: "🆚" in str(tree.keyboard))
    await alone.press(ann, tree, "🆚 和另一张对比")
    which = await alone.answer(lambda one: "和哪一张" in one.text, after=tree.order)
    await alone.press(ann, which, "2")
    both = await alone.answer(lambda one: "A 和 B" in one.text, after=which.order)
    assert both.photo and "green tree" in both.text and both.keyboard == [["打开 A", "打开 B"]]

    await group.say(bob, "第二张好看", reply_to=sheet)
    await group.say(ann, "换成夜晚", reply_to=sheet)
    asked = await group.answer(lambda one: "哪一张" in one.text, after=mine.order)
    await group.say(ann, "再来一张", reply_to=sheet)
    again = await group.answer(lambda one: "换个种子" in one.text, after=asked.order)
    assert "8 张" in again.text
    await group.say(ann, "6 背景换成雪山", reply_to=sheet)
    await group.answer(lambda one: one.photo and "画好了" in one.text, after=again.order)
    await group.press(ann, opened, "更多 ⋯")
    await group.until(lambda _: "🗑 删除" in str(opened.keyboard))
    for _ in range(2):
        await (await group.press(ann, opened, "🗑 删除")).answered()
    await group.until(lambda _: opened.deleted and whole.deleted and "U1" in str(sheet.keyboard))


async def test_a_table_of_tags_is_touched_through_a_kill_and_drawn(house: House) -> None:
    server, program = house
    ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="zh-hans")
    group = server.group("画室", [ann, bob])
    await group.say(ann, "画 戴红围巾的橘猫，雪地，(月亮:1.2) --steps 4 --seed 5")
    drawn = await group.answer(lambda one: one.photo and "画好了" in one.text)
    await group.press(ann, drawn, "🧩 标签表")
    table = await group.answer(lambda one: "标签表" in one.text)
    assert "橘猫 · orange cat" in table.text and "月亮 · moon ×1.2" in table.text
    first = next(row for row in table.keyboard if "橘猫" in row[0])
    assert first[1:] == ["−", "+", "⏸"]
    assert "作者" in await (await group.press(bob, table, first[0])).answered()
    moon = next(at for at, row in enumerate(table.keyboard) if "月亮" in row[0])
    heavier = table.content.keyboard[moon][2]["callback_data"]
    assert len(heavier.encode()) <= 64
    pressed = await group.press(ann, table, data=heavier)
    await group.until(lambda _: "月亮 · moon ×1.3" in table.text)
    await pressed.answered()
    aside = server.private(ann)  # until something later is taken, a bot that is killed takes the press again
    await aside.say(ann, "/samplers")
    await aside.answer()
    await program.kill()
    await program.start()
    await group.press(ann, table, table.keyboard[moon][0])
    await group.until(lambda _: "🔒 锁定" in str(table.keyboard))
    await group.press(ann, table, "🔒 锁定")
    await group.until(lambda _: "🔓 解锁" in str(table.keyboard))
    await group.press(ann, table, "⬅ 返回")
    await group.until(lambda _: "➕ 加标签" in str(table.keyboard))
    await group.press(ann, table, "➕ 加标签")
    await group.until(lambda _: "✍ 加标签" in str(table.keyboard))
    await group.press(ann, table, "✍ 加标签")
    question = await group.answer(lambda one: "加标签" in one.text, after=table.order)
    await group.say(ann, "灯塔", reply_to=question)
    more = await group.answer(lambda one: "灯塔 · lighthouse" in one.text, after=question.order)
    await group.press(ann, more, "🎨 就这样画")
    made = await group.answer(lambda one: one.photo and "画好了" in one.text, after=more.order)
    assert "(moon:1.3)" in made.text and "lighthouse" in made.text
    await group.say(ann, "去掉月亮", reply_to=made)
    refused = await group.answer(lambda one: "锁定" in one.text, after=made.order)
    assert "月亮" in refused.text
    await group.press(bob, drawn, "🧩 标签表")
    copy = await group.answer(lambda one: "标签表" in one.text, after=refused.order)
    assert "月亮 · moon ×1.2" in copy.text  # of the picture as it was drawn: a table of Bob's own


async def test_on_telegram_an_answered_picture_guides_and_its_buttons_outlive_a_kill(house: House) -> None:
    server, program = house
    ann = server.user("安", language="zh-hans")
    chat = server.private(ann)
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
