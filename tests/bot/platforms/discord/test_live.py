"""Over loopback, against the server that checks every request: a crowd, and somebody who brought the bot along."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from bot.desk import StudioDesk
from bot.platforms.discord.settings import DiscordSettings
from bot.studio import forgetting
from bot.texts import say
from prompts.errors import Refusal
from tests.bot.platforms.discord.desk import chat_on
from tests.bot.platforms.discord.live import crowd, house, live
from tests.fakes import FakePool
from tests.peers.discord import DiscordServer

QUARTER = 15 * 60 + 1.0


async def test_more_people_at_once_than_can_be_drawn_for_are_each_answered_once(tmp_path: Path) -> None:
    found = await crowd(tmp_path, 40, 0.2, 240.0)  # for 32 there is a row at once
    assert (len(found.acknowledged), found.answered, found.posted) == (40, 40, 40)


async def test_who_brought_the_bot_along_gets_a_late_picture_directly(tmp_path: Path) -> None:
    """In a server the bot is not in, it has no rights but those of the interaction."""
    pool = FakePool()
    now = [0.0]
    async with live(tmp_path, pool, lambda: now[0]) as server:
        elsewhere = server.guild("Elsewhere", bot=False)
        channel = elsewhere.channel("chat")
        ann = server.member("Ann", elsewhere, installed=True)
        asked = await ann.slash(channel, "imagine", prompt="a red apple")
        await server.until(lambda: pool.drawn)
        await asked.response(lambda one: "Drawing" in one.content.text)
        now[0] += QUARTER
        asked.expire()
        pool.finish(pool.drawn[0][0])
        await server.until(lambda: any(one.files and one.channel is ann.private for one in server.sent))


async def test_between_two_people_secrets_stay_with_whoever_asked(tmp_path: Path) -> None:
    async with live(tmp_path, FakePool()) as server:
        ann, bob = server.user("Ann", installed=True), server.user("Bob")
        asked = await ann.slash(server.group(ann, bob), "settings")
        await asked.response(lambda one: "Your settings" in one.content.text and one.only_for)
        asked = await ann.slash(server.group(ann, bob), "link")
        await asked.response(lambda one: "private" in one.content.text)


async def test_a_token_that_is_refused_says_so(tmp_path: Path) -> None:
    async with DiscordServer() as server, house(tmp_path, FakePool()) as studio:
        settings = DiscordSettings(token="a.b.c", api_base=server.api_base, gateway=server.gateway_base)
        with pytest.raises(Refusal, match="refused"):
            await studio.open([chat_on(studio, settings)], StudioDesk(studio))
        server.violations.clear()  # that it came with another token was the point


async def test_a_discord_that_is_away_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with DiscordServer() as server, house(tmp_path, FakePool()) as studio:
        settings = DiscordSettings(token=server.token, api_base=server.api_base)  # its gateway is asked for
        server.cut("/users/@me", times=2)  # aiohttp tries a broken connection once more
        chat = chat_on(studio, settings)
        await studio.open([chat], StudioDesk(studio))
        assert not chat.client.is_ready()
        await server.ready("imagine")


async def test_with_direct_messages_closed_the_original_comes_beside_the_button(tmp_path: Path) -> None:
    pool = FakePool(seconds=0.01)
    async with live(tmp_path, pool) as server:
        guild = server.guild("Studio")
        ann = server.member("Ann", guild)
        ann.refuse_messages()
        asked = await ann.slash(guild.channel("painting"), "imagine", prompt="a red apple")
        drawn = await asked.response(lambda one: one.files)
        chosen = await ann.choose(drawn, "More…", "Original file")
        sent = await chosen.response(lambda one: one.files)
        assert sent.only_for and sent.files[0].name.endswith(".png")


async def test_in_a_room_for_adults_adults_are_drawn_and_children_are_not(tmp_path: Path) -> None:
    pool = FakePool(seconds=0.01)
    async with live(tmp_path, pool) as server:
        guild = server.guild("Studio")
        ann = server.member("Ann", guild)
        asked = await ann.slash(guild.channel("painting"), "imagine", prompt="a nude woman")
        await asked.response(lambda one: say("en", "access.adult") in one.content.text)
        late = guild.channel("late", nsfw=True)
        asked = await ann.slash(late, "imagine", prompt="a nude woman")
        await asked.response(lambda one: one.files)
        for text in ("a nude little girl", "小女孩，不要衣服"):
            asked = await ann.slash(late, "imagine", prompt=text)
            await asked.response(lambda one: say("en", "access.minors") in one.content.text)
        assert len(pool.drawn) == 1


async def test_everything_comes_as_a_file_and_a_last_word_directly(tmp_path: Path) -> None:
    pool = FakePool(seconds=0.01)
    async with DiscordServer() as server, house(tmp_path, pool) as studio:
        settings = DiscordSettings(token=server.token, api_base=server.api_base, gateway=server.gateway_base, pace=0.1)
        await studio.open([chat_on(studio, settings)], StudioDesk(studio))
        await studio.queue.start()
        await server.ready("forget")
        ann = server.member("Ann", server.guild("Studio"), locale="zh-TW")
        asked = await ann.slash(ann.private, "mydata")
        told = await asked.response(lambda one: one.files)
        with zipfile.ZipFile(io.BytesIO(told.files[0].content)) as found:
            assert str(ann.id).encode() in found.read("data.json")
        asked = await ann.slash(ann.private, "forget")
        first = await asked.response(lambda one: "反悔" in one.content.text)
        pressed = await ann.press(first, first.buttons[0])
        sure = await pressed.response(lambda one: one.buttons)
        pressed = await ann.press(sure, sure.buttons[0])
        await pressed.response(lambda one: "72 小時" in one.content.text)
        now = studio.db.now()
        studio.now = lambda: now + timedelta(days=3, minutes=1)
        assert await forgetting.forget_due(studio) == 1
        words = [(one.channel, one.content.text) for one in server.sent]
        assert words[-1][0] is ann.private and "都忘掉了" in words[-1][1]
        known = b"".join(path.read_bytes() for path in tmp_path.rglob("*.sqlite3*"))
        assert str(ann.id).encode() not in known
