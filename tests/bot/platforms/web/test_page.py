"""The page in a real Chromium: a person writes, watches, presses, searches, with a mouse, a keyboard and a phone."""

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    FilePayload,
    FloatRect,
    Locator,
    Page,
    expect,
)

from bot.chat import Card, Say
from engine.job import State
from prompts.errors import Refusal
from storage import pictures
from storage.jobs import Place
from tests.bot.platforms.web.conftest import Serve, Served
from tests.bot.platforms.web.desk import drawing
from tests.patience import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
expect.set_options(timeout=PATIENCE * 1000)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
CAT = "一只戴红色帽子的橘猫，水彩"

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.page,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
Look = Callable[..., Awaitable[Page]]


async def still(one: Locator) -> FloatRect:
    """Where something stands on the page, once it moves no more."""
    before = None
    while True:
        box = await one.bounding_box()
        if box and box == before:
            return box
        before = box
        await one.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest_asyncio.fixture(loop_scope="session")
async def look(browser: Browser) -> AsyncIterator[Look]:
    """Opens the page: `await look(served, "#history", locale="en-US", **PHONE)`. Fails for any error in its console,
    other than answers that a test has asked for."""
    problems: list[str] = []
    contexts: list[BrowserContext] = []

    async def opened(served: Served, path: str = "", *, locale: str = "zh-CN", **context: Any) -> Page:
        contexts.append(await browser.new_context(locale=locale, reduced_motion="reduce", **(context or WIDE)))
        page = await contexts[-1].new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        page.on(
            "requestfailed", lambda asked: print(asked.method, asked.url, asked.failure)
        )  # shown where a test fails
        page.on("response", lambda answer: answer.ok or print(answer.status, answer.url))
        page.on("framenavigated", lambda frame: print("at", frame.url))
        await page.goto(f"{served.url}/{path}")
        return page

    yield opened
    for one in contexts:
        await one.close()
    assert [line for line in problems if "Failed to load resource" not in line and "net::ERR" not in line] == []


async def write(page: Page, text: str) -> None:
    line = page.locator("#composer textarea")
    await line.fill(text)
    await line.press("Enter")  # wherever the focus is by now: a panel that opens takes it


async def no_sideways_scroll(page: Page) -> None:
    width = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert width <= 0
    inner = await page.evaluate(
        "() => { const s = document.getElementById('scroll'); return s.scrollWidth - s.clientWidth }"
    )
    assert inner <= 0


async def test_a_line_is_understood_drawn_and_shown(serve: Serve, look: Look, tmp_path: Path) -> None:
    served = await serve(alone=False)
    page = await look(served)
    await expect(page.locator("#empty h2")).to_have_text("想画点什么？")
    await page.screenshot(path=tmp_path / "empty.png")
    await write(page, CAT)
    await expect(page.locator(".message.person")).to_have_text(CAT)
    card = page.locator(".message.bot")
    await expect(card.locator("blockquote")).to_have_text(CAT)
    await expect(card.locator(".part h4")).to_have_text(["画质与风格", "主体", "场景与细节"])
    cat = card.locator(".part.subject .tag").first
    await expect(cat).to_contain_text("橘猫")
    await expect(cat).to_contain_text("an orange cat")
    await expect(card.locator(".tag b").first).to_have_text("×1.2")
    await expect(card.locator(".negative .tag").first).to_be_hidden()
    await card.locator(".negative summary").click()
    await expect(card.locator(".negative .tag").first).to_have_text("blurry补充")
    await expect(card.locator(".where")).to_have_text("排队第 2 位")
    await expect(card.locator(".left")).to_contain_text("秒")
    await served.desk.step("job0", 10)
    await expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    await expect(card.locator(".preview")).to_be_visible()
    await expect(card.locator(".negative .tag").first).to_be_visible()  # what was opened stays open
    await page.screenshot(path=tmp_path / "running.png")
    await served.desk.end("job0", State.DONE)
    picture = card.locator("a.frame img")
    await expect(picture).to_be_visible()
    assert (await picture.bounding_box() or {"width": 0})["width"] > 300, "a small picture is shown large"
    labels = ["再来一张", "变化", "放大 ×2", "改一改", "收藏", "标签表", "更多"]
    await expect(card.locator(".toolbar .button:visible")).to_have_text(labels)
    await card.get_by_role("button", name="更多").click()
    await expect(card.locator(".toolbar .button", has_text="拉远")).to_be_visible()
    await expect(card.get_by_role("button", name="更多")).to_have_count(0)
    await page.screenshot(path=tmp_path / "done.png")
    await no_sideways_scroll(page)


