"""Routes of the page's trainings: drafts with their pictures and tags, how they go, and their files."""

from __future__ import annotations

import asyncio
import io
import re
import secrets
from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import quote

from aiohttp import web

from bot.chat import Request, Say
from bot.platforms.web import training_json
from bot.platforms.web.card_json import sentence
from bot.platforms.web.conversation import KEY, own_key
from bot.platforms.web.middleware import SITE, VIEWER, Site, body_of, clean, text_of
from bot.training.folder import CAPTIONS, LONGEST, FolderFile, FolderPictures, gathered
from bot.training.looked_at import NewPicture
from bot.training.tag_changes import TagChange, tags_of
from bot.training.teaching import Teaching
from bot.training.zips import pictures_of_zip
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import people
from storage.jobs import Place
from storage.trainings import KeptTraining

FILES = 60  # in one request
HASH = re.compile(r"[0-9a-f]{64}")
SIDE = 640  # pixels of a picture in the grid
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
TEXTS = ("trigger", "kind", "model", "preset", "keep", "name")
NUMBERS = ("steps", "seed", "rank")
DOES = ("plus", "minus", "rename")


async def listed(request: web.Request) -> web.Response:
    """One's own trainings, newest first."""
    teaching, person = _teaching(request), request[VIEWER].person.id
    rows: list[Json] = []
    for kept in await teaching.mine(person):
        rows.append(training_json.brief(kept, await teaching.samples(person, kept.id)))
    return web.json_response({"trainings": rows})


async def draft(request: web.Request) -> web.Response:
    """Begin a draft of a name; the same key again is the same draft."""
    body = await body_of(request)
    key = text_of(body, "key", 64)
    if not KEY.fullmatch(key):
        raise Refusal("web.not_understood")
    return await _answer(request, await _teaching(request).draft(_asked(request, key), text_of(body, "name", 200)))


async def one(request: web.Request) -> web.Response:
    """All of a training."""
    teaching = _teaching(request)
    return await _answer(request, await teaching.get(request[VIEWER].person.id, _id(request)))


async def change(request: web.Request) -> web.Response:
    """Choose what is to be learnt and how; null or "" takes a choice back."""
    wishes: dict[str, Json] = {}
    for name, value in (await body_of(request)).items():
        if name in TEXTS and isinstance(value, str):
            wishes[name] = clean(value)[:200] or None
        elif name in NUMBERS and (value is None or (isinstance(value, int) and not isinstance(value, bool))):
            wishes[name] = value
        else:
            raise Refusal("web.not_understood")
    return await _answer(request, await _teaching(request).change(request[VIEWER].person.id, _id(request), **wishes))


# --- pictures and their tags ---


async def add(request: web.Request) -> web.Response:
    """Put pictures into a draft: files with captions beside them, or zips. What cannot be used is told in `aside`; the
    rest is taken all the same."""
    teaching, viewer = _teaching(request), request[VIEWER]
    training = _id(request)
    kept = await teaching.get(viewer.person.id, training)
    files = await _files(request)
    aside: list[Say | Refusal] = []
    for name, content in files:
        if content[:4] in ZIP:
            async with request.app[SITE].decoding:
                found = await _tried(partial(pictures_of_zip, content, name), aside)
            kept = await _added(request, kept, found, aside)
    entries = [
        FolderFile(PurePosixPath(name), len(content), partial(bytes, content))
        for name, content in files
        if content[:4] not in ZIP
    ]
    if any(entry.inside.suffix.lower() not in CAPTIONS for entry in entries):
        async with request.app[SITE].decoding:
            found = await _tried(partial(gathered, entries, entries[0].inside.name), aside)
        kept = await _added(request, kept, found, aside)
    told: list[Json] = [sentence(viewer.language, one.key, one.values) for one in aside]
    return await _answer(request, kept, {"aside": [*dict.fromkeys(map(str, told))]})


