"""Routes of the conversation: hello, signing in, messages, what is said and pressed, and the stream of events."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import re
import time
import zipfile
from collections.abc import Sequence

from aiohttp import web

from bot import texts
from bot.chat import Press, Request, Upload
from bot.platforms import replies
from bot.platforms.web import card_json, session
from bot.platforms.web.feed import Event
from bot.platforms.web.middleware import SITE, VIEWER, Site, account_of, body_of, clean, language_of, text_of, viewer_of
from bot.platforms.web.session import COOKIE, LANGUAGE_COOKIE, Viewer
from bot.studio import uploads
from engine import control_words
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.region_colours import COLOURS, PALETTE, names
from prompts.regions import GROUND
from prompts.traditional import called, chinese, written
from storage import messages, people, taking_over
from storage.jobs import Place
from storage.messages import Message

KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")  # the page's own name for something said or pressed
MESSAGE = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")
NAME = re.compile(r"[a-z_]{1,40}")
PICTURE = re.compile(r"[A-Za-z0-9]{0,40}")
TARGET = re.compile(r"[A-Za-z0-9_.:-]{0,200}")
BEAT = 15.0  # seconds of silence after which the stream says that it lives
PAGE_SIZE = 40
ECHO = 4000  # characters of the person's own words that the conversation keeps
TYPED = 60  # characters at the end of a clause that a tag may begin in
FIELDS = ("text", "key", "over")
PICTURES = 10  # that may come with one line; how many are drawn at once is another matter


# --- hello and goodbye ---


async def hello(request: web.Request) -> web.Response:
    """All the page needs to begin: its words, who is there, how the engine is."""
    site = request.app[SITE]
    account = account_of(request)
    language = language_of(request)
    viewer = await viewer_of(request, account) if account is not None else None
    admin = viewer is not None and viewer.person.admin
    teaches = viewer is not None and site.teaching is not None and await site.teaching.may(_looks(viewer))
    return web.json_response(
        {
            "language": language,
            "languages": texts.NAMES,
            "texts": {
                name: text
                for part in ("page.", "button.", "shape.", "tags.")
                for name, text in texts.all_texts(language, part).items()
            },
            "signed_in": account is not None,
            "password": bool(site.settings.password),
            "status": dict(site.status()) if account is not None else {},
            "commands": [
                {"name": name, "line": line} for name, line in site.commands(language) if admin or name != "/admin"
            ],
            "controls": [
                {"name": row.en[0], "label": called(row.zh[0], row.en[0], language)}
                for row in control_words.WORDS.values()
            ],
            "regions": _regions(language),
            "training": teaches,
            "max_upload_mb": site.settings.max_upload_mb,
        }
    )


def _looks(viewer: Viewer) -> Request:
    """Somebody who only looks at the page."""
    return Request(person=viewer.person, place=Place("web", viewer.account), text="", key="")


def _regions(language: str) -> dict[str, Json]:
    """What the painter of regions needs: its colours, and what the words for the whole picture are called, what a text
    takes in this language first."""
    colours: list[Json] = []
    for one in (COLOURS[name] for name in PALETTE):
        label = called(one.zh[0], one.name, language)
        shade = "#{:02x}{:02x}{:02x}".format(*one.shade)
        said: list[Json] = [*dict.fromkeys((label, *names(one)))]
        colours.append({"name": one.name, "label": label, "shade": shade, "names": said})
    first = called(GROUND[0], "background", language)
    return {"colours": colours, "grounds": [*dict.fromkeys((first, *GROUND))]}


async def login(request: web.Request) -> web.Response:
    """Give the browser an account of its own in exchange for the password."""
    site = request.app[SITE]
    password = site.settings.password
    given = text_of(await body_of(request), "password", 1000)
    if password:
        remote = session.remote_of(request, site.settings)
        site.attempts.take(remote)
        if not session.password_fits(given, password):
            raise Refusal("web.wrong_password")
        site.attempts.forgive(remote)
    response = web.json_response({})
    if password and account_of(request) is None:
        account = session.new_account()
        await taking_over.take_over(site.db, session.LOCAL, account)
        cookie = site.cookies.sign(account, time.time())
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=session.YEAR,
            httponly=True,
            samesite="Strict",
            secure=session.secure(request, site.settings),
            path="/",
        )
    return response


async def logout(request: web.Request) -> web.Response:
    response = web.json_response({})
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


async def language(request: web.Request) -> web.Response:
    """Speak this language in this browser, and to this person elsewhere."""
    chosen = text_of(await body_of(request), "language", 10)
    if chosen not in texts.LANGUAGES:
        raise Refusal("web.not_understood")
    account = account_of(request)
    if account is not None:
        viewer = await viewer_of(request, account)
        await people.set_language(request.app[SITE].db, viewer.person.id, chosen)
    response = web.json_response({"language": chosen})
    response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=session.YEAR, httponly=True, samesite="Strict", path="/")
    return response


# --- the conversation ---


async def recent(request: web.Request) -> web.Response:
    """The newest messages, or those before the one named by `before`, oldest first."""
    site, viewer = request.app[SITE], request[VIEWER]
    before = request.query.get("before", "")
    if before and not MESSAGE.fullmatch(before):
        raise Refusal("web.not_understood")
    rows = await messages.recent(site.db, viewer.account, before=before or None, limit=PAGE_SIZE)
    return web.json_response(
        {
            "messages": [card_json.message(site.feed.newest(row), viewer.language) for row in rows],
            "more": len(rows) == PAGE_SIZE,
            "changed": max((row.changed for row in rows), default=0),
        }
    )


async def say(request: web.Request) -> web.Response:
    """Pass on what a person wrote, with attached pictures or `over`, the id of one of their own to draw over.
    The same key again is the same message."""
    site, viewer = request.app[SITE], request[VIEWER]
    fields, sent = await _said(request)
    text, key, over = text_of(fields, "text"), text_of(fields, "key", 64), text_of(fields, "over", 40)
    if not KEY.fullmatch(key) or not PICTURE.fullmatch(over):
        raise Refusal("web.not_understood")
    files: tuple[Upload, ...] = ()
    thumbs: list[Json] = []
    for upload in sent:
        if replies.trains(text) and zipfile.is_zipfile(io.BytesIO(upload.content)):
            files += (upload,)
            continue
        async with site.decoding:
            file = await asyncio.to_thread(uploads.checked, upload, site.settings.max_megapixels)
            thumbs.append(await asyncio.to_thread(uploads.thumb, file.content))
        files += (file,)
    request_key = own_key(viewer, key)
    echo = text if len(text) <= ECHO else text[:ECHO] + "…"
    body: card_json.Object = {"text": echo, "key": key, "thumbs": thumbs, "over": over}
    kept = await messages.put(site.db, f"{request_key}-said", viewer.account, "person", body)
    site.feed.settle(kept)
    place = Place("web", viewer.account)
    await site.desk.request(
        Request(person=viewer.person, place=place, text=text, key=request_key, files=files, reply_to=over or None)
    )
    return web.json_response({"id": kept.id})


async def _said(request: web.Request) -> tuple[dict[str, Json], list[Upload]]:
    if request.content_type != "multipart/form-data":
        return await body_of(request), []
    try:
        form = await request.post()
    except ValueError:
        raise Refusal("web.not_understood") from None
    fields: dict[str, Json] = {name: value for name in FIELDS if isinstance(value := form.get(name), str)}
    pictures = [one for one in form.getall("picture", []) if isinstance(one, web.FileField)]
    if len(pictures) > PICTURES:
        raise Refusal("album.too_many", count=len(pictures), limit=PICTURES)
    found: list[Upload] = []
    for picture in pictures:
        with picture.file as file:
            content = await asyncio.to_thread(file.read)
        found.append(Upload(clean(picture.filename)[-200:], content))
    return fields, found


async def tags(request: web.Request) -> web.Response:
    """The tags that the end of a clause may become: `length` characters of `q` are replaced by a tag's `insert`."""
    site, viewer = request.app[SITE], request[VIEWER]
    typed = clean(request.query.get("q", ""))[-TYPED:]
    if site.tags is None:
        return web.json_response({"length": 0, "tags": []})
    length, found = await asyncio.to_thread(site.tags, typed, chinese(viewer.language))
    rows = [
        {
            "tag": one.tag,
            "chinese": written(one.chinese, viewer.language),
            "insert": one.insert,
            "part": one.part,
            "label": card_json.sentence(viewer.language, f"page.part.{one.part}", {}),
        }
        for one in found
    ]
    return web.json_response({"length": length, "tags": rows})


