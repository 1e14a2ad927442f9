"""The page's editor of poses, in a real Chromium: mouse, finger, keys, several people, back and forth, and its map."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, expect

from engine.poses import library, reading, writing
from storage.database import Database
from tests.bot.platforms.web.conftest import Serve
from tests.bot.platforms.web.test_page import CHROMIUM, PHONE, WIDE, Look, look, no_sideways_scroll, still
from tests.fakes import a_png

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.page,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
FIXTURES = (look,)


async def opened(page: Page) -> None:
    await page.locator("#composer .button").nth(1).click()
    await expect(page.locator("dialog.pose .joint")).not_to_have_count(0)
    await expect(page.locator("dialog.pose option[value=waving]")).to_have_count(1)


async def place(page: Page, at: int, who: int = 0) -> tuple[float, float]:
    """Where a joint stands on the canvas."""
    said = await page.locator(f'.joint[data-who="{who}"][data-at="{at}"]').get_attribute("transform") or ""
    x, y = map(float, re.findall(r"[-\d.]+", said))
    return x, y


async def drawn(db: Database, page: Page) -> tuple[str, dict[str, Any]]:
    """Press "use": what stands in the input, and the JSON in the map's file."""
    await page.locator('dialog.pose [data-does="use"]').click()
    await expect(page.locator("dialog.pose")).to_have_count(0)
    text = await page.locator("#composer textarea").input_value()
    start = re.search(r"--pose ([0-9a-f]{8})", text)
    assert start
    [file] = list(db.files.folder.rglob(f"{start[1]}*"))
    return text, writing.openpose(reading.read(file.read_bytes()))


async def test_joints_move_by_mouse_and_keys_and_steps_are_taken_back(serve: Serve, look: Look, tmp_path: Path) -> None:
    served = await serve()
    page = await look(served, locale="en-US")
    await page.locator("#composer textarea").fill("a knight --ar 1:1")
    await opened(page)
    before = await place(page, 4)
    dot = page.locator('.joint[data-at="4"] .dot')
    box = await still(dot)
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await page.mouse.move(box["x"] - 40, box["y"] - 60, steps=4)
    await page.mouse.up()
    moved = await place(page, 4)
    assert moved[0] < before[0] - 10 and moved[1] < before[1] - 10
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Shift+ArrowDown")
    assert await place(page, 4) == pytest.approx((moved[0] + 1, moved[1] + 10))
    await page.keyboard.press("Tab")
    await expect(page.locator('.joint[data-at="5"]')).to_be_focused()
    await page.keyboard.press("h")
    await expect(page.locator('.joint[data-at="5"]')).to_have_class(re.compile("unseen-joint"))
    for _ in range(4):
        await page.keyboard.press("Control+z")
    assert await place(page, 4) == pytest.approx(before)
    await page.keyboard.press("Control+y")
    assert await place(page, 4) == pytest.approx(moved)
    await page.screenshot(path=tmp_path / "wide.png")
    text, said = await drawn(served.db, page)
    assert text.startswith("a knight --ar 1:1 --pose ") and text.count("--ar") == 1
    wrist = said["people"][0]["pose_keypoints_2d"][12:15]
    assert wrist == [pytest.approx(moved[0], abs=0.1), pytest.approx(moved[1], abs=0.1), 1]


