"""Trainings on the page: the routes, and the panel in a real Chromium, wide and on a phone."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from engine.job import Job, Picture, State
from prompts.prompt import Json
from storage import jobs, people
from storage.jobs import Place
from tests.bot.platforms.web.conftest import Serve, Served, events
from tests.bot.platforms.web.desk import CAT, drawing, recipe
from tests.bot.platforms.web.taught import FakeTeaching
from tests.bot.platforms.web.test_page import CHROMIUM, PHONE, WIDE, Look, look, no_sideways_scroll, still
from tests.patience import until

__all__ = ["look"]
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.page,
]
in_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
KEY = "k" * 20


async def taught(serve: Serve, **settings: Any) -> tuple[Served, FakeTeaching]:
    first = await serve()  # for its database
    teaching = FakeTeaching(first.db)
    return await serve(teaching=teaching, **settings), teaching


async def told(response: Any, status: int = 200) -> dict[str, Any]:
    async with response as answer:
        body: dict[str, Any] = await answer.json()
        assert answer.status == status, body
        return body


def files(**named: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for name, content in named.items():
        form.add_field("file", content, filename=name.replace("__", "."))
    return form


def zipped(**named: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in named.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


# --- the routes ---


async def test_pictures_are_added_told_and_tagged(serve: Serve) -> None:
    served, teaching = await taught(serve)
    teaching.faces = {"c.png"}
    me = served.browser("zh-CN")
    assert (await told(me.get("/api/hello")))["training"] is True
    made = await told(me.post("/api/trainings", json={"name": "小红", "key": KEY}))
    assert (await told(me.post("/api/trainings", json={"name": "小红", "key": KEY})))["id"] == made["id"]
    way = f"/api/trainings/{made['id']}"
    caption = "红裙子，微笑".encode()
    sent = await told(
        me.post(f"{way}/pictures", data=files(a__png=drawing(1), a__txt=caption, b__png=b"x", c__png=drawing(2)))
    )
    assert [(one["name"], [tag["second"] for tag in one["tags"]]) for one in sent["pictures"]] == [
        ("a.png", ["red dress", "smile"]), ("c.png", [])
    ]  # fmt: skip
    assert sent["aside"] == ["跳过“b.png”：不是能读的图片。"]
    assert sent["consent"]["needed"] and sent["pictures"][1]["flags"] == ["有人脸"]
    assert "只有 2 张" in sent["notes"][0]

    sent = await told(
        me.post(f"{way}/pictures", data=files(more__zip=zipped(d__png=drawing(3), e__png=drawing(4, 16))))
    )
    assert [one["name"] for one in sent["pictures"]] == ["a.png", "c.png", "d.png"]
    assert sent["aside"] == ["“e.png”：图太小，每边至少 32 像素。"], "one that is too small keeps no other out"

    now = await told(me.patch(f"{way}/pictures/3", json={"text": "白色背景，微笑"}))
    assert [(tag["first"], tag["second"]) for tag in now["pictures"][2]["tags"]] == [
        ("白色背景", "white background"), ("微笑", "smile")
    ]  # fmt: skip
    await told(me.post(f"{way}/tags", json={"change": "plus", "tag": "outdoors"}))
    await told(me.patch(f"{way}/pictures/2", json={"text": "smile"}))  # which the page shows as 笑
    now = await told(me.post(f"{way}/tags", json={"change": "rename", "tag": "笑", "into": "grin"}))
    assert [one.caption for one in teaching.shown[made["id"]]] == [
        "red dress, grin, outdoors", "grin", "white background, grin, outdoors"
    ]  # fmt: skip
    assert len(now["pictures"][0]["tags"]) == 3
    now = await told(me.delete(f"{way}/pictures/1"))
    assert [one["name"] for one in now["pictures"]] == ["c.png", "d.png"]

    now = await told(me.patch(way, json={"kind": "style", "steps": 100, "seed": 7, "rank": None, "keep": "一只猫"}))
    assert (now["kind"], now["estimate"]["steps"], now["steps_said"], now["seed"], now["keep"]) == (
        "style",
        100,
        True,
        7,
        "一只猫",
    )
    now = await told(me.patch(way, json={"steps": None}))
    assert (now["estimate"]["steps"], now["steps_said"]) == (400, False)
    async with me.get(now["pictures"][0]["thumb"]) as answer:
        assert answer.status == 200 and (await answer.read())[8:12] == b"WEBP"
    english = await told(served.browser("en").get(way))
    assert english["pictures"][1]["tags"][0] == {
        "tag": "white background", "first": "white background", "second": "白色背景"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "key"),
    [
        ("patch", "", {"trigger": "cat"}, 400, "train.trigger"),
        ("patch", "", {"steps": True}, 400, "web.not_understood"),
        ("patch", "", {"steps": "9"}, 400, "web.not_understood"),
        ("patch", "", {"person": "somebody"}, 400, "web.not_understood"),
        ("patch", "/pictures/1", {"text": 1}, 400, "web.not_understood"),
        ("post", "/tags", {"change": "set", "tag": "a"}, 400, "web.not_understood"),
        ("post", "/tags", {"change": "rename", "tag": "a, b", "into": "c"}, 400, "web.not_understood"),
        ("post", "/tags", {"change": "plus", "tag": " , "}, 400, "web.not_understood"),
        ("post", "/pictures", {}, 400, "web.not_understood"),
        ("post", "/choose", {"step": "1"}, 400, "web.not_understood"),
        ("post", "/start", {}, 400, "train.count"),
        ("post", "/become_admin", {}, 404, "web.not_found"),
        ("get", "/../training9", None, 404, "train.gone"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    serve: Serve, method: str, path: str, body: Mapping[str, Json] | None, status: int, key: str
) -> None:
    served, teaching = await taught(serve)
    me = served.browser()
    made = await told(me.post("/api/trainings", json={"name": "totem", "key": KEY}))
    before = dict(teaching.all)
    answer = await told(me.request(method, f"/api/trainings/{made['id']}{path}", json=body), status)
    assert answer["key"] == key and answer["error"]
    assert teaching.all == before


async def test_a_training_is_its_owners_and_goes_through_the_guards(serve: Serve) -> None:
    served, teaching = await taught(serve, password="word")
    me, other, nobody = served.browser(), served.browser(), served.browser()
    for one in (me, other):
        await told(one.post("/login", json={"password": "word"}))
    made = await told(me.post("/api/trainings", json={"name": "totem", "key": KEY}))
    way = f"/api/trainings/{made['id']}"
    shown = await told(me.post(f"{way}/pictures", data=files(a__png=drawing(1))))
    await told(nobody.get("/api/trainings"), 401)
    assert (await told(nobody.get("/api/hello")))["training"] is False
    assert (await told(other.get("/api/trainings")))["trainings"] == []
    for path in (way, shown["pictures"][0]["thumb"], f"/trainings/{made['id']}/file"):
        assert (await told(other.get(path), 404))["key"] in ("train.gone", "web.not_found")
    await told(other.delete(way), 404)
    await told(me.get(f"/trainings/{made['id']}/{'0' * 64}"), 404)
    async with me.post(f"{way}/start", headers={"X-Danqing": ""}) as answer:
        assert answer.status == 403
    await told(me.delete(way))
    assert teaching.all == {}
    teaching.allowed = False
    assert (await told(me.get("/api/hello")))["training"] is False


async def test_a_page_without_trainings_has_none(serve: Serve) -> None:
    served = await serve()
    assert (await told(served.browser().get("/api/hello")))["training"] is False
    await told(served.browser().get("/api/trainings"), 404)


async def test_too_large_an_upload_is_refused(serve: Serve) -> None:
    served, _ = await taught(serve, max_upload_mb=1)
    me = served.browser()
    made = await told(me.post("/api/trainings", json={"name": "totem", "key": KEY}))
    form = aiohttp.FormData({"file": io.BytesIO(bytes(4 << 20))})
    answer = await told(me.post(f"/api/trainings/{made['id']}/pictures", data=form), 413)
    assert answer["key"] == "web.too_large"


async def test_open_pages_hear_how_it_goes_and_the_file_is_fetched(serve: Serve) -> None:
    served, teaching = await taught(serve)
    me = served.browser()
    made = await told(me.post("/api/trainings", json={"name": "小红", "key": KEY}))
    way = f"/api/trainings/{made['id']}"
    await told(me.post(f"{way}/pictures", data=files(**{f"p{at}__png": drawing(at) for at in range(5)})))
    async with events(me) as stream:
        await stream.until(lambda kind, event: kind == "status")
        await told(me.post(f"{way}/start"))
        await teaching.learn(made["id"], 100)
        news = await stream.until(lambda kind, event: kind == "training" and event["step"] == 100)
        assert (news["id"], news["state"], news["steps"], news["left"]) == (made["id"], "running", 400, 150)
        assert [row[0] for row in news["curve"]][:2] == [1, 2] and len(news["curve"]) == 100
        await teaching.end(made["id"])
        assert (await stream.until(lambda kind, event: kind == "training"))["state"] == "done"
    done = await told(me.get(way))
    assert done["use"] == "xiaohongdq <lora:小红:1>" and "share" in done["can"]
    async with me.get(f"/trainings/{made['id']}/file") as answer:
        assert await answer.read() == b"the file"
        assert "%E5%B0%8F%E7%BA%A2.safetensors" in answer.headers["Content-Disposition"]
    assert (await told(me.post(f"{way}/share")))["shared"] is True
    assert "unshare" in (await told(me.get(way)))["can"]


# --- the panel ---


async def drawn(served: Served, step: int) -> list[str]:
    """Four pictures of the person's, as the samples of a step."""
    person = (await people.person_of(served.db, "web", "local", name="")).id
    made = tuple(recipe(CAT, step + at) for at in range(4))
    job = Job(id=f"samples{step}", owner=person, recipes=made)
    await jobs.add(served.db, job, place=Place("web", "local"), language="zh", request_key=f"samples{step}")
    pictures = [Picture(png=drawing(one.seed), recipe=one, seconds=1.0) for one in made]
    return [row.id for row in await jobs.end(served.db, job.id, State.DONE, pictures=pictures)]


