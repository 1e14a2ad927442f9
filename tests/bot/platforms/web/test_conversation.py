"""The conversation over HTTP: what is said and pressed, what comes back, streams that miss nothing, two languages."""

import asyncio
from dataclasses import replace

import pytest
from aiohttp import FormData

from bot.chat import Card, Say
from bot.studio import cards
from engine.job import Job, Progress, State
from prompts.errors import Refusal
from storage import messages
from storage.jobs import Place
from tests.bot.platforms.web.conftest import Serve, events
from tests.bot.platforms.web.desk import drawing, preview, prompt_of, recipe
from tests.patience import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAID = {"text": "一只橘猫", "key": "k-00000001"}
HERE = Place("web", "local")


async def test_hello_has_all_words_and_says_how_the_engine_is(serve: Serve) -> None:
    served = await serve()
    served.desk.state = {"ready": False, "loading": "danqing-demo"}
    zh = await (await served.browser("zh-CN,zh;q=0.9,en;q=0.8").get("/api/hello")).json()
    en = await (await served.browser("fr, en;q=0.5, zh;q=0.3").get("/api/hello")).json()
    assert zh["language"] == "zh" and en["language"] == "en"
    assert zh["texts"].keys() == en["texts"].keys() >= {"page.history", "button.again", "page.example.1"}
    assert zh["signed_in"] and not zh["password"] and zh["status"]["ready"] is False
    assert zh["commands"][0] == {"name": "/imagine", "line": "画一张图"}


async def test_a_line_becomes_a_card_with_progress_and_then_a_picture(serve: Serve) -> None:
    served = await serve()
    browser = served.browser("zh")
    async with events(browser) as stream:
        assert (await browser.post("/api/say", json=SAID)).status == 200
        said = await stream.until(lambda kind, event: kind == "message")
        assert (said["author"], said["text"], said["key"]) == ("person", "一只橘猫", SAID["key"])
        waiting = await stream.until(lambda kind, event: event.get("state") == "waiting")
        assert waiting["progress"]["place"] == 2 and waiting["buttons"][0]["label"] == "取消"
        parts = {part["name"]: part for part in waiting["understood"]["parts"]}
        assert list(parts) == ["quality_style", "subject", "scene_detail"]
        tag = parts["quality_style"]["fragments"][2]
        assert (tag["text"], tag["weight"], tag["origin_label"], tag["source"]) == ("watercolor", 1.2, "词表", "水彩")
        drawn = await stream.until(lambda kind, event: event.get("state") == "running" and event["progress"]["preview"])
        assert drawn["progress"]["preview"].startswith("data:image/jpeg;base64,")
        done = await stream.until(lambda kind, event: event.get("state") == "done")
    assert done["id"] == waiting["id"] and len(done["pictures"]) == 1
    assert [one["action"] for one in done["buttons"]][:2] == ["again", "vary"]
    kept = await (await browser.get("/api/messages")).json()
    assert [one["author"] for one in kept["messages"]] == ["person", "bot"] and kept["messages"][1] == done


async def test_the_same_line_twice_is_one_message(serve: Serve) -> None:
    served = await serve()
    browser = served.browser()
    for _ in range(2):
        await browser.post("/api/say", json=SAID)
    assert len({request.key for request in served.desk.requests}) == 1
    kept = await (await browser.get("/api/messages")).json()
    assert [one["author"] for one in kept["messages"]] == ["person", "bot"]


async def test_old_messages_speak_the_language_of_whoever_looks(serve: Serve) -> None:
    served = await serve()
    browser = served.browser("zh")
    await served.chat.send(HERE, cards.error(Refusal("web.too_large", limit=20)), "m1")
    zh = await (await browser.get("/api/messages")).json()
    assert "一次最多 20 MB" in zh["messages"][0]["text"]
    assert (await browser.post("/api/language", json={"language": "en"})).status == 200
    en = await (await browser.get("/api/messages")).json()
    assert "at most 20 MB" in en["messages"][0]["text"]
    assert (await browser.post("/api/language", json={"language": "klingon"})).status == 400


async def test_a_message_whose_text_is_gone_is_shown_all_the_same(serve: Serve) -> None:
    served = await serve()
    await served.chat.send(HERE, Card(text=Say("no.such.text", {"a": 1})), "m1")
    kept = await (await served.browser().get("/api/messages")).json()
    assert kept["messages"][0]["text"] == "no.such.text"


