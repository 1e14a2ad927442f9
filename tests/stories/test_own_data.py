"""Somebody in Taiwan takes their data along and leaves: the shipped program, a real browser, three days later."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from storage.sqlite_file import FILE
from tests.bot.platforms.web.test_page import CHROMIUM, WIDE, no_sideways_scroll, write
from tests.patience import until
from tests.running import Bot
from tests.stories.test_page import pictures

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),  # the browser's
    pytest.mark.page,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


async def test_from_a_picture_to_a_zip_and_to_nothing(tmp_path: Path, warm: str, browser: Browser) -> None:
    bot = Bot(tmp_path, warm=warm)
    await bot.start()
    context = await browser.new_context(locale="zh-TW", reduced_motion="reduce", accept_downloads=True, **WIDE)
    page = await context.new_page()
    await page.goto(bot.address)
    await write(page, "雪地裡的企鵝")
    await pictures(page, 1)
    await write(page, "/mydata")
    async with page.expect_download() as coming:
        await page.locator("a[href='/api/mydata']").click()
    await (await coming.value).save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip") as found:
        assert "雪地裡的企鵝" in found.read("data.json").decode() and found.testzip() is None
        assert sum(name.startswith("pictures/") for name in found.namelist()) == 1
    await write(page, "/forget")
    await page.locator("#log [data-action=forget]").click()
    await page.locator("dialog").get_by_role("button", name="忘掉我").click()
    await expect(page.get_by_text("72 小時後忘掉你的一切")).to_be_visible()
    await page.screenshot(path=tmp_path / "leaving.png")
    await no_sideways_scroll(page)
    await bot.stop()
    folder = next(tmp_path.rglob(FILE)).parent
    with sqlite3.connect(folder / FILE) as known:
        known.execute("UPDATE leaving SET due = '2020-01-01 00:00:00.000000'")
    known.close()
    await bot.start()

    async def nothing_left() -> bool:
        files = [path for path in (folder / "pictures").rglob("*") if path.is_file()]
        rows = b"".join(path.read_bytes() for path in folder.glob(f"{FILE}*"))
        return not files and "企鵝".encode() not in rows and "企鹅".encode() not in rows

    await until(nothing_left, every=0.2)
    await page.goto(bot.address)
    await expect(page.locator("#empty")).to_be_visible()
    await context.close()
    await bot.stop()