def payload(name: str, content: bytes, kind: str = "image/png") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


async def begun(page: Page, name: str) -> None:
    await page.locator("#open-train").click()
    await page.locator(".train .primary").click()
    await page.locator("#ask-name").fill(name)
    await page.locator("#ask-name").press("Enter")
    await expect(page.locator(".train-head h3")).to_have_text(name)


async def touchable(page: Page, within: str) -> None:
    """Everything that is pressed is large enough for a finger."""
    every = page.locator(f"{within} :is(button, select, summary, a.button, input[type=text], input[type=number])")
    for one in await every.all():
        if await one.is_visible():
            box = await still(one)
            assert box["height"] >= 43.5, await one.evaluate("one => one.outerHTML")


@in_chromium
async def test_a_draft_is_filled_on_a_phone_and_started(serve: Serve, look: Look) -> None:
    served, teaching = await taught(serve, max_upload_mb=1)
    teaching.faces = {"4.png"}
    page = await look(served, **{**PHONE, "color_scheme": "dark"})
    await begun(page, "小红")
    draft = page.locator(".train-draft")
    await expect(draft).to_contain_text("1 MB")
    pictures = [payload(f"{at}.png", drawing(at, 40 if at == 2 else 128)) for at in range(6)]
    rest = [
        payload("0.txt", "红裙子，微笑".encode(), "text/plain"),
        payload("notes.pdf", b"x", "application/pdf"),
        payload("large.png", b"\0" * (2 << 20)),
    ]
    await draft.locator("input[type=file]").set_input_files([*pictures, *rest])
    cells = draft.locator(".train-pictures > li")
    await expect(cells).to_have_count(6)
    await expect(draft.locator(".train-aside li")).to_have_text(
        ["“notes.pdf”不是图片，也不是 zip。", "“large.png”超过 1 MB。"]
    )
    await expect(draft.locator(".train-progress")).to_be_hidden()
    await expect(cells.nth(2).locator(".train-flags")).to_have_text("太小，会被放大")
    await expect(draft.locator(".train-notes")).to_contain_text("只有 6 张")

    # Tags are written in Chinese and stand there in both languages.
    await cells.nth(1).get_by_role("button", name="第 2 张的标签：还没有说明。修改").click()
    area = cells.nth(1).get_by_role("textbox", name="第 2 张的标签")
    await area.fill("白色背景，裸")
    await area.press("Enter")
    await expect(cells.nth(1).get_by_role("alert")).to_be_visible()
    await expect(area).to_have_value("白色背景，裸")
    await area.fill("白色背景")
    await area.press("Enter")
    await expect(cells.nth(1).locator(".tag")).to_have_text(["白色背景white background"])
    await expect(cells.nth(1).locator("button.train-said")).to_be_focused()
    await draft.get_by_role("button", name="自动写标签").click()
    await expect(cells.nth(5).locator(".tag")).to_have_count(2)

    # From all, by the tag that most of them have.
    await draft.get_by_role("button", name="笑：6 张里有 5 张").click()
    await expect(draft.get_by_label("怎么改")).to_have_value("minus")
    await draft.get_by_role("button", name="改", exact=True).click()
    await expect(cells.nth(5).locator(".tag")).to_have_count(1)
    await cells.nth(2).get_by_role("button", name="去掉第 3 张").click()
    await expect(cells).to_have_count(5)

    # How long it takes is told with every step more.
    await draft.get_by_label("步数").fill("40")
    await expect(draft.locator(".train-estimate")).to_have_text("每张图看 64 次 · 约 2 分钟")
    await draft.get_by_label("步数").blur()
    await until(lambda: teaching.all["training0"].wishes.get("steps") == 40)
    await draft.get_by_role("radio", name="一个人").check()
    await until(lambda: teaching.all["training0"].kind == "person")
    await draft.get_by_text("更多").click()
    await draft.get_by_label("方案").select_option("portrait")
    await until(lambda: teaching.all["training0"].wishes.get("preset") == "portrait")
    await touchable(page, ".train")
    await no_sideways_scroll(page)
    assert await draft.evaluate("one => one.scrollWidth - one.clientWidth") <= 0

    await draft.get_by_role("checkbox").check()
    await expect(draft.locator(".train-consent")).to_contain_text("已同意")
    await draft.get_by_role("button", name="开始训练").click()
    await expect(page.locator(".train-course .train-state")).to_have_text("等着开始 · 排第 2 位 · 第 0 步，共 40 步")
    assert teaching.all["training0"].consent is not None


