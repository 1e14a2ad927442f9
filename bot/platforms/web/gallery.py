"""Routes of what a person has made and kept: history, pictures, favourites."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import date, datetime

from aiohttp import web

from bot.buttons import versus
from bot.buttons.comparing import defaults_of
from bot.people import metadata
from bot.platforms.web import picture_json
from bot.platforms.web.middleware import SITE, VIEWER, body_of, clean, text_of
from bot.studio import comparing
from bot.studio.parcels import packed, parcels
from bot.studio.picture_filter import read_filter
from engine.pixels.dressing import dressed
from engine.policy import Policy
from prompts.errors import Refusal
from prompts.translate.chinese import readings
from storage import drawn_prompts, favourites, jobs, mydata, people, pictures, shares
from storage.pictures import PictureRow

PAIR = re.compile(r"[A-Za-z0-9]{8,40}\.[A-Za-z0-9]{8,40}")
ID = re.compile(r"[A-Za-z0-9]{8,40}")
HASH = re.compile(r"[0-9a-f]{64}")
CURSOR = re.compile(r"[A-Za-z0-9_.:+=,~-]{1,200}")
# Longest sides in pixels of the copies that the page asks for; cards.js has them, too.
COPIES = {"thumb": 320, "640": 640, "1280": 1280, "2048": 2048}
KEEP = "private, max-age=86400, immutable"  # a picture's bytes never change; deleted ones leave the browser in a day
ASK = "private, no-cache"  # but for what its file says of itself, which its owner may choose anew


async def history(request: web.Request) -> web.Response:
    """One's own pictures, newest first: `words`, `model`, `since` and `until` (days or moments), `shape`
    ("landscape", "512x768") and `favourites` narrow them down."""
    site, viewer, query = request.app[SITE], request[VIEWER], request.query
    cursor = query.get("cursor", "")
    if cursor and not CURSOR.fullmatch(cursor):
        raise Refusal("web.not_understood")
    wanted = read_filter(clean(query.get("shape", ""))[:20], date.min)
    page = await pictures.search(
        site.db,
        viewer.person.id,
        words=clean(query.get("words", ""))[:500],
        model=clean(query.get("model", ""))[:200],
        since=_day(query.get("since", "")),
        until=_day(query.get("until", "")),
        favourite=True if query.get("favourites") == "1" else None,
        shape=wanted.shape,
        size=wanted.size,
        before=cursor or None,
    )
    return web.json_response(
        {
            "pictures": [picture_json.picture(row) for row in page.pictures],
            "next": page.next,
            "models": await pictures.models_used(site.db, viewer.person.id),
            "sizes": ["x".join(map(str, size)) for size in await pictures.sizes_made(site.db, viewer.person.id)],
        }
    )


async def prompts(request: web.Request) -> web.Response:
    """One's own prompts, each once, the latest drawn first: `words` and `favourites` narrow them down."""
    site, viewer, query = request.app[SITE], request[VIEWER], request.query
    cursor, words = query.get("cursor", ""), clean(query.get("words", ""))[:500]
    if cursor and not CURSOR.fullmatch(cursor):
        raise Refusal("web.not_understood")
    page = await drawn_prompts.search(
        site.db,
        viewer.person.id,
        words=words,
        instead=readings(words) if words else (),
        favourite=query.get("favourites") == "1",
        before=cursor or None,
    )
    return web.json_response({"prompts": [picture_json.drawn_prompt(one) for one in page.prompts], "next": page.next})


async def view(request: web.Request) -> web.Response:
    """A picture with its recipe, its parent and its children; one that somebody else shares with its recipe alone."""
    site, viewer = request.app[SITE], request[VIEWER]
    row = await _seen(request, request.match_info["id"])
    settings = await people.settings(site.db, viewer.person.id)
    if row.person != viewer.person.id:
        return web.json_response({**picture_json.picture_view(row, None, [], viewer.language, settings), "buttons": []})
    defaults = await defaults_of(site.db, row)
    parent = await pictures.get(site.db, row.parent) if row.parent else None
    children = await pictures.children(site.db, row.id)
    mine = [child for child in children if child.person == row.person]
    if parent and parent.person != row.person:
        parent = None
    return web.json_response(picture_json.picture_view(row, parent, mine, viewer.language, settings, defaults))


