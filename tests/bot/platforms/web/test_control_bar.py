"""A picture attached on the page is drawn over, or guides: what of it, how strongly, and from when to when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, expect

from tests.bot.platforms.web.conftest import Serve
from tests.bot.platforms.web.desk import drawing
from tests.bot.platforms.web.test_page import CHROMIUM, PHONE, WIDE, Look, look, no_sideways_scroll

__all__ = ["look"]
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.page,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
SHOWN = FilePayload(name="disc.png", mimeType="image/png", buffer=drawing(3))


@pytest.mark.parametrize(("name", "context"), [("phone", PHONE), ("wide", WIDE)])
async def test_an_attached_picture_guides(
    serve: Serve, look: Look, tmp_path: Path, name: str, context: dict[str, Any]
) -> None:
    served = await serve()
    page = await look(served, **context)
    await page.locator("#composer input[type=file]").set_input_files([SHOWN])
    bar = page.locator(".control-bar")
    await expect(bar).to_be_visible()
    await expect(bar.locator(".control-more")).to_be_hidden()
    await bar.locator("select").select_option(label="边缘")
    weight, start, end = (bar.locator("input[type=range]").nth(at) for at in range(3))
    await weight.fill("0.8")
    await end.fill("0.3")
    await start.fill("0.4")
    await expect(bar.locator("output")).to_have_text(["0.80", "40 %", "45 %"])
    await no_sideways_scroll(page)
    assert all([(await one.bounding_box() or {"height": 0})["height"] > 0 for one in (weight, start, end)])
    await page.screenshot(path=tmp_path / f"control-{name}.png")
    line = page.locator("#composer textarea")
    await line.fill("一个青梨")
    await line.press("Enter")
    await expect(page.locator(".message.person")).to_contain_text("一个青梨 --control edges:0.8:0.4-0.45")
    await expect(bar).to_have_count(0)
    await expect(page.locator(".job.done")).to_have_count(1)
    [request] = served.desk.requests
    assert request.text == "一个青梨 --control edges:0.8:0.4-0.45" and len(request.files) == 1


async def test_what_is_not_chosen_is_drawn_over(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served, locale="en-US")
    await page.locator("#composer input[type=file]").set_input_files([SHOWN])
    await expect(page.locator(".control-bar option").first).to_have_text("Draw over it")
    line = page.locator("#composer textarea")
    await line.fill("a pear")
    await line.press("Enter")
    await expect(page.locator(".message.person")).to_contain_text("a pear")
    await expect(page.locator(".job.done")).to_have_count(1)
    assert [one.text for one in served.desk.requests] == ["a pear"]
    several = [FilePayload(name=f"{at}.png", mimeType="image/png", buffer=drawing(at)) for at in range(2)]
    await page.locator("#composer input[type=file]").set_input_files(several)
    await expect(page.locator(".attachment img")).to_have_count(2)
    await expect(page.locator(".control-bar")).to_have_count(0)


async def test_a_name_of_several_words_is_quoted(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served, locale="en-US")
    await page.locator("#composer input[type=file]").set_input_files([SHOWN])
    await page.locator(".control-bar select").select_option(label="soft edges")
    line = page.locator("#composer textarea")
    await line.fill("a lion")
    await line.press("Enter")
    await expect(page.locator(".message.person")).to_contain_text('a lion --control "soft edges":1')