async def press(request: web.Request) -> web.Response:
    """Pass on a pressed button."""
    site, viewer = request.app[SITE], request[VIEWER]
    body = await body_of(request)
    action, target, key = (text_of(body, name, 200) for name in ("action", "target", "key"))
    message = text_of(body, "message", 200)
    values = body.get("values") or {}
    if not (NAME.fullmatch(action) and TARGET.fullmatch(target) and KEY.fullmatch(key)):
        raise Refusal("web.not_understood")
    if message and not MESSAGE.fullmatch(message):
        raise Refusal("web.not_understood")
    if not isinstance(values, dict) or len(values) > 20:
        raise Refusal("web.not_understood")
    await site.desk.press(
        Press(
            person=viewer.person,
            place=Place("web", viewer.account, message),
            action=action,
            target=target,
            key=own_key(viewer, key),
            values={clean(name): text_of(values, name, 4000) for name in values},
        )
    )
    return web.json_response({})


def own_key(viewer: Viewer, key: str) -> str:
    """A page's key made one of this account alone: another account may use the same, or guess it."""
    return "web-" + hashlib.sha256(f"{viewer.account} {key}".encode()).hexdigest()[:32]


# --- the stream ---


async def events(request: web.Request) -> web.StreamResponse:
    """Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): messages as they change,
    the engine's state, passing notices. `Last-Event-ID` or `since` is the last change known: later ones come first."""
    site, viewer = request.app[SITE], request[VIEWER]
    since = _number(request.headers.get("Last-Event-ID") or request.query.get("since"))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    listener = site.feed.open(viewer.account)
    try:
        await response.prepare(request)
        await response.write(b"retry: 1500\n\n")
        while rows := await messages.changed_since(site.db, viewer.account, since):
            for row in rows:
                await response.write(_frame("message", site.feed.newest(row), site, viewer))
            since = rows[-1].changed
        for card in site.feed.of_chat(viewer.account):
            await response.write(_frame("message", card, site, viewer))
        await response.write(_frame("status", dict(site.status()), site, viewer))
        while True:
            for kind, event in listener.take():
                await response.write(_frame(kind, event, site, viewer))
            if listener.closed:
                break
            try:
                await asyncio.wait_for(listener.woken.wait(), BEAT)
            except TimeoutError:
                await response.write(b"event: beat\ndata: {}\n\n")
    except ConnectionError:
        pass  # the page was closed
    finally:
        site.feed.close(listener)
    return response


def _frame(kind: str, event: Event, site: Site, viewer: Viewer) -> bytes:
    """An event as bytes. Only what storage keeps has a number to go on from: a card in memory is sent again anyway."""
    number = ""
    if isinstance(event, Message):
        if event.id not in site.feed.live:
            number = f"id: {event.changed}\n"
        event = card_json.message(event, viewer.language)
    elif kind == "notice":
        event = card_json.card_words(event, viewer.language)
    text = json.dumps(event, ensure_ascii=True, separators=(",", ":"))
    return f"{number}event: {kind}\ndata: {text}\n\n".encode()


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"\d{1,18}", text) else 0


ROUTES: Sequence[web.RouteDef] = (
    web.get("/api/hello", hello),
    web.post("/login", login),
    web.post("/logout", logout),
    web.post("/api/language", language),
    web.get("/api/messages", recent),
    web.post("/api/say", say),
    web.post("/api/press", press),
    web.get("/api/events", events),
    web.get("/api/tags", tags),
)
