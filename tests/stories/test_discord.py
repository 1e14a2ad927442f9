"""People on Discord: the shipped program as a process, the built-in model, and a Discord that is not always well."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from PIL import Image

from tests.peers.discord import Channel, DiscordServer, Message, Person
from tests.running import Bot

# One start of the program serves all the stories here, each in a server of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")
CHINESE = "zh-CN"
MENU = "更多…"
LOADING = 180.0  # seconds until a worker draws, on a busy machine


@dataclass(frozen=True)
class Scene:
    """The program, its Discord, and one person in a channel of a server."""

    bot: Bot
    server: DiscordServer
    channel: Channel
    ann: Person

    @property
    def drawn(self) -> list[Message]:
        """The messages with pictures that stand there for Ann and everybody."""
        here = [one for one in self.server.sent if one.channel in (self.channel, self.ann.private)]
        return [one for one in here if one.files and not (one.deleted or one.only_for)]

    async def quiet(self) -> None:
        """Wait until something asked later is answered: whatever was on its way has arrived by then."""
        asked = await self.ann.slash(self.ann.private, "imagine", prompt="a red apple --steps 1")
        await asked.response(finished)
        self.server.world.delete(self.ann.private.seen()[-1])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, warm: str) -> AsyncIterator[tuple[Bot, DiscordServer]]:
    async with DiscordServer() as server:
        now = server.clock()
        server.clock = lambda: now  # nothing is late because this machine is busy
        settings = {
            "DANQING_DISCORD_TOKEN": server.token,
            "DANQING_DISCORD_API_BASE": server.api_base,
            "DANQING_DISCORD_GATEWAY": server.gateway_base,
        }
        bot = Bot(tmp_path_factory.mktemp("discord"), settings, warm=warm)
        await bot.start()
        await server.ready("imagine")
        await bot.say("a red apple --steps 1")  # the model loads before anything is measured here
        await bot.ended(1, LOADING)
        yield bot, server
        assert await bot.stop() == 0
        assert not server.unanswered


@pytest.fixture
def scene(house: tuple[Bot, DiscordServer]) -> Scene:
    bot, server = house
    guild = server.guild("Studio")
    return Scene(bot, server, guild.channel("painting"), server.member("Ann", guild, locale=CHINESE))


def finished(message: Message) -> bool:
    return bool(message.files) and "dq1:again" in str(message.controls)


def waiting(message: Message) -> bool:
    """Whether the bot has said that it draws, and has not drawn yet."""
    return bool(message.says) and not message.files


async def test_a_chinese_sentence_becomes_one_picture(scene: Scene) -> None:
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="一只戴红色帽子的橘猫，水彩 步数8")
    message = await asked.response(finished)
    assert "orange cat" in message.says and "画好了" in message.says
    assert scene.channel.seen() == [message] and message.files[0].width == 128
    assert [one.files for one in message.history] == [()] * len(message.history), "the picture came once"


async def test_buttons_forms_and_reactions(scene: Scene) -> None:
    server, channel, ann = scene.server, scene.channel, scene.ann
    first = await (await ann.slash(channel, "imagine", prompt="a red apple --steps 6")).response(finished)
    second = await (await ann.press(first, "again")).response(finished)
    form = await ann.press(second, "edit")
    third = await (await ann.submit(form, sentence="把苹果改成蓝色")).response(finished)
    assert "blue" in third.says
    recipe = await (await ann.choose(third, MENU, "配方")).response()
    assert recipe.only_for is ann.user and "种子" in recipe.says

    bob = server.member("Bob", channel.guild, locale=CHINESE)
    await bob.react(third, "❌")
    await ann.react(first, "🔁")
    fourth = await channel.message(finished, after=third)
    await ann.react(fourth, "❌")
    await channel.until(lambda _: fourth.deleted)
    assert scene.drawn == [first, second, third]


async def test_a_favourite_and_a_delete_before_others(scene: Scene) -> None:
    server, channel, ann = scene.server, scene.channel, scene.ann
    bob = server.member("Bob", channel.guild, locale="en-US")
    drawn = await (await ann.slash(channel, "imagine", prompt="a red apple --steps 4")).response(finished)
    assert len(drawn.buttons) == 6
    await ann.react(drawn, "❤️")
    await channel.until(lambda _: "已收藏" in drawn.buttons)
    asked = await (await bob.press(drawn, "再来一张")).response()
    assert asked.only_for is bob.user and "Only" in asked.says
    asked = await (await bob.choose(drawn, MENU, "删除")).response()
    assert asked.only_for is bob.user and "Only" in asked.says and not asked.controls
    await ann.submit(await ann.choose(drawn, MENU, "收藏改名"), name="早餐")
    await ann.press(drawn, "已收藏")
    await channel.until(lambda _: "收藏" in drawn.buttons)
    sure = await (await ann.choose(drawn, MENU, "删除")).response()
    await ann.press(sure, "删除")
    await channel.until(lambda _: drawn.deleted and not sure.controls)
    assert "已删除" in sure.says and scene.drawn == [] and channel.seen() == []


async def test_a_table_of_tags(scene: Scene) -> None:
    channel, ann = scene.channel, scene.ann
    drawn = await (await ann.slash(channel, "imagine", prompt="戴红围巾的橘猫，(月亮:1.2) --steps 4")).response(
        finished
    )
    table = await (await ann.press(drawn, "标签表")).response()
    assert table.only_for is ann.user and "橘猫 · orange cat" in table.says and "×1.2" in table.says
    assert len(table.controls) <= 40
    cat = next(one["label"] for one in select(table, "选一个标签来改") if "橘猫" in one["label"])
    await ann.choose(table, "选一个标签来改", cat)
    await channel.until(lambda _: "换成……" in str(table.controls))
    await ann.press(table, "+")
    await channel.until(lambda _: "orange cat ×1.1" in table.says)
    black = next(one["label"] for one in select(table, "换成……") if "black cat" in one["label"])
    await ann.choose(table, "换成……", black)
    await channel.until(lambda _: "black cat ×1.1" in table.says)
    await ann.submit(await ann.press(table, "加标签"), text="灯塔", unwanted="雨")
    await channel.until(lambda _: "lighthouse" in table.says and "rain" in table.says)
    made = await (await ann.press(table, "就这样画")).response(finished)
    assert made.only_for is None and "black cat" in made.says and "lighthouse" in made.says


def select(message: Message, hint: str) -> list[dict[str, str]]:
    """The options of a select."""
    return next(one["options"] for one in message.controls if one.get("placeholder") == hint)


async def test_several_pictures(scene: Scene) -> None:
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="a green tree --steps 4", count=4)
    grid = await asked.response(lambda one: one.files and len(one.buttons) > 4)
    assert {"U1", "U4", "V1", "V4"} <= set(grid.buttons) and len(grid.files) == 1
    large = await (await scene.ann.press(grid, "U2")).response(finished)
    assert large.files[0].width > 128
    again = await (await scene.ann.press(grid, "again_all")).response(finished)
    assert {"U1", "U4"} <= set(again.buttons)
    assert len(scene.drawn) == 3


async def test_a_comparison_is_agreed_to_voted_on_and_taken_over(scene: Scene) -> None:
    server, channel, ann = scene.server, scene.channel, scene.ann
    bob = server.member("Bob", channel.guild, locale=CHINESE)
    asked = await ann.slash(channel, "compare", text="红色的苹果", axes="步数=2,3,4 cfg=2,3")
    sketch = await asked.response(lambda one: "3 列 × 2 行" in one.says)
    sheet = await (await ann.press(sketch, "开始画")).response(lambda one: one.files and "对比：" in one.says)
    assert not sheet.only_for and sheet.buttons == ["1", "2", "3", "4", "5", "6", "🗳 投票"]
    await channel.until(lambda _: len(sheet.reactions) == 6)
    digits = list(sheet.reactions)

    await bob.react(sheet, digits[4])
    await channel.until(lambda _: "🗳 5 号领先：1/1 票" in sheet.buttons)
    ballot = await (await ann.press(sheet, "vote")).response()
    assert ballot.only_for is ann.user and len(ballot.buttons) == 6
    voted = await (await ann.press(ballot, "2")).response()
    assert "并列" in voted.says
    await channel.until(lambda _: "🗳 2, 5 号并列，各 1 票" in sheet.buttons)
    await bob.unreact(sheet, digits[4])
    await channel.until(lambda _: "🗳 2 号领先：1/1 票" in sheet.buttons)

    opened = await (await ann.press(sheet, "3")).response(lambda one: one.files)
    assert opened.only_for is ann.user and "配方" in opened.says
    mine = await (await ann.press(opened, "就用这个")).response()
    assert "4" in mine.says and "恢复原样" in mine.buttons
    drawn = await (await ann.slash(channel, "imagine", prompt="红色的苹果")).response(finished)
    assert "恢复原样了" in (await (await ann.press(mine, "恢复原样")).response()).says

    which = await (await ann.choose(drawn, MENU, "和另一张对比")).response(lambda one: one.files)
    both = await (await ann.press(which, "6")).response(lambda one: "A 和 B" in one.says)
    assert both.only_for is ann.user and both.files and both.buttons == ["打开 A", "打开 B"]
    await ann.react(sheet, "❤️")
    await ann.react(sheet, "✉️")
    await ann.private.until(lambda seen: sum("哪一张" in one.says for one in seen) == 2)
    again = await ann.say(channel, "再来一张", reply_to=sheet)
    told = await channel.message(lambda one: "换个种子" in one.says, after=again)
    assert "6 张" in told.says
    await ann.say(channel, "2 背景换成雪山", reply_to=sheet)
    await channel.message(finished, after=told)


async def test_a_picture_to_draw_over(scene: Scene) -> None:
    with io.BytesIO() as out:
        Image.new("RGB", (160, 96), (200, 60, 20)).save(out, "PNG")
        given = ("photo.png", out.getvalue())
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="a red boat --steps 6", shape="3:2", image=given)
    drawn = await asked.response(finished)
    again = await (await scene.ann.menu(drawn, "Again")).response(finished)
    assert scene.drawn == [drawn, again]
    bad = await scene.ann.slash(scene.channel, "imagine", prompt="a red boat", image=("photo.png", b"no picture"))
    refusal = await bad.response(lambda one: one.says)
    assert not refusal.files and len(scene.drawn) == 2


async def test_a_picture_that_guides(scene: Scene) -> None:
    ann, channel = scene.ann, scene.channel
    with io.BytesIO() as out:
        Image.new("RGB", (96, 96), (200, 60, 20)).save(out, "PNG")
        given = ("photo.png", out.getvalue())
    refused = await ann.slash(channel, "control", guide="pose", prompt="一个女孩", picture=given)
    told = await refused.response(lambda one: "边缘" in one.says)
    assert not told.files
    asked = await ann.slash(
        channel, "control", guide="edges", prompt="一个青梨 --steps 4", picture=given, weight="80%:0-0.9"
    )
    drawn = await asked.response(finished)
    assert "demo-edges × 0.8" in drawn.says and len(drawn.buttons) == 10
    shown = await (await ann.press(drawn, "看控制图")).response()
    assert shown.only_for is ann.user and len(shown.files) == 1
    weaker = await (await ann.press(drawn, "控制弱些")).response(finished)
    assert "demo-edges × 0.6" in weaker.says
    form = await ann.press(drawn, "同样的形，换个内容")
    ball = await (await ann.submit(form, prompt="一个蓝色的球 --steps 4")).response(finished)
    assert "ball" in ball.says and "demo-edges × 0.8" in ball.says
    offered = await (await ann.choose(drawn, MENU, "换预处理")).response()
    other = await (await ann.press(offered, "with_map")).response(finished)
    assert "canny → demo-edges" in other.says
    plain = await (await ann.choose(drawn, MENU, "不要控制")).response(finished)
    assert "demo-edges" not in plain.says and len(plain.buttons) == 6
    assert scene.drawn == [drawn, weaker, ball, other, plain]


async def test_words_used_again_a_favourite_filled_in_and_why(scene: Scene) -> None:
    channel, ann = scene.channel, scene.ann
    first = await (await ann.slash(channel, "imagine", prompt="一只橘猫，森林 --steps 8 --seed 5")).response(finished)
    listed = await (await ann.slash(channel, "prompts", words="CAT")).response(lambda one: one.files)
    assert listed.only_for is ann.user and "一只橘猫，森林" in listed.says and listed.buttons == ["再用 1"]
    again = await (await ann.press(listed, "再用 1")).response(finished)
    assert "orange cat" in again.says

    await (await ann.slash(channel, "favourites save", name="肖像", text="{动物}，在{地点=雪地} --steps 4")).response()
    asked = await (await ann.slash(channel, "favourites use", name="肖像")).response(lambda one: one.buttons)
    assert "动物" in asked.says and asked.buttons == ["填空", "原样画"]
    form = await ann.press(asked, "填空")
    fox = await (await ann.submit(form, 动物="狐狸")).response(finished)
    assert "fox" in fox.says and "snowy field" in fox.says and "动物 = 狐狸" in fox.says

    offer = await (await ann.choose(first, MENU, "为什么？")).response(lambda one: one.buttons)
    assert offer.only_for is ann.user and "算 1 张的额度" in offer.says and "步数 → 32" in offer.buttons
    both = await (await ann.press(offer, "步数 → 32")).response(lambda one: "步数是" in one.says)
    assert both.files[0].width > 256 and both.buttons == ["步数 8", "步数 32", "再看一样"]
    opened = await (await ann.press(both, "步数 32")).response(lambda one: one.files)
    assert opened.only_for is ann.user and opened.files[0].width == 128


async def test_every_command_answers(scene: Scene) -> None:
    offered = await scene.ann.autocomplete(scene.channel, "imagine", "model", "demo", prompt="x")
    assert "danqing-demo" in str(offered)
    needed = {"prompt": {"text": "一只猫"}, "edit": {"change": "把猫改成狗"}, "recipe": {"share": "a" * 16}}
    mods = scene.server.role(scene.channel.guild, "Mods", "manage_guild")
    mia = scene.server.member("Mia", scene.channel.guild, roles=(mods,), locale=CHINESE)
    answered = set()
    for name, command in scene.server.commands().items():
        verbs = [one["name"] for one in command.get("options") or () if one["type"] == 1]
        if command.get("type") == 3 or name in ("imagine", "control", "compare"):
            continue
        asked = await mia.slash(scene.channel, " ".join([name, *verbs[:1]]), **needed.get(name, {}))
        answer = await asked.response(lambda one: one.says)
        assert answer.only_for is mia.user or name in ("edit", "why"), name
        answered.add(name)
    assert {"prompt", "favourites", "history", "models", "queue", "settings", "help", "admin"} <= answered


async def test_a_gateway_that_breaks(scene: Scene) -> None:
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="a blue bird --steps 20")
    await asked.response(waiting)
    resumed = scene.server.gateway.resumed
    scene.server.drop()
    await scene.server.until(lambda: scene.server.gateway.resumed > resumed)
    scene.ann.again(asked)
    await asked.response(finished)
    await scene.quiet()
    assert len(scene.drawn) == 1

    again = await scene.ann.slash(scene.channel, "imagine", prompt="a blue bird --steps 20")
    await again.response(waiting)
    started = scene.server.gateway.identified
    scene.server.drop(resume=False)
    await again.response(finished)
    await scene.server.until(lambda: scene.server.gateway.identified > started)
    await scene.quiet()
    assert len(scene.drawn) == 2


async def test_an_api_that_stumbles(scene: Scene) -> None:
    scene.server.slow_down("/callback", seconds=0.1)
    scene.server.fail("/webhooks/", status=500, done=True)
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="a yellow star --steps 6")
    await asked.response(waiting)
    scene.server.slow_down("/webhooks/", seconds=0.5, times=2)
    scene.server.cut("/webhooks/", done=True)
    scene.server.cut("/webhooks/", done=False)
    await asked.response(finished)
    await scene.quiet()
    assert len(scene.drawn) == 1 and len(scene.channel.seen()) == 1


async def test_a_token_that_expires(scene: Scene) -> None:
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="a purple cat --steps 20")
    await asked.response(waiting)
    asked.expire()
    await scene.channel.message(finished)
    await scene.quiet()
    assert len(scene.drawn) == 1 and len(scene.channel.seen()) == 1


async def test_where_the_bot_is_not(scene: Scene) -> None:
    elsewhere = scene.server.guild("Elsewhere", bot=False).channel("general")
    zoe = scene.server.user("Zoe", installed=True)
    scene.server.join(zoe, elsewhere.guild)
    asked = await zoe.slash(elsewhere, "imagine", prompt="a white dog --steps 20")
    await asked.response(waiting)
    asked.expire()
    await zoe.private.message(finished)


async def test_what_somebody_deleted(scene: Scene) -> None:
    for expired in (False, True):
        asked = await scene.ann.slash(scene.channel, "imagine", prompt="a purple cat --steps 20")
        gone = await asked.response(waiting)
        scene.server.world.delete(gone)
        if expired:
            asked.expire()
        message = await scene.channel.message(finished, after=gone)
        await scene.quiet()
        assert scene.channel.seen()[-1] is message and len(scene.drawn) == 1 + expired
        told = [ping for one in (*message.history, message.content) for ping in one.pings]
        assert told == ([scene.ann.id] if expired else []), "mentioned once where no interaction is answered"


async def test_a_picture_that_discord_never_takes(scene: Scene) -> None:
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="a purple cat --steps 20")
    status = await asked.response(waiting)
    scene.server.fail("messages", method="PATCH", status=413, times=10_000)
    told = await scene.channel.message(lambda one: "/history" in one.says, after=status)
    scene.server.http.faults.clear()
    await scene.quiet()
    assert not scene.drawn and scene.channel.seen() == [status, told]


async def test_a_channel_that_is_gone(scene: Scene) -> None:
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="a purple cat --steps 20")
    await asked.response(waiting)
    scene.server.world.delete(scene.channel.seen()[0])
    asked.expire()
    scene.server.remove(scene.channel)
    message = await scene.ann.private.message(finished)
    await scene.quiet()
    assert scene.drawn == [message]


async def test_a_right_that_is_missing(scene: Scene) -> None:
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="a purple cat --steps 20")
    await asked.response(waiting)
    scene.channel.forbid(scene.server.bot, "view_channel")
    asked.expire()
    await scene.ann.private.message(finished)
    assert len(scene.drawn) == 1


async def test_an_acknowledgement_that_comes_too_late(scene: Scene) -> None:
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="a purple cat --steps 1", late=4)
    await scene.server.until(lambda: asked.late)
    await scene.quiet()
    assert not scene.drawn and not scene.channel.seen()
    scene.server.world.interactions.pop(asked.token)


async def test_a_restart_in_the_middle(scene: Scene) -> None:
    old = await (await scene.ann.slash(scene.channel, "imagine", prompt="a red apple --steps 4")).response(finished)
    asked = await scene.ann.slash(scene.channel, "imagine", prompt="a red apple --steps 60")
    await asked.response(waiting)
    await scene.bot.kill()
    del scene.bot.settings["DANQING_DISCORD_GATEWAY"]  # the API knows it too
    await scene.bot.start()
    message = await asked.response(finished, LOADING)
    again = await (await scene.ann.press(old, "again")).response(finished)
    assert scene.drawn == [old, message, again]
    assert len(scene.server.calls("PUT", "/commands")) == 1, "the commands are told once"


async def test_words_outlive_the_program_too(scene: Scene) -> None:
    """A mention is answered by a reply, in the same message after a crash; what is said of a picture changes it."""
    server, ann = scene.server, scene.ann
    said = await ann.say(scene.channel, f"{server.bot.mention} a red apple --steps 60")
    status = await scene.channel.message(waiting)
    assert status.reply_to is said
    await scene.bot.kill()
    await scene.bot.start()
    await scene.channel.until(lambda _: finished(status), seconds=LOADING)
    await ann.say(scene.channel, "把苹果改成蓝色", reply_to=status)
    changed = await scene.channel.message(finished, after=status)
    assert "blue" in changed.says and scene.drawn == [status, changed]
    asked = await ann.say(ann.private, "一只红苹果 步数6")
    alone = await ann.private.message(finished)
    assert alone.reply_to is asked and "画好了" in alone.says
    assert not server.gateway.intents.message_content