async def test_a_reconnect_misses_nothing_and_repeats_nothing(serve: Serve) -> None:
    served = await serve(alone=False)
    browser = served.browser()
    first = await (await browser.get("/api/messages")).json()
    async with events(browser, str(first["changed"])) as stream:
        await served.chat.send(HERE, Card(text=Say("job.cancelled")), "m1")
        await stream.until(lambda kind, event: event.get("id") == "m1")
        last = stream.last
    await served.chat.send(HERE, Card(text=Say("job.done", {"seconds": 1})), "m2")
    await served.chat.edit(Place("web", "local", "m1"), Card(text=Say("job.deleted")))
    await browser.post("/api/say", json=SAID)
    await served.desk.step("job0", 10)
    async with events(browser, "0", **{"Last-Event-ID": last}) as stream:
        heard = [await stream.next() for _ in range(6)]
    names = [event.get("id") for kind, event in heard if kind == "message"]
    assert names[:2] == ["m2", "m1"] and names.count("job0") >= 1
    card = [event for _, event in heard if event.get("id") == "job0"][-1]
    assert card["state"] == "running" and card["progress"]["step"] == 10


async def test_a_reconnect_after_many_changes_hears_them_all(serve: Serve) -> None:
    served = await serve()
    for number in range(230):
        await messages.put(served.db, f"m{number}", "local", "bot", {"text": "", "kind": "answer"})
    async with events(served.browser()) as stream:
        for number in range(230):
            assert (await stream.next())[1]["id"] == f"m{number}"


async def test_earlier_messages_come_page_by_page(serve: Serve) -> None:
    served = await serve()
    browser = served.browser()
    for number in range(45):
        await messages.put(served.db, f"m{number}", "local", "bot", {"text": "", "kind": "answer"})
    newest = await (await browser.get("/api/messages")).json()
    assert newest["more"] and newest["messages"][0]["id"] == "m5"
    older = await (await browser.get("/api/messages?before=m5")).json()
    assert [one["id"] for one in older["messages"]] == ["m0", "m1", "m2", "m3", "m4"] and not older["more"]
    assert (await browser.get("/api/messages?before=a%20b'c")).status == 400


async def test_cards_under_way_are_shown_but_written_once(serve: Serve) -> None:
    served = await serve()
    job = Job(id="j", owner="x", recipes=(recipe(prompt_of("猫")),))
    place = await served.chat.send(HERE, cards.under_way(job, None), "j")
    before = await messages.get(served.db, "j")
    going = Progress(job="j", state=State.RUNNING, place=0, seconds_left=3, step=2, steps=20, preview=preview())
    for step in range(3, 9):
        await served.chat.edit(
            place, cards.under_way(job, replace(going, step=step, preview=None if step > 3 else preview()))
        )
    assert await messages.get(served.db, "j") == before
    kept = (await (await served.browser().get("/api/messages")).json())["messages"][0]
    assert kept["progress"]["step"] == 8 and kept["progress"]["preview"], "the last preview stays until a newer one"
    await served.chat.edit(place, cards.ended(replace(job, state=State.CANCELLED), (), "", {}))
    await served.chat.edit(place, cards.under_way(job, going))
    kept = (await (await served.browser().get("/api/messages")).json())["messages"][0]
    assert kept["state"] == "cancelled", "a late word on an ended job changes nothing"


async def test_closing_keeps_the_newest_card_and_ends_the_streams(serve: Serve) -> None:
    served = await serve()
    job = Job(id="j", owner="x", recipes=(recipe(prompt_of("猫")),))
    async with events(served.browser()) as stream:
        place = await served.chat.send(HERE, cards.under_way(job, None), "j")
        going = Progress(job="j", state=State.RUNNING, place=0, seconds_left=3, step=2, steps=20)
        await served.chat.edit(place, cards.under_way(job, going))
        await stream.until(lambda kind, event: event.get("state") == "running")
        await served.chat.close()
        with pytest.raises(EOFError):  # an end, and not broken off after a while
            await stream.until(lambda kind, event: False)
    kept = await messages.get(served.db, "j")
    assert kept and kept.body["state"] == "running"


