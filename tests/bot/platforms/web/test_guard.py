"""What the page turns away: strangers, foreign pages, floods, bombs, paths; and that nobody sees a traceback."""

import asyncio
import io
import struct
import zlib
from typing import Any

import aiohttp
import pytest
from aiohttp import FormData
from PIL import Image

from bot.platforms import health
from prompts.errors import Refusal
from storage import facts
from tests.bot.platforms.web.conftest import Serve, Served
from tests.patience import PATIENCE, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAID = {"text": "a cat", "key": "k-00000001"}


async def signed_in(served: Served, password: str = "sesame") -> aiohttp.ClientSession:
    browser = served.browser()
    assert (await browser.post("/login", json={"password": password})).status == 200
    return browser


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "studio.example.org"])
async def test_others_are_let_in_only_with_a_password(serve: Serve, host: str) -> None:
    with pytest.raises(Refusal) as refusal:
        await serve(host=host)
    assert refusal.value.key == "web.password_needed"


async def test_a_port_that_is_taken_is_a_refusal(serve: Serve) -> None:
    served = await serve()
    with pytest.raises(Refusal) as refusal:
        await serve(port=served.chat.port)
    assert refusal.value.key == "listen.taken" and refusal.value.values["port"] == served.chat.port


async def test_without_the_password_there_is_nothing_to_see(serve: Serve) -> None:
    served = await serve(password="sesame")
    browser = served.browser("zh")
    assert (await browser.get("/")).status == 200
    hello = await (await browser.get("/api/hello")).json()
    assert not hello["signed_in"] and hello["status"] == {}
    for path in (
        "/api/messages",
        "/api/events",
        "/api/history",
        "/api/pictures/abcdefghijkl",
        "/pictures/abcdefghijkl.png",
    ):
        answer = await browser.get(path)
        assert answer.status == 401 and (await answer.json())["error"] == "请先输入密码。"
    assert (await browser.post("/api/say", json=SAID)).status == 401
    assert not served.desk.requests


async def test_a_health_check_needs_neither_the_password_nor_the_name(serve: Serve) -> None:
    served = await serve(password="sesame")
    browser = served.browser()
    for path in health.PATHS:
        answer = await browser.get(path, headers={"Host": "danqing.default.svc"})
        assert (answer.status, await answer.text(), "Set-Cookie" in answer.headers) == (200, "ok\n", False)
    assert (await browser.get("/", headers={"Host": "danqing.default.svc"})).status == 403


async def test_every_browser_has_an_account_of_its_own(serve: Serve) -> None:
    served = await serve(password="sesame")
    ann, bob = await signed_in(served), await signed_in(served)
    await ann.post("/api/say", json=SAID)

    async def drawn() -> Any:
        return (await (await ann.get("/api/history")).json())["pictures"]

    mine = (await until(drawn))[0]["id"]
    assert (await ann.get(f"/pictures/{mine}.png")).status == 200
    for path in (f"/pictures/{mine}.png", f"/pictures/{mine}.png?size=thumb", f"/api/pictures/{mine}"):
        assert (await bob.get(path)).status == 404
    assert (await (await bob.get("/api/messages")).json())["messages"] == []
    assert (await bob.post("/api/favourites", json={"name": "x", "picture": mine})).status == 404
    await bob.post("/api/say", json=SAID)  # the same key from another account is another message
    assert len({request.key for request in served.desk.requests}) == 2
    assert not served.desk.requests[0].person.admin
    assert (await ann.post("/logout")).status == 200
    assert (await ann.get("/api/messages")).status == 401


async def test_the_cookie_is_kept_from_scripts_and_other_sites(serve: Serve) -> None:
    served = await serve(password="sesame")
    answer = await served.browser().post("/login", json={"password": "sesame"})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "sesame" not in cookie