async def test_the_page_fits_a_phone_and_the_dark(serve: Serve, look: Look, tmp_path: Path) -> None:
    served = await serve()
    page = await look(served, locale="en-US", **PHONE)
    await expect(page.locator("#empty h2")).to_be_visible()
    await no_sideways_scroll(page)
    await write(page, "四张 cats")
    await expect(page.locator("a.frame img")).to_have_count(4)
    await no_sideways_scroll(page)
    await write(page, "word" * 300)
    await expect(page.locator(".message.person")).to_have_count(2)
    await expect(page.locator(".job.done")).to_have_count(2)
    await no_sideways_scroll(page)
    await expect(
        page.locator(".job.done .head").last
    ).to_be_in_viewport()  # the view follows to the head of a tall card
    await page.screenshot(path=tmp_path / "phone.png")
    await page.locator("#open-history").click()
    await expect(page.locator(".grid .thumb")).to_have_count(5)
    await expect(page.locator("#talk")).to_have_attribute("inert", "")
    await page.screenshot(path=tmp_path / "phone-history.png")
    await page.locator(".grid .thumb").first.click()
    await expect(page.locator("dialog.picture")).to_be_visible()
    await page.screenshot(path=tmp_path / "phone-picture.png")
    await page.get_by_role("button", name="Use this recipe").click()
    await expect(page.locator("#panel")).to_be_hidden()
    await expect(page.locator("#composer textarea")).to_be_focused()
    narrow = await look(served, color_scheme="dark", viewport={"width": 360, "height": 640})
    await expect(narrow.locator(".job.done")).to_have_count(2)
    await no_sideways_scroll(narrow)
    await narrow.screenshot(path=tmp_path / "narrow-dark.png")


async def test_the_view_follows_until_the_person_scrolls_up(serve: Serve, look: Look) -> None:
    served = await serve(alone=False)
    page = await look(served, viewport={"width": 800, "height": 500})
    for number in range(3):
        await write(page, f"picture {number}")
        await expect(page.locator(".message.bot .head").nth(number)).to_be_in_viewport()
        await served.desk.end(f"job{number}", State.DONE)
        await expect(page.locator(".job.done")).to_have_count(number + 1)
        await expect(page.locator(".message.bot .head").nth(number)).to_be_in_viewport()
    await page.locator("#scroll").hover()
    await page.mouse.wheel(0, -900)
    await expect(page.locator("#newest")).to_be_visible()
    await still(page.locator(".message").first)  # scrolled as far as it goes
    before = await page.locator("#scroll").evaluate("node => node.scrollTop")
    await served.chat.send(Place("web", "local"), Card(text=Say("job.cancelled")), "late")
    await expect(page.locator(".message.bot")).to_have_count(4)
    assert await page.locator("#scroll").evaluate("node => node.scrollTop") == before
    await page.locator("#newest").click()
    await expect(page.locator(".message.bot").last).to_be_in_viewport()