async def test_a_pose_of_the_library_is_changed_and_edited_again(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    await opened(page)
    await page.locator("dialog.pose select").first.select_option("holding-hands")
    await expect(page.locator(".figure")).to_have_count(2)
    await page.locator('[data-does="remove"]').click()
    await expect(page.locator(".figure")).to_have_count(1)
    await page.locator('[data-does="add"]').click()
    await page.locator('[data-does="mirror"]').click()
    await page.locator('[data-does="larger"]').click()
    await page.locator("dialog.pose select").nth(1).select_option("3:2")
    there = await place(page, 7, who=1)
    await page.locator('.joint[data-who="1"][data-at="16"]').focus()
    await page.locator('[data-does="hide"]').click()
    text, said = await drawn(served.db, page)
    assert text.endswith("--ar 3:2") and (said["canvas_width"], said["canvas_height"]) == (768, 512)
    assert said["people"][1]["pose_keypoints_2d"][48:51] == [0, 0, 0]
    await opened(page)  # the text names the map, whose file has the pose in it
    await expect(page.locator(".figure")).to_have_count(2)
    assert await place(page, 7, who=1) == pytest.approx(there, abs=0.1)
    again, _ = await drawn(served.db, page)
    assert again.count("--pose") == 1
    name = again.split("--pose ")[1][:8]
    for before in (f"a cat --pose {name}:0.7:镜像 --ar 1:1", f"a cat --control openpose:0.7:map={name} --ar 1:1"):
        await page.locator("#composer textarea").fill(before)
        await opened(page)
        await expect(page.locator(".figure")).to_have_count(2)
        after, _ = await drawn(served.db, page)
        assert re.fullmatch(r"a cat --ar 1:1 --pose [0-9a-f]{8}:0.7", after)


async def test_files_are_opened_and_a_photo_lies_underneath(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    await opened(page)
    pose = library.find("射箭").pose
    files = page.locator("dialog.pose input[type=file]")
    content = writing.written(pose).encode()
    await files.first.set_input_files(FilePayload(name="pose.json", mimeType="application/json", buffer=content))
    nose = pose.people[0].body[0]
    assert nose
    await expect(page.locator(".joint").first).to_have_attribute(
        "transform", re.compile(rf"\({int(nose[0] * pose.width)}")
    )
    await files.first.set_input_files(FilePayload(name="x.json", mimeType="application/json", buffer=b"[1, 2]"))
    await expect(page.locator(".toast.error")).to_contain_text("这不是姿势")
    await files.nth(1).set_input_files(FilePayload(name="p.png", mimeType="image/png", buffer=a_png((90, 160, 90), 64)))
    await expect(page.locator("dialog.pose image")).to_have_attribute("opacity", "0.4")
    await page.locator('[data-does="photo"]').click()
    await expect(page.locator("dialog.pose image")).to_have_count(0)


async def test_on_a_phone_a_finger_moves_joints_and_nothing_is_cut_off(
    serve: Serve, look: Look, tmp_path: Path
) -> None:
    served = await serve()
    page = await look(served, **PHONE)
    await opened(page)
    await expect(page.locator("dialog.pose h2")).to_have_text("姿势")
    await no_sideways_scroll(page)
    canvas = await still(page.locator("dialog.pose .canvas"))
    assert canvas["height"] > 330 and canvas["width"] > 250
    use = await still(page.locator('[data-does="use"]'))
    assert use["y"] + use["height"] <= 844 and use["x"] + use["width"] <= 390
    reach = await still(page.locator('.joint[data-at="7"] .reach'))
    before = await place(page, 7)
    x, y = reach["x"] + reach["width"] / 2, reach["y"] + reach["height"] / 2
    session = await page.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 20, "y": y - 30}]),
        ("touchMove", [{"x": x + 40, "y": y - 60}]),
        ("touchEnd", []),
    ):
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    after = await place(page, 7)
    assert after[0] > before[0] + 20 and after[1] < before[1] - 40
    await page.screenshot(path=tmp_path / "phone.png")


async def test_a_file_of_points_is_attached_as_pictures_are(serve: Serve, look: Look) -> None:
    served = await serve()
    page = await look(served)
    content = writing.written(library.find("standing").pose).encode()
    file = FilePayload(name="pose.json", mimeType="application/json", buffer=content)
    await page.locator("#composer input[type=file]").set_input_files(file)
    await expect(page.locator(".attachment img")).to_have_attribute("src", "/static/pose.svg")
    await page.locator("#composer textarea").fill("a girl")
    await page.locator("#composer textarea").press("Enter")
    await expect(page.locator(".message.person img")).to_have_count(1)  # the map that was drawn of it
    await expect(page.locator(".message.bot a.frame img")).to_be_visible()  # nothing is under way any more


@pytest.mark.parametrize("context", [WIDE, PHONE])
async def test_the_editor_speaks_both_languages(serve: Serve, look: Look, context: dict[str, Any]) -> None:
    served = await serve()
    for locale, name in (("zh-CN", "第 1 人，左腕"), ("en-US", "Person 1, left wrist")):
        page = await look(served, locale=locale, **context)
        await opened(page)
        await expect(page.locator('.joint[data-at="7"]')).to_have_attribute("aria-label", name)
        assert "page.pose" not in await page.locator("dialog.pose").inner_text()


async def test_the_routes_refuse_what_is_no_pose(serve: Serve) -> None:
    served = await serve()
    me, other = served.browser(), served.browser()
    for path, body in (("/api/poses/read", b"nothing"), ("/api/poses/map", b'{"people": []}')):
        answer = await me.post(path, data=body)
        assert answer.status == 400 and json.loads(await answer.text())["key"] in ("pose.unread", "pose.nobody")
    answer = await other.get("/api/poses/one", params={"name": "no such pose"})
    assert answer.status == 400 and "no pose" in (await answer.json())["error"]
    answer = await other.get("/api/poses/one", params={"name": "waving:mirror"})
    assert (await answer.json())["canvas_width"] == 512


async def test_a_stroke_that_ends_beside_the_editor_keeps_it_open_and_a_click_there_closes_it(
    serve: Serve, look: Look
) -> None:
    page = await look(await serve(), locale="en-US")
    await opened(page)
    canvas = await still(page.locator("dialog.pose .canvas"))
    await page.mouse.move(canvas["x"] + 5, canvas["y"] + 5)
    await page.mouse.down()
    await page.mouse.move(5, 5, steps=3)
    await page.mouse.up()
    await expect(page.locator("dialog.pose")).to_have_count(1)
    await page.mouse.click(5, 5)
    await expect(page.locator("dialog.pose")).to_have_count(0)
