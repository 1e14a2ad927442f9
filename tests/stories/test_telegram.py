"""The shipped program on Telegram, with the built-in model."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from tests.bot.studio.test_painted_mask import data, scene
from tests.peers.telegram import TelegramServer
from tests.running import Bot


def bot(folder: Path, server: TelegramServer, **more: str) -> Bot:
    settings = {
        "DANQING_TELEGRAM_TOKEN": server.token,
        "DANQING_TELEGRAM_API_BASE": server.api_base,
        "DANQING_TELEGRAM_FILE_BASE": server.file_base,
    }
    return Bot(folder, settings | more)


def side(content: bytes) -> int:
    """The longer side of a picture in pixels."""
    with Image.open(io.BytesIO(content)) as picture:
        return max(picture.size)


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
        done = await chat.answer(lambda one: one.photo and "画好了" in one.text)
        assert done is status and chat.answers == [done]
        pressed = await chat.press(ann, done, "🤍 收藏")
        assert "已收藏" in await pressed.answered()
        assert await program.stop() == 0


async def test_four_pictures_in_a_group_through_a_lost_line_and_a_changed_sentence(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
        group = server.group("画室", [ann, bob])
        server.limits.enforce = True
        program = bot(tmp_path, server, DANQING_LOG_LEVEL="debug")
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


async def test_strangers_a_favourite_and_a_delete_in_a_group(tmp_path: Path) -> None:
    async with TelegramServer(privacy=False) as server:
        ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
        group = server.group("画室", [ann, bob])
        group.bot("administrator")
        program = bot(tmp_path, server)
        await program.start()
        await server.connected()
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
        assert await program.stop() == 0


async def test_words_used_again_a_favourite_filled_in_and_why(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        ann = server.user("安", language="zh-hans")
        chat = server.private(ann)
        program = bot(tmp_path, server)
        await program.start()
        await server.connected()
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
        assert await program.stop() == 0


async def test_an_album_is_one_job_through_a_kill_and_a_second_delivery(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        ann = server.user("安", language="zh-hans")
        chat = server.private(ann)
        program = bot(tmp_path, server)
        await program.start()
        await server.connected()
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
        assert await program.stop() == 0


async def test_talk_in_a_group_a_lost_message_and_a_picture_that_telegram_never_takes(tmp_path: Path) -> None:
    async with TelegramServer(privacy=False) as server:
        ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
        group = server.group("画室", [ann, bob])
        program = bot(tmp_path, server)
        await program.start()
        await server.connected()
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
        assert await program.stop() == 0


async def test_a_shared_picture_goes_from_hand_to_hand(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        server.limits.enforce = True
        ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
        chat, other = server.private(ann), server.private(bob)
        program = bot(tmp_path, server)
        await program.start()
        await server.connected()
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
        assert await program.stop() == 0


async def test_a_comparison_in_a_group_is_voted_on_taken_over_and_laid_beside_another_picture(tmp_path: Path) -> None:
    async with TelegramServer(privacy=False) as server:
        ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
        group = server.group("画室", [ann, bob])
        group.bot("administrator")
        program = bot(tmp_path, server)
        await program.start()
        await server.connected()
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
        assert await program.stop() == 0


async def test_a_table_of_tags_is_touched_through_a_kill_and_drawn(tmp_path: Path) -> None:
    async with TelegramServer(privacy=False) as server:
        ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="zh-hans")
        group = server.group("画室", [ann, bob])
        program = bot(tmp_path, server)
        await program.start()
        await server.connected()
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
        await group.press(ann, table, data=heavier)
        await group.until(lambda _: "月亮 · moon ×1.3" in table.text)
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
        assert await program.stop() == 0