async def test_a_fleeting_card_is_a_notice_and_is_not_kept(serve: Serve) -> None:
    served = await serve()
    browser = served.browser("zh")
    async with events(browser) as stream:
        await served.chat.send(HERE, cards.notice("picture.deleted"), "n1")
        notice = await stream.until(lambda kind, event: kind == "notice")
    assert notice["text"] == "已删除。"
    assert (await (await browser.get("/api/messages")).json())["messages"] == []


async def test_the_state_of_the_engine_is_told_when_it_changes(serve: Serve) -> None:
    served = await serve()
    served.desk.state = {"ready": False}
    async with events(served.browser()) as stream:
        await stream.until(lambda kind, event: kind == "status" and not event["ready"])
        served.desk.state = {"ready": True, "device": "CPU"}
        async with asyncio.timeout(PATIENCE):
            await stream.until(lambda kind, event: kind == "status" and event["ready"])


async def test_a_press_reaches_the_desk_with_its_form(serve: Serve) -> None:
    served = await serve(alone=False)
    browser = served.browser()
    await browser.post("/api/say", json=SAID)
    pressed = {"action": "cancel", "target": "job0", "key": "k-00000002", "values": {"name": "我的\ud800猫"}}
    assert (await browser.post("/api/press", json=pressed)).status == 200
    press = served.desk.presses[0]
    assert (press.action, press.target, press.values) == ("cancel", "job0", {"name": "我的\ufffd猫"})
    assert press.person.admin and press.place == HERE
    for wrong in ({"action": "../x"}, {"target": "a b"}, {"key": "short"}, {"values": [1]}, {"values": {"a": 1}}):
        assert (await browser.post("/api/press", json={**pressed, **wrong})).status == 400


async def test_a_picture_can_come_with_the_words(serve: Serve) -> None:
    served = await serve()
    browser = served.browser()
    form = FormData()
    form.add_field("text", "像这样")
    form.add_field("key", "k-00000003")
    form.add_field("picture", drawing(1), filename="../../x.png", content_type="image/png")
    assert (await browser.post("/api/say", data=form)).status == 200
    assert served.desk.requests[0].files[0].content == drawing(1)
    said = (await (await browser.get("/api/messages")).json())["messages"][0]
    (thumb,) = said["thumbs"]
    assert thumb.startswith("data:image/jpeg;base64,")


async def test_several_pictures_can_come_with_the_words(serve: Serve) -> None:
    served = await serve()
    browser = served.browser()

    def form(key: str, count: int) -> FormData:
        made = FormData()
        made.add_field("text", "像这样")
        made.add_field("key", key)
        for number in range(count):
            made.add_field("picture", drawing(number), filename="x.png", content_type="image/png")
        return made

    assert (await browser.post("/api/say", data=form("k-00000003", 3))).status == 200
    assert [one.content for one in served.desk.requests[0].files] == [drawing(number) for number in range(3)]
    said = (await (await browser.get("/api/messages")).json())["messages"][0]
    assert len(said["thumbs"]) == 3
    refused = await browser.post("/api/say", data=form("k-00000004", 11))
    assert refused.status == 400 and (await refused.json())["key"] == "album.too_many"


async def test_very_long_and_broken_text_reaches_the_desk_whole(serve: Serve) -> None:
    served = await serve()
    browser = served.browser()
    long = "猫" * 100_000
    served.desk.refusals[long] = Refusal("web.too_large", limit=1)
    assert (await browser.post("/api/say", json={"text": long, "key": "k-00000004"})).status == 200
    assert served.desk.requests[0].text == long
    kept = (await (await browser.get("/api/messages")).json())["messages"]
    assert len(kept[0]["text"]) < 5000 and kept[1]["kind"] == "error"
    assert (await browser.post("/api/say", json={"text": "a\0b\ud83d", "key": "k-00000005"})).status == 200
    assert served.desk.requests[1].text == "ab\ufffd"


async def test_two_browsers_with_one_account_see_the_same(serve: Serve) -> None:
    served = await serve()
    one, other = served.browser(), served.browser("zh")
    async with events(one) as first, events(other) as second:
        await one.post("/api/say", json=SAID)
        done = [await stream.until(lambda kind, event: event.get("state") == "done") for stream in (first, second)]
    assert done[0]["pictures"] == done[1]["pictures"] and done[0]["text"] != done[1]["text"]
