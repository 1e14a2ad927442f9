"""How the shipped program starts: with the page or without it, and in one plain line where it cannot."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from storage.database import Database
from tests.patience import PATIENCE, until
from tests.peers.discord import DiscordServer
from tests.peers.telegram import TelegramServer
from tests.running import ROOT
from tests.stories.conftest import Here

LANGUAGES = {"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@asynccontextmanager
async def process(folder: Path, language: str = "en", **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("DANQING_")}
    environ |= {"DANQING_DATA_FOLDER": str(folder / "data"), "DANQING_WEB_PORT": "0", "LANG": LANGUAGES[language]}
    environ |= {f"DANQING_{name}": value for name, value in settings.items()}
    with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
        started = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOT / "bot.py"), "run", cwd=folder, env=environ, stdout=out, stderr=err
        )
        try:
            yield started
        finally:
            if started.returncode is None:
                started.kill()
                await started.wait()


async def last_line(folder: Path, language: str = "en", **settings: str) -> str:
    """What a start says that fails: the one line after what the log tells of its beginning."""
    async with process(folder, language, **settings) as started:
        assert await asyncio.wait_for(started.wait(), PATIENCE) == 1
    told = (folder / "err.txt").read_text("utf-8").splitlines()
    assert not [line for line in told if "Traceback" in line or "File" in line or "Error" in line], told
    plain = [line for line in told if not line.startswith((" ", "["))]  # the log's lines begin with a time, or its room
    assert plain == told[-1:], told
    return plain[0]


def telegram_of(server: TelegramServer) -> dict[str, str]:
    return {
        "TELEGRAM_TOKEN": server.token,
        "TELEGRAM_API_BASE": server.api_base,
        "TELEGRAM_FILE_BASE": server.file_base,
    }


def discord_of(server: DiscordServer) -> dict[str, str]:
    return {
        "DISCORD_TOKEN": server.token,
        "DISCORD_API_BASE": server.api_base,
        "DISCORD_GATEWAY": server.gateway_base,
    }


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_taken_port_with_both_tokens(tmp_path: Path, language: str) -> None:
    async with TelegramServer() as telegram, DiscordServer() as discord:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            line = await last_line(tmp_path, language, WEB_PORT=port, **telegram_of(telegram), **discord_of(discord))
    assert port in line and "web.port" in line and ("占用" in line) is (language == "zh")


async def test_a_taken_webhook_port_while_the_page_is_open(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            hook = {
                "TELEGRAM_WEBHOOK": "https://bot.example.org/telegram",
                "TELEGRAM_WEBHOOK_PORT": str(taken.getsockname()[1]),
            }
            line = await last_line(tmp_path, **telegram_of(telegram), **hook)
    assert "telegram.webhook_port" in line


async def test_a_wrong_telegram_token_while_page_and_discord_are_open(tmp_path: Path) -> None:
    async with TelegramServer() as telegram, DiscordServer() as discord:
        wrong = telegram_of(telegram) | {"TELEGRAM_TOKEN": "123456789:" + "x" * 35}
        line = await last_line(tmp_path, "zh", **wrong, **discord_of(discord))
    assert "Telegram 不认这个令牌" in line


async def test_a_wrong_discord_token_before_telegram_begins(tmp_path: Path) -> None:
    async with TelegramServer() as telegram, DiscordServer() as discord:
        wrong = discord_of(discord) | {"DISCORD_TOKEN": discord.token[:-4] + "nope"}
        line = await last_line(tmp_path, **wrong, **telegram_of(telegram))
    assert "Discord refuses this token" in line


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"STORAGE_URL": "postgresql://a@127.0.0.1:9/d"}, "127.0.0.1/d"),
        ({"DATA_FOLDER": "/dev/null/data"}, "/dev/null/data"),
        ({"WEB_HOST": "no-such-name.invalid", "WEB_PASSWORD": "a long password"}, "web.host"),
        ({"WEB_HOST": "192.0.2.1", "WEB_PASSWORD": "a long password"}, "web.host"),
        ({"WEB_ENABLED": "no"}, "web.enabled"),
        ({"WEB_PORT": "seventy"}, "web.port"),
        ({"DISCORD_TOKEN_FILE": "nowhere.txt"}, "discord.token_file"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
async def test_starts_that_fail_say_what_to_do(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    assert words in await last_line(tmp_path, **settings)


async def test_databases_that_cannot_be_used(tmp_path: Path) -> None:
    await (await Database.open("", tmp_path / "data")).close()
    (file,) = (tmp_path / "data").glob("*.sqlite3")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "newer version" in await last_line(tmp_path)
    file.write_bytes(b"no database at all" * 100)
    assert str(file) in await last_line(tmp_path)


async def test_the_page_can_be_off(tmp_path: Path) -> None:
    """Telegram answers, and nothing listens where the page would be."""
    port = free_port()
    async with TelegramServer() as telegram:
        ann = telegram.user("Ann", language="en")
        chat = telegram.private(ann)
        settings = telegram_of(telegram) | {"WEB_ENABLED": "false", "WEB_PORT": str(port)}
        async with process(tmp_path, **settings) as started:
            await telegram.connected()
            await chat.say(ann, "/samplers")
            assert (await chat.answer()).text
            await until((tmp_path / "out.txt").read_text)
            async with aiohttp.ClientSession() as session:
                with pytest.raises(aiohttp.ClientConnectionError):
                    await session.get(f"http://127.0.0.1:{port}/")
            started.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(started.wait(), PATIENCE) == 0
    said = (tmp_path / "out.txt").read_text("utf-8")
    assert "Telegram" in said and "http" not in said


async def test_a_model_that_is_not_there_is_told_of_and_the_rest_works(tmp_path: Path) -> None:
    async with process(tmp_path, ENGINE_MODEL="danqing-dmeo", LOG_FORMAT="json") as started:
        await until((tmp_path / "out.txt").read_text)
        started.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(started.wait(), PATIENCE) == 0
    told = [json.loads(line) for line in (tmp_path / "err.txt").read_text("utf-8").splitlines()]
    (warned,) = [one["message"] for one in told if one["logger"] == "bot.app" and one["level"] == "warning"]
    assert "danqing-dmeo" in warned and "danqing-demo" in warned


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_when_it_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    async with process(tmp_path) as started:
        await until((tmp_path / "out.txt").read_text)
        started.send_signal(number)
        assert await asyncio.wait_for(started.wait(), PATIENCE) == 0
    assert "Traceback" not in (tmp_path / "err.txt").read_text("utf-8")


async def test_a_second_bot_on_a_file_says_who_has_it_and_commands_work_beside(tmp_path: Path, here: Here) -> None:
    second = tmp_path / "second"
    second.mkdir()
    async with process(tmp_path) as first:
        await until((tmp_path / "out.txt").read_text)
        line = await last_line(second, "zh", DATA_FOLDER=str(tmp_path / "data"))
        assert "已有一个丹青" in line and str(first.pid) in line and "data.folder" in line
        beside = await asyncio.to_thread(here, "history", "--json")
        assert (beside.returncode, beside.stdout) == (0, '{"pictures": [], "next": null}\n'), beside.stderr
        first.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(first.wait(), PATIENCE) == 0