async def test_buttons_draw_again_favourite_and_delete(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    await write(page, CAT)
    await page.locator(".job.done [data-action=again]").click()
    await expect(page.locator(".job.done")).to_have_count(2)
    assert served.desk.presses[0].action == "again"
    shown = page.locator(".job.done").last.locator(".toolbar > :visible")
    await expect(shown).to_have_count(7)
    star = page.locator("[data-action=favourite]").last
    await star.click()
    await expect(page.locator(".toast").last).to_contain_text("已收藏为")
    saved = page.locator("[data-action=unfavourite]")
    await expect(saved).to_have_attribute("aria-pressed", "true")
    await expect(saved).to_be_focused()
    await saved.click()
    await expect(saved).to_have_count(0)
    await star.click()
    await expect(saved).to_have_count(1)
    await page.locator(".job.done").last.locator(".more").click()
    await page.locator("[data-action=rename]").click()
    await page.get_by_role("textbox", name="名字").fill("我的猫")
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast").last).to_contain_text("我的猫")
    served.desk.presses.clear()
    delete = page.locator("[data-action=delete]").last
    await delete.click()
    await page.locator("dialog.ask").get_by_role("button", name="取消").click()
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(delete).to_be_focused()
    assert not served.desk.presses
    await delete.click()
    await page.locator("dialog.ask footer").get_by_role("button", name="删除").click()
    await expect(page.locator(".toast", has_text="已删除")).to_be_visible()
    assert served.desk.presses[-1].action == "delete"


async def test_a_waiting_job_can_be_cancelled(serve: Serve, look: Look) -> None:
    served = await serve(alone=False)
    page = await look(served)
    await write(page, CAT)
    await page.get_by_role("button", name="取消").click()
    await expect(page.locator(".message.bot")).to_have_class("message bot job cancelled")
    await expect(page.get_by_role("button", name="重试")).to_be_focused()  # the focus stays with the card


async def test_the_recipe_shows_everything_and_can_be_used(serve: Serve, look: Look, tmp_path: Path) -> None:
    served = await serve()
    page = await look(served)
    await write(page, CAT)
    await page.locator(".job.done [data-action=again]").click()
    await expect(page.locator(".job.done")).to_have_count(2)
    await page.locator(".job.done").last.locator(".more").click()
    await page.locator("[data-action=recipe]").last.click()
    dialog = page.locator("dialog.picture")
    await expect(dialog.locator("dd.seed")).to_contain_text("2")
    await expect(dialog.locator("dd.sampler")).to_have_text("DPM++ 2M Karras")
    await page.screenshot(path=tmp_path / "recipe.png")
    await dialog.get_by_role("button", name="复制种子").click()
    await expect(page.locator(".toast")).to_have_text("已复制")
    await dialog.locator(".family .thumb").click()  # its parent
    await expect(dialog.locator("dd.seed")).to_contain_text("1")
    await page.go_back()
    await expect(dialog.locator("dd.seed")).to_contain_text("2")
    await dialog.get_by_role("button", name="用这个配方").click()
    await expect(dialog).to_have_count(0)
    text = await page.locator("#composer textarea").input_value()
    assert text.startswith(CAT) and "--seed 2" in text and "--steps 20" in text


async def test_switching_the_language_says_everything_again(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served, locale="en-GB")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await write(page, CAT)
    await expect(page.locator(".job.done .head p")).to_contain_text("Done")
    await page.locator("#composer textarea").fill("half a line")
    await page.get_by_label("Language").select_option("简体中文")
    await expect(page.locator(".job.done .head p")).to_contain_text("画好了")
    await expect(page.locator(".part h4").first).to_have_text("画质与风格")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(page.locator("#composer textarea")).to_have_value("half a line")
    await page.reload()
    await expect(page.locator("#open-history")).to_have_text("历史")
    await write(page, "red apple")
    await expect(page.locator(".job.done")).to_have_count(2)


async def test_history_is_searched_and_leads_to_pictures(serve: Serve, look: Look, tmp_path: Path) -> None:
    served = await serve()
    page = await look(served, "#history")
    await expect(page.locator(".nothing")).to_contain_text("还没有图")
    await write(page, "red apple")
    await expect(page.locator(".grid .thumb")).to_have_count(1)  # a new picture appears by itself
    await write(page, CAT)
    await expect(page.locator(".grid .thumb")).to_have_count(2)
    await page.screenshot(path=tmp_path / "history.png")
    search = page.get_by_label("搜索画过的图")
    await search.fill("橘猫")
    await expect(page.locator(".grid .thumb")).to_have_count(1)
    await search.fill("大象")
    await expect(page.locator(".nothing")).to_contain_text("没有找到")
    await page.get_by_role("button", name="清除条件").click()
    await expect(page.locator(".grid .thumb")).to_have_count(2)
    await page.get_by_label("模型", exact=True).select_option("danqing-demo")
    await page.get_by_label("到", exact=True).fill("2020-01-01")
    await expect(page.locator(".grid .thumb")).to_have_count(0)
    await page.get_by_role("button", name="清除条件").click()
    await page.locator(".grid .thumb").first.click()
    await expect(page.locator("dialog.picture blockquote")).to_have_text(CAT)
    await page.keyboard.press("Escape")
    await expect(page.locator("#panel h2")).to_have_text("历史")
    await expect(page).to_have_url(f"{served.url}/#history")


async def test_a_picture_that_is_being_pressed_stays_where_it_is(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served, "#history")
    await write(page, CAT)
    thumb = page.locator(".grid .thumb")
    await thumb.hover()
    await page.mouse.down()
    node = await thumb.element_handle()
    async with page.expect_response("**/api/history?*"):
        await page.get_by_label("只看收藏").evaluate("box => box.dispatchEvent(new Event('change'))")
    await page.mouse.up()
    await expect(page.locator("dialog.picture blockquote")).to_have_text(CAT)
    assert node and await node.evaluate("node => node.isConnected")


async def test_a_panel_that_opens_while_one_writes_does_not_take_the_keys(serve: Serve, look: Look) -> None:
    page = await look(await serve())
    await page.locator("#composer textarea").fill(CAT)
    await page.evaluate("() => { location.hash = '#history' }")
    await expect(page.locator("#panel")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator(".grid .thumb")).to_be_visible()


async def test_a_long_history_comes_as_one_scrolls(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    for number in range(9):
        await write(page, f"四张 {number}")
        await expect(page.locator(".job.done")).to_have_count(number + 1)
    await page.locator("#open-history").click()
    grid = page.locator(".grid .thumb")
    await expect(grid.nth(29)).to_be_attached()
    await page.locator(".results").evaluate("node => node.scrollTo(0, node.scrollHeight)")
    await expect(grid).to_have_count(36)


async def test_favourites_from_saving_to_deleting(serve: Serve, look: Look, tmp_path: Path) -> None:
    served = await serve()
    page = await look(served)
    await page.locator("#composer textarea").fill("a red apple")
    await page.get_by_role("button", name="收藏这段文字").click()
    await page.get_by_role("textbox", name="名字").fill("苹果")
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    await write(page, "/favourites")
    row = page.locator(".kept li")
    await expect(row.locator("h3")).to_have_text("苹果")
    await expect(page).to_have_url(f"{served.url}/#favourites")
    assert not served.desk.requests
    await row.get_by_role("button", name="使用").click()
    await expect(page.locator("#composer textarea")).to_have_value("a red apple")
    await expect(row).to_contain_text("用过 1 次")
    await row.get_by_role("button", name="改名").click()
    await page.get_by_role("textbox", name="名字").fill("红苹果")
    await page.keyboard.press("Enter")
    await expect(row.locator("h3")).to_have_text("红苹果")
    await page.screenshot(path=tmp_path / "favourites.png")
    search = page.get_by_label("搜索收藏")
    await search.fill("梨")
    await expect(row).to_have_count(0)
    await search.fill("苹果")
    await expect(row).to_have_count(1)
    await row.get_by_role("button", name="删除").click()
    await page.locator("dialog footer").get_by_role("button", name="删除").click()
    await expect(row).to_have_count(0)


async def test_everything_can_be_done_with_the_keyboard(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    box = page.locator("#composer textarea")
    await expect(box).to_be_focused()
    await page.keyboard.type("/h")
    await expect(page.locator("[role=option][aria-selected=true]")).to_contain_text("/history")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("listbox")).to_be_hidden()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("/")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("[role=option][aria-selected=true]")).to_contain_text("/favourites")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(box).to_have_value("/imagine ")
    await page.keyboard.type("cat")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("hat")
    await page.keyboard.press("Enter")
    await expect(page.locator(".job.done")).to_have_count(1)
    assert served.desk.requests[0].text == "/imagine cat\nhat"
    await page.keyboard.press("ArrowUp")
    await expect(box).to_have_value("/imagine cat\nhat")
    await page.locator(".job.done .more").focus()
    await page.keyboard.press("Enter")
    await page.locator("[data-action=recipe]").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog.picture")).to_be_visible()
    for _ in range(20):  # the focus stays in the dialog
        await page.keyboard.press("Tab")
    inside = "() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"
    assert await page.evaluate(inside)
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator("[data-action=recipe]")).to_be_focused()
    await page.keyboard.press("/")
    await expect(box).to_be_focused()
    await page.locator("#open-history").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("搜索画过的图")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#open-history")).to_be_focused()