async def image(request: web.Request) -> web.Response:
    """The picture's file, or with a `size` of `COPIES` a copy as WebP; by its hash, a file kept for the viewer."""
    site, name = request.app[SITE], request.match_info["id"]
    kept = HASH.fullmatch(name) and await pictures.owned(site.db, request[VIEWER].person.id, name)
    row = None if kept else await _seen(request, request.match_info["id"])
    file = row.hash if row else name
    headers = {"Cache-Control": KEEP, "Content-Disposition": f'inline; filename="danqing-{name[:12]}.png"'}
    side = COPIES.get(request.query.get("size", ""), 0)  # 0: the file itself
    told: Policy = "embed"
    if not side and row:
        told = await metadata.of_person(site.db, row.person, site.settings.metadata)
    tag = f"{file}-{side or told}"
    headers |= {"ETag": f'"{tag}"'} | ({} if side else {"Cache-Control": ASK})
    if any(known.value == tag for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    if side:
        content = await site.db.files.thumbnail(file, side)
        kind = "image/webp" if content[8:12] == b"WEBP" else "image/jpeg"
    else:
        content, kind = await asyncio.to_thread(dressed, await site.db.files.get(file), told), "image/png"
    return web.Response(body=content, content_type=kind, headers=headers)


async def sheet(request: web.Request) -> web.Response:
    """The sheet of one of the viewer's comparisons, by its job, or of two pictures that they may see, by the ids of
    both."""
    site, viewer, name = request.app[SITE], request[VIEWER], request.match_info["name"]
    content: bytes | None = None
    if PAIR.fullmatch(name):
        rows = [await _seen(request, one) for one in name.split(".")]
        content = await versus.drawn(site.db, rows)
    elif (kept := await jobs.get(site.db, name)) and kept.job.owner == viewer.person.id:
        content = await comparing.drawn(site.db, kept, await pictures.of_job(site.db, name))
    if content is None:
        raise Refusal("web.not_found")
    headers = {"Cache-Control": ASK, "Content-Disposition": f'attachment; filename="danqing-{name}.png"'}
    return web.Response(body=content, content_type="image/png", headers=headers)


async def _own(request: web.Request, picture: str) -> PictureRow:
    """The picture in the address, if it is the viewer's: to anybody else it is as if it did not exist."""
    row = await pictures.get(request.app[SITE].db, picture) if ID.fullmatch(picture) else None
    if row is None or row.person != request[VIEWER].person.id:
        raise Refusal("web.not_found")
    return row


async def _seen(request: web.Request, picture: str) -> PictureRow:
    """A picture, if it is the viewer's or its owner shares it."""
    db = request.app[SITE].db
    if ID.fullmatch(picture) and await shares.code_of(db, picture) and (row := await pictures.get(db, picture)):
        return row
    return await _own(request, picture)


def _day(text: str) -> date | None:
    """A day, or the moment at which a day begins where the viewer lives (with its offset from UTC)."""
    if not text:
        return None
    try:
        if len(text) <= 10:
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("web.not_understood") from None
    if moment.tzinfo is None:
        raise Refusal("web.not_understood")
    return moment


# --- favourites ---


async def kept(request: web.Request) -> web.Response:
    """One's own favourites that contain the `words`."""
    site, viewer = request.app[SITE], request[VIEWER]
    words = clean(request.query.get("words", ""))[:500]
    rows = await favourites.listed(site.db, viewer.person.id, words=words, limit=200)
    settings = await people.settings(site.db, viewer.person.id)
    return web.json_response({"favourites": [picture_json.favourite(row, settings) for row in rows]})


async def keep(request: web.Request) -> web.Response:
    """Save a text under a name, with the recipe of a picture where one is named."""
    site, viewer = request.app[SITE], request[VIEWER]
    body = await body_of(request)
    name, text, picture = text_of(body, "name", 200), text_of(body, "text", 20_000), text_of(body, "picture", 40)
    await _judged(request, name, text)
    row: PictureRow | None = None
    if picture:
        row = await pictures.get(site.db, picture) if ID.fullmatch(picture) else None
        if row is None or row.person != viewer.person.id:
            raise Refusal("web.not_found")
    known = await favourites.of_picture(site.db, viewer.person.id, row.id) if row else None
    if known:  # one picture is one favourite: what is new is its name
        saved = await favourites.rename(site.db, viewer.person.id, known.id, name)
    else:
        saved = await favourites.save(
            site.db,
            viewer.person.id,
            name.strip(),
            row.recipe.prompt.text if row and not text.strip() else text.strip(),
            recipe=row.recipe if row else None,
            picture=row.id if row else None,
        )
    return web.json_response(picture_json.favourite(saved, await people.settings(site.db, viewer.person.id)))


async def change(request: web.Request) -> web.Response:
    """Give a favourite another name or other words, or count that it was used."""
    site, viewer = request.app[SITE], request[VIEWER]
    body = await body_of(request)
    found = await favourites.find_favourite(site.db, viewer.person.id, request.match_info["id"])
    await _judged(request, text_of(body, "name", 200), text_of(body, "text", 20_000))
    if body.get("used"):
        await favourites.touch(site.db, found.id)
    if name := text_of(body, "name", 200).strip():  # first: one that is taken changes nothing
        await favourites.rename(site.db, viewer.person.id, found.id, name)
    if text := text_of(body, "text", 20_000).strip():
        await favourites.rewrite(site.db, viewer.person.id, found.id, text)
    found = await favourites.find_favourite(site.db, viewer.person.id, found.id)
    return web.json_response(picture_json.favourite(found, await people.settings(site.db, viewer.person.id)))


async def _judged(request: web.Request, *texts: str) -> None:
    """Raises Refusal `access.minors` for what is never drawn, which is not kept either."""
    if check := request.app[SITE].check:
        await check(request[VIEWER].person.id, texts)


async def forget(request: web.Request) -> web.Response:
    site, viewer = request.app[SITE], request[VIEWER]
    found = await favourites.find_favourite(site.db, viewer.person.id, request.match_info["id"])
    await favourites.delete(site.db, viewer.person.id, found.id)
    return web.json_response({})


async def everything(request: web.Request) -> web.StreamResponse:
    """All there is of the person, as a zip file, made while it is fetched."""
    site, viewer = request.app[SITE], request[VIEWER]
    [parcel] = parcels(await mydata.of_person(site.db, viewer.person.id), "web")
    response = web.StreamResponse(headers={"Content-Disposition": 'attachment; filename="danqing.zip"'})
    response.content_type = "application/zip"
    await response.prepare(request)
    async for piece in packed(parcel, viewer.language, site.db.files.get):
        await response.write(piece)
    return response


ROUTES: Sequence[web.RouteDef] = (
    web.get("/api/history", history),
    web.get("/api/prompts", prompts),
    web.get("/api/pictures/{id}", view),
    web.get("/pictures/{id}.png", image),
    web.get("/sheets/{name}.png", sheet),
    web.get("/api/mydata", everything),
    web.get("/api/favourites", kept),
    web.post("/api/favourites", keep),
    web.patch("/api/favourites/{id}", change),
    web.delete("/api/favourites/{id}", forget),
)
