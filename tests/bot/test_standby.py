"""What a bot answers while another leads, and how it stops waiting."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest

from bot import standby
from bot.settings.config import Config, load
from bot.standby import Standby
from bot.texts import say
from storage.leader import Lead
from tests.patience import until
from tests.stories.test_starts import free_port


def config(tmp_path: Path, **settings: str) -> Config:
    told = {"DATA_FOLDER": str(tmp_path), "WEB_PORT": str(free_port()), "METRICS_PORT": str(free_port()), **settings}
    return load(None, {f"DANQING_{name}": value for name, value in told.items()})


async def told(port: int | None, path: str, language: str = "en") -> tuple[int, str]:
    async with (
        aiohttp.ClientSession(headers={"Accept-Language": language}) as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def test_the_page_and_the_metrics_say_that_it_stands_by(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = config(tmp_path)
    waits = Standby(settings)
    await waits.close()  # which a bot that leads at once does
    waits.open("a-server/danqing")
    assert "standby (a-server/danqing)" in capsys.readouterr().out
    for port in (settings.web.port, settings.metrics.port):
        await until(lambda port=port: _open(port))
        assert await told(port, "/health") == (200, "standby\n")
        assert await told(port, "/health/ready") == (503, "standby\n")
        assert "\ndanqing_leading 0.0\n" in (await told(port, "/metrics"))[1]
        for language in ("en", "zh-CN"):
            said = say("zh" if language == "zh-CN" else "en", "standby.page")
            assert await told(port, "/api/say?text=a", language) == (503, said + "\n")
    await waits.close()
    for port in (settings.web.port, settings.metrics.port):
        assert not await _open(port)


async def _open(port: int | None) -> bool:
    try:
        await told(port, "/health")
    except aiohttp.ClientConnectionError:
        return False
    return True


async def test_without_a_page_the_metrics_answer_alone(tmp_path: Path) -> None:
    settings = config(tmp_path, WEB_ENABLED="false")
    waits = Standby(settings)
    waits.open("")
    await until(lambda: _open(settings.metrics.port))
    assert not await _open(settings.web.port)
    await waits.close()


async def test_an_address_that_the_other_bot_has_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = config(tmp_path, WEB_PORT=str(taken.getsockname()[1]))
        waits = Standby(settings)
        waits.open("")
        await until(lambda: _open(settings.metrics.port))
        await waits.close()
    assert "no health check while this bot stands by" in caplog.text and "web.port" in caplog.text


async def test_it_waits_no_longer_than_it_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, given_up = asyncio.Event(), asyncio.Event()

    async def take(*_: object) -> Lead:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        raise AssertionError

    monkeypatch.setattr(Lead, "take", take)
    stop, settings = asyncio.Event(), config(tmp_path)
    waiting = asyncio.create_task(standby.lead(settings, stop, Standby(settings)))
    await begun.wait()
    stop.set()
    assert await waiting is None and given_up.is_set()
