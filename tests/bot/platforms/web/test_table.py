"""A comparison on the page: a table whose labels stay, one zoom, two cells over each other, votes, the sheet."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from bot.chat import Button, Card, ComparedTable, Say
from bot.studio import cards
from engine.job import Job, Picture, State
from storage import jobs, people, shares
from storage.jobs import Place
from tests.bot.platforms.web.conftest import Serve, Served
from tests.bot.platforms.web.desk import CAT, drawing, recipe
from tests.bot.platforms.web.test_page import CHROMIUM, PHONE, WIDE, Look, look, no_sideways_scroll, still
from tests.patience import until

__all__ = ["look"]
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.page,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
SAID = "步数=1,2,3 cfg=1,2,3 种子=1,2"
PLACE = Place("web", "local")


async def compared(served: Served, said: str = SAID, columns: int = 3, rows: int = 3, sheets: int = 2) -> Card:
    """A job's comparison, and its card in the conversation."""
    db = served.db
    person = (await people.person_of(db, "web", "local", name="")).id
    recipes = tuple(recipe(CAT, seed) for seed in range(1, columns * rows * sheets + 1))
    job = Job(id="compared", owner=person, recipes=recipes)
    kept = {"said": said, "shows": [*range(len(recipes))]}
    await jobs.add(db, job, place=PLACE, language="zh", request_key="k", comparison=kept)
    made = [Picture(png=drawing(one.seed), recipe=one, seconds=1.0) for one in recipes]
    drawn = await jobs.end(db, job.id, State.DONE, pictures=made)
    card = cards.ended(replace(job, state=State.DONE), drawn, "", {})
    table = ComparedTable(
        tuple(f"步数 {at}" for at in range(1, columns + 1)),
        tuple(f"cfg {at}" for at in range(1, rows + 1)),
        tuple(f"种子 {at}" for at in range(1, sheets + 1)) if sheets > 1 else ("",),
        tuple(map(cards.shown, drawn)),
        (0,) * len(drawn),
        job.id,
    )
    numbers = tuple(Button("compared_picture", row.id, label=Say("compare.number", {"number": 1})) for row in drawn)
    text = Say("compare.done", {"said": said, "count": len(drawn)})
    return replace(card, text=text, table=table, buttons=numbers)


async def shown(served: Served, look: Look, card: Card, **context: Any) -> tuple[Page, Locator]:
    assert served.desk.chat
    await served.desk.chat.send(PLACE, card, "compared-card")
    page = await look(served, **context)
    table = page.locator(".compared")
    await expect(table).to_be_visible()
    return page, table


def zooms(table: Locator) -> Any:
    return table.locator("td img").evaluate_all("all => [...new Set(all.map(one => one.style.transform))]")


@pytest.mark.parametrize(("name", "context"), [("wide", WIDE), ("phone", {**PHONE, "color_scheme": "dark"})])
async def test_a_comparison_is_a_table_whose_cells_move_together(
    serve: Serve, look: Look, tmp_path: Path, name: str, context: dict[str, Any]
) -> None:
    served = await serve()
    page, table = await shown(served, look, await compared(served), **context)
    await expect(table.get_by_role("columnheader")).to_have_text(["步数 1", "步数 2", "步数 3"])
    await expect(table.get_by_role("rowheader")).to_have_text(["cfg 1", "cfg 2", "cfg 3"])
    cell = table.get_by_role("link", name="打开 2 号：种子 1 · cfg 1 · 步数 2")
    box = await still(cell)
    assert box["width"] >= 140 and box["height"] >= 140
    numbers = await table.locator(".panel-of:visible .number").all()
    assert min([(await still(one))["height"] for one in numbers]) >= 44
    await no_sideways_scroll(page)

    # Labels stay where the table is scrolled to.
    region = table.get_by_role("region", name="对比")
    await region.evaluate("one => one.scrollTo(one.scrollWidth, one.scrollHeight)")
    top, left = await still(region), await still(table.get_by_role("rowheader").last)
    assert 0 <= (await still(table.get_by_role("columnheader").last))["y"] - top["y"] < 3
    assert 0 <= left["x"] - top["x"] < 3
    await region.evaluate("one => one.scrollTo(0, 0)")

    # The third axis is a tab for each value.
    await table.get_by_role("tab", name="种子 2").click()
    await expect(table.get_by_role("link", name="打开 11 号：种子 2 · cfg 1 · 步数 2")).to_be_visible()
    await expect(cell).to_be_hidden()
    await page.keyboard.press("ArrowLeft")
    await expect(cell).to_be_visible()

    # One zoom, by buttons, keys and dragging.
    await table.get_by_role("button", name="放大").click()
    await region.focus()
    await page.keyboard.press("+")
    [before] = await zooms(table)
    assert "scale(2.25)" in before
    await page.keyboard.press("ArrowRight")
    [moved] = await zooms(table)
    assert moved != before
    await cell.scroll_into_view_if_needed()
    box = await still(cell)
    await page.mouse.move(box["x"] + 60, box["y"] + 60)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 90, box["y"] + 80, steps=4)
    await page.mouse.up()
    [dragged] = await zooms(table)
    assert dragged != moved and "#picture" not in page.url, "what is dragged is not opened"
    await table.get_by_role("button", name="看全图").click()
    assert all("scale(1)" in one for one in await zooms(table))
    await page.screenshot(path=tmp_path / f"table-{name}.png")
    await cell.press("Enter")  # which moves nothing, whatever was dragged before
    await expect(page.locator("dialog.picture").get_by_role("button", name="就用这个")).to_be_visible()


