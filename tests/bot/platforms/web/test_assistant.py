"""The prompt assistant on the page: suggestions while typing, the doctor's fixes, and editing by a sentence."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from storage import dictionary
from tests.bot.platforms.web.conftest import Serve
from tests.bot.platforms.web.desk import drawing
from tests.bot.platforms.web.test_page import CAT, CHROMIUM, PHONE, Look, look, no_sideways_scroll, write

__all__ = ["look"]  # fixtures of the page's tests
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.page,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


async def type_(page: Page, text: str) -> None:
    await page.locator("#composer textarea").press_sequentially(text)


async def test_tags_are_suggested_and_taken_with_the_keyboard(serve: Serve, look: Look, tmp_path: Path) -> None:
    page = await look(await serve())
    box, rows = page.locator("#composer textarea"), page.locator("#commands li")
    await box.fill("一只猫，")
    await type_(page, "changf")
    await expect(rows.first).to_contain_text("long hair")
    await expect(page.locator("#commands li[aria-selected=true]")).to_have_count(0)
    await page.screenshot(path=tmp_path / "suggest.png")
    await page.keyboard.press("Tab")
    await expect(box).to_have_value("一只猫，长发")
    await expect(page.locator("#commands")).to_be_hidden()
    await type_(page, "，水墨")
    await expect(rows.first).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    chosen = await rows.nth(1).get_attribute("data-name")
    await page.keyboard.press("Enter")
    await expect(box).to_have_value(f"一只猫，长发，{chosen}")
    await type_(page, ", blu")
    await expect(rows.first).to_be_visible()
    clicked = await rows.first.get_attribute("data-name")
    await rows.first.click()
    await expect(box).to_have_value(f"一只猫，长发，{chosen}, {clicked}")


async def test_enter_sends_and_escape_hides_what_is_suggested(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served, locale="en-US")
    rows = page.locator("#commands li")
    await type_(page, "red app")
    await expect(rows.first).to_contain_text("apple")
    await page.keyboard.press("Escape")
    await expect(page.locator("#commands")).to_be_hidden()
    await type_(page, "l")
    await expect(rows.first).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator(".job.done")).to_have_count(1)
    assert served.desk.requests[0].text == "red appl"
    await expect(page.locator("#commands")).to_be_hidden()


async def test_commands_are_suggested_as_before_and_options_not_at_all(serve: Serve, look: Look) -> None:
    page = await look(await serve())
    rows = page.locator("#commands li")
    await type_(page, "/h")
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_have_attribute("aria-selected", "true")
    await page.locator("#composer textarea").fill("")
    await type_(page, "/imagine long")
    await page.wait_for_timeout(250)
    await expect(page.locator("#commands")).to_be_hidden()
    await page.locator("#composer textarea").fill("")
    await type_(page, "cat --seed")
    await page.wait_for_timeout(250)
    await expect(page.locator("#commands")).to_be_hidden()


async def test_suggestions_can_be_switched_off(serve: Serve, look: Look) -> None:
    page = await look(await serve(), **PHONE)
    switch = page.get_by_role("button", name="联想：开")
    await switch.tap()
    await type_(page, "长")
    await page.wait_for_timeout(250)
    await expect(page.locator("#commands")).to_be_hidden()
    await page.reload()
    await page.get_by_role("button", name="联想：关").tap()
    await type_(page, "长")
    await expect(page.locator("#commands li").first).to_be_visible()
    await no_sideways_scroll(page)


async def test_what_the_doctor_found_is_mended_with_one_tap(serve: Serve, look: Look, tmp_path: Path) -> None:
    page = await look(await serve())
    await write(page, "/prompt masterpeice, cat")
    found = page.locator(".findings li")
    await expect(found).to_have_count(2)
    await expect(found.first.locator("button")).to_have_count(0)
    await expect(found.last).to_contain_text("masterpeice")
    await page.screenshot(path=tmp_path / "doctor.png")
    await found.last.get_by_role("button", name="修正").click()
    await expect(page.locator("#composer textarea")).to_have_value("masterpiece, cat")
    await expect(page.locator("#composer textarea")).to_be_focused()
    phone = await look(await serve(), **PHONE)
    await expect(phone.locator(".findings li span").first).to_be_visible()
    await no_sideways_scroll(phone)
    await phone.screenshot(path=tmp_path / "doctor-phone.png")


async def test_a_picture_is_edited_by_a_sentence(serve: Serve, look: Look, tmp_path: Path) -> None:
    served = await serve()
    page = await look(served)
    await write(page, CAT)
    await page.locator(".job.done [data-action=edit]").click()
    dialog = page.locator("dialog.ask")
    await expect(dialog.locator("input")).to_be_focused()
    await page.screenshot(path=tmp_path / "edit.png")
    await dialog.locator("input").fill("帽子改成绿色")
    await page.keyboard.press("Enter")
    await expect(page.locator(".job.done")).to_have_count(2)
    assert served.desk.presses[0].values == {"sentence": "帽子改成绿色"}
    await expect(page.locator(".changes li")).to_have_text("red hat → green hat")
    await page.locator(".changes").scroll_into_view_if_needed()
    await page.screenshot(path=tmp_path / "edited.png")


async def test_a_word_that_was_read_wrongly_is_corrected(serve: Serve, look: Look, tmp_path: Path) -> None:
    served = await serve()
    page = await look(served)
    await write(page, CAT)
    await expect(page.locator(".job.done")).to_have_count(1)
    await expect(page.locator("[data-action=correct]")).to_have_count(0)  # nothing in it is doubtful
    await write(page, "老人，烟斗")
    await page.locator("[data-action=correct]").click()
    dialog = page.locator("dialog.ask")
    answer = dialog.locator("input")
    await expect(dialog.locator("h2")).to_have_text("纠正一个词")
    await expect(answer).to_be_focused()
    await expect(answer).to_have_value("烟斗 = pipe")  # as it was read: only the English is to be written anew
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert served.desk.presses == []
    await page.locator("[data-action=correct]").click()
    await answer.fill("烟斗 = smoking pipe")
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(page.locator(".toast")).to_have_text("记住了：烟斗 = smoking pipe。下一张图起就这样画。")
    press = served.desk.presses[0]
    assert press.values == {"pair": "烟斗 = smoking pipe"}
    assert await dictionary.words(served.db, press.person.id) == {"烟斗": "smoking pipe"}


async def test_a_correction_without_an_answer_says_how_and_fits_a_phone(
    serve: Serve, look: Look, tmp_path: Path
) -> None:
    served = await serve()
    page = await look(served, locale="en-US", **PHONE)
    await write(page, "老人，烟斗")
    await page.locator("[data-action=correct]").tap()
    dialog = page.locator("dialog.ask")
    await expect(dialog.locator("label")).to_have_text("The word and its English")
    await page.screenshot(path=tmp_path / "correct-phone.png")
    await no_sideways_scroll(page)
    await dialog.locator("input").fill(" ")
    await dialog.get_by_role("button", name="Save").tap()
    await expect(dialog).to_be_visible()  # nothing was written: nothing is sent
    await dialog.locator("input").fill("烟斗")
    await dialog.get_by_role("button", name="Save").tap()
    await expect(page.locator(".toast.error")).to_contain_text("烟斗 = pipe")
    assert [one.values for one in served.desk.presses] == [{"pair": "烟斗"}]


async def test_a_picture_sent_without_a_word_is_asked_about(serve: Serve, look: Look, tmp_path: Path) -> None:
    served = await serve()
    page = await look(served, **PHONE)
    await page.locator("#composer input[type=file]").set_input_files(
        [{"name": "cat.png", "mimeType": "image/png", "buffer": drawing(3)}]
    )
    await page.get_by_role("button", name="发送").click()
    await page.locator("[data-action=paint_over]").tap()
    dialog = page.locator("dialog.ask")
    await expect(dialog.locator("label")).to_have_text("想画成什么样？")
    await page.screenshot(path=tmp_path / "paint-over.png")
    await no_sideways_scroll(page)
    await dialog.locator("input").fill("一只橘猫")
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    assert served.desk.presses[-1].values == {"prompt": "一只橘猫"}