@in_chromium
async def test_a_training_is_watched_stopped_chosen_and_drawn_with(serve: Serve, look: Look) -> None:
    served, teaching = await taught(serve)
    me = served.browser()
    made = await told(me.post("/api/trainings", json={"name": "totem", "key": KEY}))
    way = f"/api/trainings/{made['id']}"
    await told(me.post(f"{way}/pictures", data=files(**{f"p{at}__png": drawing(at) for at in range(5)})))
    await told(me.post(f"{way}/start"))
    page = await look(served, f"#train/{made['id']}", locale="en-US", **WIDE)
    course = page.locator(".train-course")
    for step in (100, 200):
        await teaching.learn(made["id"], step, await drawn(served, step))
    await expect(course.locator(".train-state")).to_have_text("Learning · step 200 of 400 · about 2 min")
    await expect(course.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "200")
    await expect(course.get_by_role("img", name="The loss goes from")).to_be_visible()
    large = course.locator(".samples-large a")
    await expect(large).to_have_count(4)
    await expect(large.nth(0)).to_have_accessible_name("Sample 1 at step 200, with the trigger")
    await expect(large.nth(3)).to_have_accessible_name("Sample 2 at step 200, without the trigger")
    slider = course.get_by_role("slider")
    await slider.focus()
    await page.keyboard.press("ArrowLeft")
    await expect(large.nth(0)).to_have_accessible_name("Sample 1 at step 100, with the trigger")
    await teaching.learn(made["id"], 300, await drawn(served, 300))
    await expect(course.get_by_role("button", name="Look at step 300")).to_be_visible()
    await expect(large.nth(0)).to_have_accessible_name("Sample 1 at step 100, with the trigger")  # it stays
    await expect(slider).to_be_focused()

    await course.get_by_role("button", name="Pause").click()
    await expect(course.locator(".train-state")).to_contain_text("Paused")
    await course.get_by_role("button", name="Go on").click()
    await expect(course.locator(".train-state")).to_contain_text("Learning")
    await course.get_by_role("button", name="Stop and keep").click()
    await page.get_by_role("dialog").get_by_role("button", name="Stop and keep").click()
    await expect(course.locator(".train-result code")).to_have_text("xiaohongdq <lora:totem:1>")
    await expect(course.get_by_role("link", name="Download")).to_have_attribute("href", f"/trainings/{made['id']}/file")
    await course.get_by_role("button", name="Use step 100").click()
    await page.get_by_role("dialog").get_by_role("button", name="Use step 100").click()
    await until(lambda: teaching.all[made["id"]].chosen == 100)
    await course.get_by_role("button", name="Share", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Share").click()
    await expect(course.get_by_role("button", name="Share no more")).to_be_visible()

    # A sample opens, and the way back is the training again.
    await large.nth(0).click()
    await expect(page.locator("dialog.picture")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(f"{served.url}/#train/{made['id']}")
    await course.get_by_role("button", name="Draw with it").click()
    await expect(page.locator("#composer textarea")).to_have_value("xiaohongdq <lora:totem:1>")

    await page.get_by_role("link", name="All trainings").click()
    await expect(page.locator(".trainings b")).to_have_text(["totem"])
    await page.locator(".trainings a").press("Enter")
    await course.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.locator(".nothing")).to_contain_text("No trainings yet")
    assert teaching.all == {}


@in_chromium
async def test_whoever_leaves_a_draft_is_not_called_back_by_what_it_answers(serve: Serve, look: Look) -> None:
    served, teaching = await taught(serve)
    me = served.browser("en")
    made = await told(me.post("/api/trainings", json={"name": "totem", "key": KEY}))
    page = await look(served, f"#train/{made['id']}", locale="en-US", **PHONE)
    asked, goes_on = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        asked.set()
        await goes_on.wait()
        await route.continue_()

    await page.route("**/pictures", slowly)
    sent: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": drawing(1)}
    await page.locator(".train-draft input[type=file]").set_input_files([sent])
    await asked.wait()
    await page.get_by_role("link", name="All trainings").click()
    await expect(page.locator(".trainings b")).to_have_text(["totem"])
    async with page.expect_response("**/pictures"):
        goes_on.set()
    await until(lambda: len(teaching.shown[made["id"]]) == 1)
    await page.evaluate("() => new Promise((done) => setTimeout(done, 100))")  # the answer has been dealt with
    await expect(page.locator(".train-draft")).to_have_count(0)
    await expect(page.locator(".trainings b")).to_have_text(["totem"])


@in_chromium
async def test_what_was_written_last_counts_when_it_is_started(serve: Serve, look: Look) -> None:
    """However slow the way to the server is."""
    served, teaching = await taught(serve)
    me = served.browser("en")
    made = await told(me.post("/api/trainings", json={"name": "totem", "key": KEY}))
    way = f"/api/trainings/{made['id']}"
    await told(me.post(f"{way}/pictures", data=files(**{f"p{at}__png": drawing(at) for at in range(5)})))
    page = await look(served, f"#train/{made['id']}", locale="en-US", **PHONE)
    asked, goes_on = list[str](), asyncio.Event()

    async def slowly(route: Route) -> None:
        if route.request.method != "GET":  # it asks how it is now and then
            asked.append(route.request.method)
        if route.request.method == "PATCH":
            await goes_on.wait()
        await route.continue_()

    await page.route(f"**{way}", slowly)
    await page.route(f"**{way}/start", slowly)
    draft = page.locator(".train-draft")
    for label, said in (("Trigger word", "zwx"), ("Steps", "8")):
        await draft.get_by_label(label, exact=True).fill(said)
        await draft.get_by_label(label, exact=True).blur()
    await draft.get_by_role("button", name="Start").click()
    await until(lambda: "PATCH" in asked)
    await page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    assert asked == ["PATCH"]
    goes_on.set()
    await expect(page.locator(".train-course")).to_have_count(1)
    assert asked == ["PATCH", "PATCH", "POST"]
    kept = teaching.all[made["id"]]
    assert (kept.trigger, kept.wishes.get("steps")) == ("zwx", 8)


@in_chromium
async def test_a_failure_is_told_and_pictures_are_dragged_into_a_new_draft(serve: Serve, look: Look) -> None:
    served, teaching = await taught(serve)
    page = await look(served, "#train", locale="en-US", **WIDE)
    await expect(page.locator(".train .primary")).to_be_focused()
    data = await page.evaluate_handle(
        "bytes => { const data = new DataTransfer();"
        "data.items.add(new File([new Uint8Array(bytes)], 'a.png', { type: 'image/png' })); return data; }",
        list(drawing(1)),
    )
    await page.locator(".train").dispatch_event("dragenter", {"dataTransfer": data})
    await expect(page.locator(".train.dropping")).to_be_visible()
    await expect(page.locator(".talk.dropping")).to_have_count(0)
    await page.locator(".train").dispatch_event("drop", {"dataTransfer": data})
    await page.locator("#ask-name").fill("totem")
    await page.locator("#ask-name").press("Enter")
    await expect(page.locator(".train-pictures > li")).to_have_count(1)
    # Somebody writes while the training is told anew: what stands there stays.
    trigger = page.get_by_label("Trigger word")
    await trigger.fill("totemdq")
    await teaching.put(teaching.all["training0"])
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator(".train-start .problem")).to_contain_text("5")
    await until(lambda: teaching.all["training0"].trigger == "totemdq")
    await asyncio.gather(*(teaching.put(one) for one in list(teaching.all.values())))
    await teaching.end("training0", "failed", "train.memory")
    await expect(page.locator(".train-reason")).to_contain_text("memory")
    await page.get_by_role("button", name="Train again").click()
    await expect(page.locator(".train-head h3")).to_have_text("totem 2")
    await expect(page.locator(".train-pictures > li")).to_have_count(1)