async def test_enter_that_chooses_a_chinese_word_does_not_send(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    await page.locator("#composer textarea").fill("mao")
    await page.locator("#composer textarea").dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    await expect(page.locator("#composer textarea")).to_have_value("mao")
    assert not served.desk.requests


async def test_the_chip_tells_when_the_model_is_there(serve: Serve, look: Look) -> None:
    served = await serve(alone=False)
    served.desk.state = {"ready": False, "loading": "danqing-demo", "device": "CPU"}
    page = await look(served)
    await expect(page.locator("#status")).to_have_text("模型载入中…")
    await write(page, CAT)
    await expect(page.locator(".job.waiting")).to_be_visible()
    served.desk.state = {"ready": True, "device": "CPU", "model": "danqing-demo", "tier": "all"}
    await expect(page.locator("#status")).to_have_text("就绪 · CPU")
    served.desk.state |= {"tier": "tiles"}
    await expect(page.locator("#status")).to_have_text("就绪 · CPU · 内存偏少")
    await expect(page.locator("#status")).to_have_attribute("title", re.compile("大图分块"))


async def test_a_lost_connection_is_told_and_mended(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    await expect(page.locator("#empty h2")).to_be_visible()
    await served.chat.close()
    await expect(page.locator("#banner")).to_be_visible()
    await write(page, CAT)
    await expect(page.locator(".toast.error")).to_be_visible()
    await expect(page.locator("#composer textarea")).to_have_value(CAT)  # nothing typed is lost
    again = await serve(port=served.chat.port)
    await expect(page.locator("#banner")).to_be_hidden()
    await page.locator("#composer textarea").press("Enter")
    await expect(page.locator(".job.done")).to_have_count(1)
    assert len(again.desk.requests) == 1


async def test_a_refusal_is_a_card_and_a_wrong_file_is_told_at_once(serve: Serve, look: Look) -> None:
    served = await serve()
    served.desk.refusals["bad"] = Refusal("web.too_large", limit=20)
    page = await look(served)
    await write(page, "bad")
    await expect(page.locator(".message.error")).to_contain_text("20 MB")
    chooser = page.locator("#composer input[type=file]")
    await chooser.set_input_files({"name": "x.txt", "mimeType": "text/plain", "buffer": b"x"})
    await expect(page.locator(".toast.error")).to_contain_text("不是图片")
    await chooser.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"not a picture"})
    await write(page, "over this")
    await expect(page.locator(".toast.error", has_text="图用不了")).to_be_visible()
    await expect(page.locator(".attachment img")).to_be_visible()  # it can be taken away or tried again
    await page.get_by_role("button", name="移除图").click()
    await chooser.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": drawing(3)})
    await write(page, "over this")
    await expect(page.locator(".message.person img")).to_be_visible()
    await expect(page.locator(".job.done")).to_have_count(1)
    assert served.desk.requests[-1].files[0].content == drawing(3)