async def test_two_cells_lie_over_each_other_and_are_voted_for(serve: Serve, look: Look) -> None:
    served = await serve()
    card = await compared(served, "步数=1,2,3", rows=1, sheets=1)
    assert card.table
    page, table = await shown(served, look, card, **PHONE)
    assert await table.locator(".compared-scroll th[scope=row]").count() == 1
    await table.get_by_role("button", name="选 1 号").click()
    await table.get_by_role("button", name="选 3 号").click()
    slider = table.get_by_role("slider", name="线的左边是 1 号：cfg 1 · 步数 1，右边是 3 号：cfg 1 · 步数 3")
    await expect(slider).to_have_value("50")
    await slider.focus()
    for _ in range(10):
        await page.keyboard.press("ArrowLeft")
    await expect(slider).to_have_value("40")
    box = await still(slider)
    await page.touchscreen.tap(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    await expect(slider).to_have_value(re.compile("7[5-9]|8[0-5]"))
    await expect(table.locator(".layer").last).to_have_css("clip-path", re.compile(r"inset\(.*%"))
    await no_sideways_scroll(page)
    # A third takes the place of the first.
    await table.get_by_role("button", name="选 2 号").click()
    await expect(table.locator(".number[aria-pressed=true]")).to_have_text(["2", "3"])
    await expect(table.get_by_role("slider")).to_have_count(1)

    line = table.get_by_role("group", name="2 号：cfg 1 · 步数 2")
    await line.get_by_role("button", name="投它一票").click()
    await until(lambda: len(served.desk.presses) == 1)
    [press] = served.desk.presses
    assert (press.action, press.target) == ("vote_for", card.table.cells[1].id)
    assert served.desk.chat
    voted = replace(card, table=replace(card.table, votes=(0, 1, 0)))
    await served.desk.chat.renew(Place("web", "local", "compared-card"), voted, "key")
    await expect(table.locator(".votes:visible")).to_have_text(["1 票"])
    await expect(table.locator(".number[aria-pressed=true]")).to_have_text(["2", "3"])  # nothing is chosen anew
    await expect(page.locator(".message.bot .toolbar [data-action=compared_picture]")).to_have_count(0)

    async with page.expect_download() as coming:
        await table.get_by_role("link", name="下载整张对比图").click()
    assert (await (await coming.value).path()).read_bytes()[:4] == b"\x89PNG"


async def test_veiled_cells_are_seen_when_somebody_wants_to(serve: Serve, look: Look) -> None:
    served = await serve()
    made = await compared(served, "步数=1,2", columns=2, rows=1, sheets=1)
    card = replace(made, spoiler=True)
    _, table = await shown(served, look, card)
    picture = table.locator("td img").first
    await expect(picture).to_have_css("filter", re.compile("blur"))
    await table.locator(".unveil").click()
    await expect(picture).to_have_css("filter", "none")
    assert made.table and served.desk.chat
    voted = replace(card, pictures=(replace(card.pictures[0], hash="0" * 64),), table=replace(made.table, rows=("x",)))
    await served.desk.chat.renew(Place("web", "local", "compared-card"), voted, "key")
    await expect(table.get_by_role("rowheader")).to_have_text(["x"])
    await expect(picture).to_have_css("filter", "none")  # drawn anew, but seen already


async def test_two_pictures_are_laid_over_each_other_at_once(serve: Serve, look: Look) -> None:
    served = await serve()
    made = await compared(served, "步数=1,2", columns=2, rows=1, sheets=1)
    assert made.table
    pair = ComparedTable(("A · abc", "B · def"), ("",), ("",), made.table.cells)
    sheet = replace(made.pictures[0], id=made.pictures[0].hash)
    card = Card(text=Say("versus.same", {"count": 0}), pictures=(sheet,), table=pair)
    page, table = await shown(served, look, card, locale="en-US")
    await expect(table.get_by_role("slider", name="Left of the line A: abc, right of it B: def")).to_be_visible()
    await expect(table.get_by_role("button", name="This one")).to_have_count(0)
    async with page.expect_download() as coming:
        await table.get_by_role("link", name="Download the sheet").click()
    assert (await (await coming.value).path()).read_bytes()[:4] == b"\x89PNG"


async def test_a_sheet_is_for_its_owner_alone(serve: Serve) -> None:
    served = await serve(password="word")
    card = await compared(served, "步数=1,2", columns=2, rows=1, sheets=1)
    db, drawn = served.db, recipe(CAT, 9)
    job = Job(id="another", owner=(await people.person_of(db, "web", "ben", name="")).id, recipes=(drawn,))
    await jobs.add(db, job, place=PLACE, language="zh", request_key="k2")
    [theirs] = await jobs.end(db, job.id, State.DONE, pictures=[Picture(png=drawing(9), recipe=drawn, seconds=1.0)])
    other = served.browser()
    async with other.get("/sheets/compared.png") as answer:
        assert answer.status == 401
    async with other.post("/login", json={"password": "word"}):
        pass
    assert card.table
    pair = f"{card.table.cells[0].id}.{theirs.id}"
    for name in ("nothing", "another", "abcdefgh.abcdefgh", pair):
        async with other.get(f"/sheets/{name}.png") as answer:
            assert answer.status == 404
    for one in pair.split("."):
        await shares.share(db, one)
    async with other.get(f"/sheets/{pair}.png") as answer:
        assert answer.status == 200