async def _tried(read: partial[FolderPictures], aside: list[Say | Refusal]) -> FolderPictures:
    try:
        found = await asyncio.to_thread(read)
    except Refusal as refusal:
        aside.append(refusal)
        return FolderPictures(())
    aside += found.notes
    return found


async def _added(
    request: web.Request, kept: KeptTraining, found: FolderPictures, aside: list[Say | Refusal]
) -> KeptTraining:
    """Put them in together, else one by one, so that one that cannot be used keeps no other out."""
    new = [
        NewPicture(one.path.name, one.content, one.caption, one.repeats, one.named, one.prior) for one in found.pictures
    ]
    if not new:
        return kept
    teaching, asked = _teaching(request), _asked(request)
    try:
        return await teaching.add(asked, kept.id, new)
    except Refusal as refusal:
        if len(new) == 1 or not refusal.key.startswith("upload."):
            aside.append(refusal)
            return kept
    for one in new:
        try:
            kept = await teaching.add(asked, kept.id, [one])
        except Refusal as refusal:
            why = sentence(request[VIEWER].language, refusal.key, refusal.values)
            aside.append(Say("page.train.aside", {"file": one.name, "why": why}))
    return kept


async def _files(request: web.Request) -> list[tuple[str, bytes]]:
    """Names and contents of what was sent."""
    if request.content_type != "multipart/form-data":
        raise Refusal("web.not_understood")
    try:
        form = await request.post()
    except ValueError:
        raise Refusal("web.not_understood") from None
    sent = [one for one in form.getall("file", []) if isinstance(one, web.FileField)]
    if not sent or len(sent) > FILES:
        raise Refusal("web.not_understood")
    found: list[tuple[str, bytes]] = []
    for one in sent:
        with one.file as file:
            content = await asyncio.to_thread(file.read)
        # One folder deep at most: what the browser says beyond a name is no business of ours.
        name = clean(one.filename).replace("\\", "/").rpartition("/")[2][-200:]
        found.append((name or "picture.png", content))
    return found


async def caption(request: web.Request) -> web.Response:
    """Say of a picture what is on it."""
    text = text_of(await body_of(request), "text", LONGEST)
    teaching = _teaching(request)
    return await _answer(request, await teaching.caption(_asked(request), _id(request), _place(request), text))


async def drop(request: web.Request) -> web.Response:
    teaching, person = _teaching(request), request[VIEWER].person.id
    return await _answer(request, await teaching.remove_picture(person, _id(request), _place(request)))


async def tag_all(request: web.Request) -> web.Response:
    """Add tags to all pictures (`plus`), take them away (`minus`), or call one otherwise (`rename`, `into`)."""
    body = await body_of(request)
    does, tags, into = text_of(body, "change", 20), tags_of(text_of(body, "tag", 1000)), text_of(body, "into", 200)
    if does not in DOES or not tags or (does == "rename" and (len(tags) != 1 or len(tags_of(into)) != 1)):
        raise Refusal("web.not_understood")
    asked = TagChange(does, tags, (), into.strip())  # type: ignore[arg-type]  # one of DOES
    return await _answer(request, await _teaching(request).tag_all(_asked(request), _id(request), asked))


async def read(request: web.Request) -> web.Response:
    """Have the tags read of the pictures that nothing is said of."""
    return await _answer(request, await _teaching(request).read_tags(_asked(request), _id(request)))


# --- how it goes ---


async def does(request: web.Request) -> web.Response:
    """What a button does: agree, start, pause, go_on, stop, share, unshare, again, or choose a `step`."""
    teaching, training = _teaching(request), _id(request)
    person, asked = request[VIEWER].person.id, _asked(request)
    match request.match_info["what"]:
        case "agree":
            kept = await teaching.agree(person, training)
        case "start":
            kept = await teaching.start(asked, training)
        case "pause":
            kept = await teaching.pause(person, training)
        case "go_on":
            kept = await teaching.go_on(asked, training)
        case "stop":
            kept = await teaching.stop_and_keep(person, training)
        case "share" | "unshare" as what:
            kept = await teaching.share(person, training, what == "share")
        case "again":
            kept = await teaching.again(asked, training)
        case "choose":
            step = (await body_of(request)).get("step")
            if not isinstance(step, int):
                raise Refusal("web.not_understood")
            kept = await teaching.choose(person, training, step)
        case _:
            raise Refusal("web.not_found")
    return await _answer(request, kept)


