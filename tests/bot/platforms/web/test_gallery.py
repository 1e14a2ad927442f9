"""History, pictures and favourites over HTTP."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.platforms.web.gallery import COPIES
from engine.pixels import papers, png_recipe
from prompts.errors import Refusal
from storage import people, pictures, shares
from tests.bot.platforms.web.conftest import Serve
from tests.bot.platforms.web.desk import drawing
from tests.bot.platforms.web.test_guard import signed_in
from tests.patience import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def painted(browser: aiohttp.ClientSession, *texts: str) -> list[str]:
    """Draw these; the ids of all pictures, newest first."""

    async def drawn() -> list[str]:
        return [row["id"] for row in (await (await browser.get("/api/history")).json())["pictures"]]

    for index, text in enumerate(texts):
        await browser.post("/api/say", json={"text": text, "key": f"paint-{index:04}"})

        async def so_many(wanted: int = index + 1) -> bool:
            return len(await drawn()) >= wanted

        await until(so_many)
    return await drawn()


async def test_history_is_searched_by_words_model_and_date(serve: Serve) -> None:
    browser = (await serve()).browser()
    apple, cat = await painted(browser, "一只橘猫", "red apple")

    async def found(query: str) -> list[str]:
        return [row["id"] for row in (await (await browser.get(f"/api/history?{query}")).json())["pictures"]]

    assert await found("") == [apple, cat]
    assert await found("words=橘猫") == await found("words=orange+cat") == [cat]
    assert await found("words=nothing") == await found("model=other") == []
    assert await found("model=danqing-demo") == [apple, cat]
    day = date.today()
    assert await found(f"since={day - timedelta(1)}&until={day + timedelta(1)}") == [apple, cat]
    assert await found(f"until={day - timedelta(2)}") == []
    assert await found("since=2020-01-01T00:00:00.000Z&until=2020-01-02T00:00:00.000Z") == []
    assert await found("shape=square") == await found("shape=128x128") == [apple, cat]
    assert await found("shape=landscape") == await found("shape=64x64") == []
    page = await (await browser.get("/api/history")).json()
    assert page["sizes"] == ["128x128"]
    assert (
        page["models"] == ["danqing-demo"]
        and page["next"] is None
        and page["pictures"][1]["text"] == "一只戴红色帽子的橘猫，水彩"
    )


async def test_a_picture_tells_its_recipe_its_parent_and_its_children(serve: Serve) -> None:
    served = await serve()
    browser = served.browser("zh")
    (cat,) = await painted(browser, "一只橘猫")
    await browser.post("/api/press", json={"action": "again", "target": cat, "key": "press-0001"})

    async def with_children() -> Any:
        view = await (await browser.get(f"/api/pictures/{cat}")).json()
        return view if view["children"] else None

    view = await until(with_children)
    lines = {line["name"]: line["value"] for line in view["fields"]}
    assert lines["seed"] == "1" and lines["sampler"] == "DPM++ 2M Karras" and lines["size"] == "128×128"
    assert view["use"].startswith("一只戴红色帽子的橘猫，水彩 --") and '--sampler "DPM++ 2M Karras"' in view["use"]
    assert "--seed 1" in view["use"] and "--size 128x128" in view["use"] and "--negative" not in view["use"]
    assert view["parent"] is None and view["buttons"][0]["action"] == "again"
    child = await (await browser.get(f"/api/pictures/{view['children'][0]['id']}")).json()
    assert child["parent"]["id"] == cat


async def test_the_file_comes_whole_and_small(serve: Serve) -> None:
    browser = (await serve()).browser()
    (cat,) = await painted(browser, "猫")
    whole = await browser.get(f"/pictures/{cat}.png")
    assert whole.content_type == "image/png" and await whole.read() == drawing(1)
    assert "private" in whole.headers["Cache-Control"]
    for size, side in COPIES.items():
        copy = await browser.get(f"/pictures/{cat}.png?size={size}")
        assert copy.content_type == "image/webp"
        with Image.open(io.BytesIO(await copy.read())) as shown:
            assert max(shown.size) <= side
    assert (await browser.get(f"/pictures/{cat}.png?size=99999")).content_type == "image/png"
    small = await browser.get(f"/pictures/{cat}.png?size=thumb")
    assert small.content_type == "image/webp"
    assert max(Image.open(io.BytesIO(await small.read())).size) <= 320


async def test_a_browser_that_has_a_file_or_a_copy_is_not_sent_it_again(serve: Serve) -> None:
    served = await serve()
    browser = served.browser()
    (cat,) = await painted(browser, "猫")
    tags: dict[str, str] = {}
    for size in ("", *COPIES):
        way = f"/pictures/{cat}.png?size={size}"
        first = await browser.get(way)
        tags[size] = first.headers["ETag"]
        for said in (tags[size], f'"other", {tags[size]}', f"W/{tags[size]}"):
            again = await browser.get(way, headers={"If-None-Match": said})
            assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tags[size])
            assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert (await browser.get(way, headers={"If-None-Match": '"other"'})).status == 200
    assert len(set(tags.values())) == len(tags)
    # Another rule for what the file says makes another file, while copies say nothing in any case.
    person = (await pictures.get(served.db, cat)).person  # type: ignore[union-attr]
    await people.set_setting(served.db, person, "metadata", "strip")
    for size, status in (("", 200), ("thumb", 304)):
        answer = await browser.get(f"/pictures/{cat}.png?size={size}", headers={"If-None-Match": tags[size]})
        assert answer.status == status


async def test_a_copy_says_nothing_of_how_it_was_drawn(serve: Serve) -> None:
    served = await serve()
    browser = served.browser()
    (cat,) = await painted(browser, "猫")
    row = await pictures.get(served.db, cat)
    assert row is not None
    whole = png_recipe.png(Image.new("RGB", (128, 128), "red"), row.recipe)
    served.db.files.path(row.hash).write_bytes(whole)
    assert papers.told(await (await browser.get(f"/pictures/{cat}.png")).read())
    for size in COPIES:
        assert not papers.told(await (await browser.get(f"/pictures/{cat}.png?size={size}")).read())


async def test_a_deleted_picture_is_gone_with_a_sentence(serve: Serve) -> None:
    served = await serve()
    browser = served.browser()
    (cat,) = await painted(browser, "猫")
    await browser.post("/api/press", json={"action": "delete", "target": cat, "key": "press-0001"})
    for path in (f"/pictures/{cat}.png", f"/api/pictures/{cat}"):
        answer = await browser.get(path)
        assert answer.status == 404 and (await answer.json())["error"]
    row = (await (await browser.get("/api/messages")).json())["messages"][1]
    assert row["pictures"][0]["id"] == cat, "the page shows the place as empty"


async def test_somebody_elses_picture_is_seen_while_it_is_shared(serve: Serve) -> None:
    served = await serve(password="sesame")
    ann, bob = await signed_in(served), await signed_in(served)
    (cat,) = await painted(ann, "猫")
    paths = (f"/pictures/{cat}.png", f"/api/pictures/{cat}")

    async def seen() -> set[int]:
        return {(await bob.get(path)).status for path in paths}

    assert await seen() == {404}
    code = await shares.share(served.db, cat)
    assert code and await seen() == {200}
    view = await (await bob.get(paths[1])).json()
    assert view["buttons"] == view["children"] == [] and view["parent"] is None
    await shares.take_back(served.db, code)
    assert await seen() == {404}


async def test_favourites_are_saved_listed_found_used_renamed_and_deleted(serve: Serve) -> None:
    served = await serve()
    browser = served.browser()
    (cat,) = await painted(browser, "猫")
    saved = await (await browser.post("/api/favourites", json={"name": " 我的猫 ", "picture": cat})).json()
    assert saved["name"] == "我的猫" and "--seed 1" in saved["use"] and saved["picture"] == cat
    row = await pictures.get(served.db, cat)
    assert row and row.favourite
    assert len((await (await browser.get("/api/history?favourites=1")).json())["pictures"]) == 1
    await browser.post("/api/favourites", json={"name": "apple", "text": "a red apple"})
    taken = await browser.post("/api/favourites", json={"name": "我的猫", "text": "x"})
    assert taken.status == 409
    assert (await browser.post("/api/favourites", json={"name": "", "text": "x"})).status == 400

    async def listed(words: str = "") -> list[str]:
        answer = await (await browser.get(f"/api/favourites?words={words}")).json()
        return [one["name"] for one in answer["favourites"]]

    assert set(await listed()) == {"我的猫", "apple"} and await listed("apple") == ["apple"]
    way = f"/api/favourites/{saved['id']}"
    assert (await (await browser.patch(way, json={"used": True})).json())["used"] == 1
    assert (await (await browser.patch(way, json={"name": "小猫"})).json())["name"] == "小猫"
    assert (await browser.patch(way, json={"name": "apple", "text": "new words"})).status == 409
    assert not await listed("new words")
    assert (await browser.delete(way)).status == 200
    assert await listed() == ["apple"]
    assert (await browser.delete(way)).status == 404


async def test_everything_of_a_person_is_fetched_as_one_file(serve: Serve) -> None:
    served = await serve()
    browser = served.browser("zh-TW")
    await browser.post("/api/say", json={"text": "一隻橘貓", "key": "k-00000001"})
    async with browser.get("/api/mydata") as answer:
        assert answer.status == 200 and "danqing.zip" in answer.headers["Content-Disposition"]
        content = await answer.read()
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert "一隻橘貓" in found.read("data.json").decode()
        assert "機器人" in found.read("README.txt").decode()


async def test_what_is_never_drawn_is_no_favourite(serve: Serve) -> None:
    async def check(person: str, said: Sequence[str]) -> None:
        if any("never" in text for text in said):
            raise Refusal("access.minors")

    served = await serve(check=check)
    browser = served.browser()
    kept = await (await browser.post("/api/favourites", json={"name": "apple", "text": "a red apple"})).json()
    for body in ({"name": "x", "text": "what is never drawn"}, {"name": "never", "text": "x"}):
        answer = await browser.post("/api/favourites", json=body)
        assert answer.status == 400 and (await answer.json())["key"] == "access.minors"
    for more in ({"text": "what is never drawn"}, {"name": "never", "text": "a green apple"}):
        assert (await browser.patch(f"/api/favourites/{kept['id']}", json=more)).status == 400
    rows = (await (await browser.get("/api/favourites")).json())["favourites"]
    assert [(one["name"], one["text"]) for one in rows] == [("apple", "a red apple")]