async def test_several_pictures_go_out_together(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    files = [FilePayload(name=f"{number}.png", mimeType="image/png", buffer=drawing(number)) for number in range(3)]
    await page.locator("#composer input[type=file]").set_input_files(files)
    await expect(page.locator(".attachment img")).to_have_count(3)
    await write(page, "as a watercolor")
    await expect(page.locator(".message.person img")).to_have_count(3)
    await expect(page.locator(".job.done")).to_have_count(1)
    assert [one.content for one in served.desk.requests[0].files] == [drawing(number) for number in range(3)]


async def test_one_of_my_pictures_can_be_painted_over(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    await write(page, CAT)
    await page.locator(".job.done a.frame").click()
    await page.get_by_role("button", name="在它上面画").click()
    await expect(page.locator(".attachment img")).to_be_visible()
    await write(page, "in the snow")
    await expect(page.locator(".job.done")).to_have_count(2)
    row = await pictures.get(served.db, served.desk.requests[1].reply_to or "")
    assert row is not None


async def test_the_password_opens_the_page(serve: Serve, look: Look) -> None:
    served = await serve(password="sesame")
    page = await look(served)
    await page.get_by_label("密码").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.locator(".problem")).to_have_text("密码不对，再试一次。")
    await page.get_by_label("密码").fill("sesame")
    await page.keyboard.press("Enter")
    await write(page, CAT)
    await expect(page.locator(".job.done")).to_have_count(1)
    await page.get_by_role("button", name="退出").click()
    await expect(page.get_by_label("密码")).to_be_visible()


async def test_a_picture_that_is_gone_leaves_a_quiet_place(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    await write(page, CAT)
    await expect(page.locator(".job.done")).to_have_count(1)
    picture = await page.locator("a.frame").get_attribute("href") or ""
    await pictures.delete(served.db, picture.removeprefix("#picture/"))
    await (await page.context.new_cdp_session(page)).send("Network.clearBrowserCache")
    await page.reload()
    await expect(page.locator(".frame.gone")).to_have_text("图已删除")
    await page.goto(f"{served.url}/{picture}")
    await expect(page.locator(".toast.error")).to_be_visible()


async def test_a_card_takes_a_copy_as_large_as_it_is_shown_and_only_when_it_is_seen(serve: Serve, look: Look) -> None:
    page = await look(await serve())
    shown = await page.evaluate(
        """async () => {
          const { framed } = await import("/static/cards.js");
          const of = (width, height, sizes) => framed({ id: "x", width, height }, "a cat", sizes).querySelector("img");
          return [of(1024, 512, "340px"), of(3000, 6000, "340px"), of(128, 128, "340px"), of(1024, 1024)].map((one) => [
            one.getAttribute("src"), one.getAttribute("srcset"), one.getAttribute("loading")]);
        }"""
    )
    at = "/pictures/x.png"
    assert shown == [
        [f"{at}?size=1280", f"{at}?size=thumb 320w, {at}?size=640 640w, {at}?size=1280 1024w", "lazy"],
        [
            f"{at}?size=2048",
            f"{at}?size=thumb 160w, {at}?size=640 320w, {at}?size=1280 640w, {at}?size=2048 1024w",
            "lazy",
        ],
        [at, None, "lazy"],
        [at, None, "lazy"],
    ]
