"""The page's painter of regions, in a real Chromium: mouse, finger, words, back and forth, its map."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot.studio.painted_regions import as_map
from engine.pixels import region_map
from engine.regions import Regions
from tests.bot.platforms.web.conftest import Serve
from tests.bot.platforms.web.test_page import CHROMIUM, PHONE, Look, look, no_sideways_scroll, still

__all__ = ["look"]
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.page,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
Spots = Sequence[tuple[float, float]]
LEFT, RIGHT = ((0.25, 0.3), (0.25, 0.7)), ((0.75, 0.3), (0.75, 0.7))


async def opened(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("涂色分区|Paint regions")).click()
    await expect(page.locator("dialog.regions canvas")).to_be_visible()


async def does(page: Page, what: str) -> None:
    await page.locator(f'dialog.regions [data-does="{what}"]').click()


async def paint(page: Page, spots: Spots, colour: str = "") -> None:
    """A stroke from spot to spot, in shares of the canvas, with a colour or what is chosen."""
    if colour:
        await page.locator(f'dialog.regions [data-colour="{colour}"]').click()
    box = await still(page.locator("dialog.regions canvas"))
    for at, (x, y) in enumerate(spots):
        await page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if not at:
            await page.mouse.down()
    await page.mouse.up()


async def covered(page: Page) -> float:
    """The share of the canvas that is painted."""
    return float(
        await page.locator("dialog.regions canvas").evaluate(
            """canvas => {
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              return data.filter((shade, at) => at % 4 === 3 && shade > 127).length / (canvas.width * canvas.height);
            }"""
        )
    )


async def test_regions_are_painted_by_mouse_named_sent_and_painted_again(
    serve: Serve, look: Look, tmp_path: Path
) -> None:
    served = await serve()
    page = await look(served)
    line = page.locator("#composer textarea")
    await line.fill("森林 --ar 4:3 --steps 9")
    await opened(page)
    dialog = page.locator("dialog.regions")
    await expect(dialog.get_by_label("背景")).to_have_value("森林")
    await paint(page, LEFT)
    once = await covered(page)
    assert 0.03 < once < 0.2
    await paint(page, RIGHT, "blue")
    await does(page, "eraser")
    await paint(page, RIGHT)
    assert await covered(page) == pytest.approx(once, rel=0.05)
    await does(page, "undo")
    assert await covered(page) == pytest.approx(2 * once, rel=0.02)
    await does(page, "clear")
    assert await covered(page) == 0
    await does(page, "undo")
    await does(page, "use")
    await expect(page.locator(".toast")).to_contain_text("红色里画什么")
    await dialog.get_by_label("红色的词").fill("一只猫")
    await dialog.get_by_label("蓝色的词").fill("一条狗 | 帽子")
    await page.screenshot(path=tmp_path / "wide.png")
    await does(page, "use")
    await expect(line).to_have_value("红：一只猫 | 蓝：一条狗, 帽子 | 背景：森林 --steps 9")
    await expect(page.locator(".attachment img")).to_be_visible()
    await expect(page.locator(".control-bar")).to_have_count(0)
    await opened(page)  # what was painted is there, with its words
    await expect(dialog.get_by_label("红色的词")).to_have_value("一只猫")
    assert await covered(page) == pytest.approx(2 * once, rel=0.02)
    await does(page, "add")
    await dialog.get_by_label("绿色的词").fill("一棵树")
    await does(page, "use")
    await expect(page.locator(".toast").last).to_contain_text("绿")
    await paint(page, ((0.5, 0.1), (0.52, 0.1)))
    await does(page, "use")
    await expect(line).to_have_value("红：一只猫 | 蓝：一条狗, 帽子 | 绿：一棵树 | 背景：森林 --steps 9")
    await line.press("Enter")
    await expect(page.locator(".job.done")).to_have_count(1)
    [request] = served.desk.requests
    [file] = request.files
    assert request.text.startswith("红：一只猫 | 蓝：")
    names = ("red", "blue", "green")
    masks = region_map.opened(Regions(names, map="x"), {"x": as_map(file.content, names)})
    high, wide = masks["red"].shape
    assert wide / high == pytest.approx(4 / 3, rel=0.02)
    assert masks["red"][high // 2, wide // 4] and masks["blue"][high // 2, 3 * wide // 4]
    assert masks["green"][high // 10, wide // 2] and not masks["red"][high // 2, wide // 2]


async def test_on_a_phone_a_finger_paints_and_all_is_in_reach(serve: Serve, look: Look, tmp_path: Path) -> None:
    served = await serve()
    page = await look(served, locale="en-US", **PHONE)
    await page.locator("#composer textarea").fill("green: a tree | Purple: a cat | background: sea")
    await opened(page)
    dialog = page.locator("dialog.regions")
    await expect(dialog.get_by_label("Words for purple")).to_have_value("a cat")
    box = await still(dialog.locator("canvas"))
    assert box["width"] > 250 and box["height"] > 250
    for at, colour in ((0.25, "green"), (0.75, "purple")):
        await dialog.locator(f'[data-colour="{colour}"]').tap()
        await page.touchscreen.tap(box["x"] + at * box["width"], box["y"] + 0.5 * box["height"])
    assert await covered(page) == pytest.approx(2 * 0.0113, rel=0.1)  # two dabs, 0.12 of the canvas wide
    await no_sideways_scroll(page)
    await expect(dialog.locator('[data-does="use"]')).to_be_in_viewport()
    await page.screenshot(path=tmp_path / "phone.png")
    await does(page, "use")
    await expect(page.locator("#composer textarea")).to_have_value("green: a tree | purple: a cat | background: sea")
    await page.screenshot(path=tmp_path / "composer.png")
