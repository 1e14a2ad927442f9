"""The command line without a process, for the stories in which nothing depends on one; workers that have imported
already, for those that are not about their start; and a program with a browser before it, for those on the page."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from bot.cli.cli import main
from engine.queue import local_pool
from tests import warm_workers
from tests.patience import PATIENCE
from tests.running import Bot

PASSWORD = "a long password"  # with it, each browser is somebody of its own
Here = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """What `python bot.py` calls, for what is answered in words. A process imports for two seconds, and nothing that is
    said depends on it."""
    return _here(tmp_path, monkeypatch, capsys)


@pytest.fixture
def drawn_here(warm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The same for what is drawn, by workers that have imported already."""
    monkeypatch.setattr(local_pool, "PROGRAM", warm_workers.command(warm))
    monkeypatch.setattr(local_pool, "CLOSING", PATIENCE)  # none is killed that takes long to end on a busy machine
    monkeypatch.setenv("COLUMNS", "200")  # so that no sentence is broken
    return _here(tmp_path, monkeypatch, capsys)


def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:

    def said(*arguments: str, language: str = "en_US.UTF-8") -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DANQING_DATA_FOLDER", str(tmp_path / "data"))
        monkeypatch.setenv("LC_ALL", language)
        monkeypatch.setattr(sys, "argv", ["bot.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), shown.out, shown.err)

    return said


@dataclass(frozen=True)
class Begun:
    """A running program and a browser."""

    bot: Bot
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    async def page(self, *, locale: str = "zh-CN", of: Page | None = None, **context: Any) -> Page:
        """The page as somebody new sees it, or as whoever has `of` before them does."""
        kept = await of.context.storage_state() if of else None
        self.contexts.append(
            await self.browser.new_context(locale=locale, reduced_motion="reduce", storage_state=kept, **context)
        )
        opened = self.contexts[-1]
        if not of:
            body, ours = {"password": PASSWORD}, {"X-Danqing": "1"}
            assert (await opened.request.post(f"{self.bot.address}/login", data=body, headers=ours)).ok
        page = await opened.new_page()
        await page.goto(self.bot.address)
        return page


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def program_and_browser(
    tmp_path_factory: pytest.TempPathFactory, warm: str, browser: Browser
) -> AsyncIterator[Begun]:
    settings = {"DANQING_WEB_PASSWORD": PASSWORD, "DANQING_TRAINING_WHO": "everybody"}
    bot = Bot(tmp_path_factory.mktemp("page"), settings, warm=warm)
    await bot.start()
    yield Begun(bot, browser)
    assert await bot.stop() == 0


@pytest_asyncio.fixture(loop_scope="session")
async def begun(program_and_browser: Begun) -> AsyncIterator[Begun]:
    """One start of the program for the stories of a module, each with people of its own."""
    yield program_and_browser
    for one in program_and_browser.contexts:
        await one.close()
    program_and_browser.contexts.clear()
    if program_and_browser.bot.process.returncode is not None:  # a story broke off
        await program_and_browser.bot.start()