async def test_passwords_can_be_tried_only_so_often(serve: Serve) -> None:
    served = await serve(password="sesame")
    browser = served.browser()
    tries = [await browser.post("/login", json={"password": word}) for word in "abcdefg"]
    assert [answer.status for answer in tries] == [401] * 5 + [429] * 2
    assert int(tries[-1].headers["Retry-After"]) > 0
    assert (await browser.post("/login", json={"password": "sesame"})).status == 429


async def test_sessions_outlive_a_restart(serve: Serve) -> None:
    served = await serve(password="sesame")
    browser = await signed_in(served)
    (cookie,) = (one for one in browser.cookie_jar if one.key == "danqing_session")
    await served.chat.close()
    second = await serve(password="sesame")
    answer = await second.browser(Cookie=f"danqing_session={cookie.value}").get("/api/messages")
    assert answer.status == 200
    assert isinstance(await facts.fact(second.db, "web.secret"), str)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Danqing": ""},
    ],
)
async def test_pages_of_other_sites_change_nothing(serve: Serve, headers: dict[str, str]) -> None:
    served = await serve()
    browser = served.browser()
    answer = await browser.post("/api/say", json=SAID, headers=headers)
    assert answer.status == 403 and (await answer.json())["key"] == "web.foreign"
    assert not served.desk.requests


async def test_pages_of_other_sites_embed_nothing_but_may_link_here(serve: Serve) -> None:
    browser = (await serve()).browser(**{"Sec-Fetch-Site": "cross-site"})
    assert (await browser.get("/api/history")).status == 403
    assert (await browser.get("/")).status == 200


async def test_our_own_page_is_let_through(serve: Serve) -> None:
    served = await serve()
    headers = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    assert (await served.browser().post("/api/say", json=SAID, headers=headers)).status == 200


async def test_the_page_works_behind_a_proxy_that_renames_it(serve: Serve) -> None:
    browser = (await serve(names=("Paint.example.org",))).browser()
    for origin, status in (("https://paint.example.org", 200), ("https://evil.example", 403), ("https://[", 403)):
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        assert (await browser.post("/api/say", json=SAID, headers=headers)).status == status