async def forget(request: web.Request) -> web.Response:
    await _teaching(request).delete(_asked(request), _id(request))
    return web.json_response({})


# --- files ---


async def image(request: web.Request) -> web.Response:
    """A picture of a training, small enough to be looked at."""
    teaching, person, name = _teaching(request), request[VIEWER].person.id, request.match_info["hash"]
    mine = await teaching.pictures(person, _id(request))
    if not HASH.fullmatch(name) or name not in {one.hash for one in mine}:
        raise Refusal("web.not_found")
    content = await request.app[SITE].db.files.thumbnail(name, SIDE)
    # Deleted ones leave the browser soon: they are the person's own photographs.
    return web.Response(body=content, content_type="image/webp", headers={"Cache-Control": "private, max-age=600"})


async def file(request: web.Request) -> web.StreamResponse:
    """The LoRA's file."""
    name, content = await _teaching(request).download(request[VIEWER].person.id, _id(request))
    said = f"attachment; filename*=UTF-8''{quote(name)}"
    headers = {"Content-Disposition": said, "Content-Length": str(len(content))}
    response = web.StreamResponse(headers=headers)
    response.content_type = "application/octet-stream"
    await response.prepare(request)
    source = io.BytesIO(content)
    while piece := source.read(2**20):
        await response.write(piece)
    return response


# --- what all of them need ---


async def tell(site: Site, teaching: Teaching, kept: KeptTraining) -> None:
    """Let the open pages of a training's owner know where it stands."""
    accounts = [one.account for one in await people.accounts(site.db, kept.person) if one.platform == "web"]
    listening = [account for account in accounts if site.feed.listens(account)]
    if listening:
        event = training_json.news(await teaching.now(kept))
        for account in listening:
            site.feed.tell(account, "training", kept.id, event)


def _teaching(request: web.Request) -> Teaching:
    teaching = request.app[SITE].teaching
    if teaching is None:
        raise Refusal("web.not_found")
    return teaching


def _id(request: web.Request) -> str:
    return request.match_info["id"]


def _place(request: web.Request) -> int:
    return int(request.match_info["place"])


def _asked(request: web.Request, key: str = "") -> Request:
    """The person as whoever asks for it, on the page."""
    viewer = request[VIEWER]
    said = own_key(viewer, key or secrets.token_urlsafe(12))
    return Request(person=viewer.person, place=Place("web", viewer.account), text="", key=said)


async def _answer(request: web.Request, kept: KeptTraining, more: Mapping[str, Json] | None = None) -> web.Response:
    teaching, language = _teaching(request), request[VIEWER].language
    models = [(one.name, one.family) for one in await teaching.models()]
    told = training_json.whole(await teaching.now(kept, _asked(request)), models, language)
    return web.json_response({**told, **(more or {})})


ROUTES = (
    web.get("/api/trainings", listed),
    web.post("/api/trainings", draft),
    web.get("/api/trainings/{id}", one),
    web.patch("/api/trainings/{id}", change),
    web.delete("/api/trainings/{id}", forget),
    web.post("/api/trainings/{id}/pictures", add),
    web.patch(r"/api/trainings/{id}/pictures/{place:\d{1,4}}", caption),
    web.delete(r"/api/trainings/{id}/pictures/{place:\d{1,4}}", drop),
    web.post("/api/trainings/{id}/tags", tag_all),
    web.post("/api/trainings/{id}/read", read),
    web.post("/api/trainings/{id}/{what}", does),
    web.get("/trainings/{id}/file", file),
    web.get("/trainings/{id}/{hash}", image),
)