async def test_a_foreign_name_for_this_machine_is_refused(serve: Serve) -> None:
    browser = (await serve(names=("paint.example.org",))).browser()
    for host in ("evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "", "[::1", "a@b"):
        assert (await browser.get("/api/hello", headers={"Host": host})).status in (400, 403)
    for host in ("localhost:1", "127.0.0.1", "[::1]:80", "PAINT.example.org", "paint.example.org."):
        assert (await browser.get("/api/hello", headers={"Host": host})).status == 200


async def test_every_answer_carries_the_protective_headers(serve: Serve) -> None:
    browser = (await serve()).browser()
    for path in ("/", "/static/app.js", "/api/hello", "/nowhere", "/static/../server.py"):
        answer = await browser.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "aiohttp" not in answer.headers["Server"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/pictures/..%2f..%2fdanqing.db.png",
        "/pictures/' or 1=1.png",
        "/api/pictures/%00",
        "/api/pictures/" + "a" * 500,
        "/static/",
        "/admin",
    ],
)
async def test_paths_lead_nowhere(serve: Serve, path: str) -> None:
    answer = await (await serve()).browser().get(path)
    assert answer.status in (400, 403, 404)
    assert "error" in await answer.json()


async def test_broken_bodies_get_a_sentence(serve: Serve) -> None:
    browser = (await serve()).browser()
    bodies = [
        b"",
        b"{",
        b"[]",
        b'{"text": 1}',
        b'{"text": "a"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"text":"a","key":"../../etc"}',
    ]
    for body in bodies:
        answer = await browser.post("/api/say", data=body, headers={"Content-Type": "application/json"})
        assert answer.status == 400 and (await answer.json())["key"] == "web.not_understood"
    answer = await browser.post("/api/say", data=b"nonsense", headers={"Content-Type": "multipart/form-data"})
    assert answer.status == 400
    assert (await browser.get("/api/history?since=yesterday")).status == 400
    assert (await browser.get("/api/history?since=2024-01-01T00:00")).status == 400
    assert (await browser.get("/api/history?cursor=%27")).status == 400
    assert (await browser.put("/api/say", json=SAID)).status == 405


async def test_a_failure_of_ours_is_a_sentence_too(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = await serve()
    del served.desk.refusals  # the desk stumbles over this
    answer = await served.browser("zh").post("/api/say", json=SAID)
    body = await answer.text()
    assert answer.status == 500 and "出错" in (await answer.json())["error"]
    assert "Traceback" not in body and "refusals" not in body
    assert (await answer.json())["key"] == "web.our_fault"


def _form(content: bytes) -> FormData:
    form = FormData()
    form.add_field("text", "over this")
    form.add_field("key", "k-00000009")
    form.add_field("picture", io.BytesIO(content), filename="x.png", content_type="image/png")
    return form


async def test_uploads_have_a_limit(serve: Serve) -> None:
    served = await serve(max_upload_mb=1)
    text = io.BytesIO(b'{"key": "k-00000001", "text": "' + b"a" * 2**21 + b'"}')
    long = await served.browser("zh").post("/api/say", data=text, headers={"Content-Type": "application/json"})
    assert long.status == 413
    answer = await served.browser("zh").post("/api/say", data=_form(b"\x89PNG" + bytes(4 * 2**20)))
    assert answer.status == 413 and "1 MB" in (await answer.json())["error"]
    assert not served.desk.requests


def png(width: int, height: int, rows: bytes) -> bytes:
    """A PNG of any claimed size: eight bits of grey."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def picture(kind: str, size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "upload.not_a_picture"),
        (b"hello", "upload.not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "upload.not_a_picture"),
        (picture("GIF"), "upload.not_a_picture"),
        (picture("PNG")[:-30], "upload.damaged"),
        (picture("JPEG")[:300], "upload.damaged"),
        (png(60_000, 60_000, bytes(10_000_000)), "upload.too_many_pixels"),
        (png(2**31 - 1, 2**31 - 1, b""), "upload.too_many_pixels"),
        (png(20_000, 4_000, bytes(1000)), "upload.too_many_pixels"),
        (png(2000, 2000, bytes(1000)), "upload.damaged"),
        (picture("PNG", (8, 900)), "upload.too_small"),
    ],
)
async def test_files_that_are_no_good_pictures_are_refused(serve: Serve, content: bytes, key: str) -> None:
    served = await serve()
    answer = await served.browser().post("/api/say", data=_form(content))
    assert (answer.status, (await answer.json())["key"]) == (400, key)
    assert not served.desk.requests


async def test_the_page_answers_at_once_while_the_model_loads(serve: Serve) -> None:
    served = await serve(alone=False)
    served.desk.state = {"ready": False, "loading": "danqing-demo"}
    async with asyncio.timeout(PATIENCE):
        assert (await served.browser().get("/")).status == 200
        assert (await served.browser().post("/api/say", json=SAID)).status == 200


async def test_the_first_to_sign_in_finds_what_was_painted_without_a_password(serve: Serve) -> None:
    open_ = await serve()
    browser = open_.browser()
    await browser.post("/api/say", json={"text": "a cat", "key": "k-00000001"})
    await open_.desk.rest()
    before = await (await browser.get("/api/history")).json()
    assert len(before["pictures"]) == 1
    closed = await serve(password="sesame")
    first, second = await signed_in(closed), await signed_in(closed)
    assert await (await first.get("/api/history")).json() == before
    said = await (await first.get("/api/messages")).json()
    assert [one["author"] for one in said["messages"]] == ["person", "bot"]
    assert (await (await second.get("/api/history")).json())["pictures"] == []
    assert (await (await second.get("/api/messages")).json())["messages"] == []
    assert await (await browser.get("/api/history")).json() == before  # and nothing is lost there, either
