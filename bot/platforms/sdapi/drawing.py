"""Routes that draw, tell how far that is, and stop it."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from bot.chat import Request, Upload
from bot.platforms.sdapi import answers, fields, sent_pictures, units
from bot.platforms.sdapi.chat import HungUp, OpenRequest
from bot.platforms.sdapi.fields import Wanted
from bot.platforms.sdapi.gate import CHAT, PERSON, body_of
from bot.platforms.sdapi.units import Units
from bot.platforms.sdapi.values import on
from bot.platforms.web.middleware import SITE
from prompts.prompt import Json
from storage import people
from storage.jobs import Place

MODEL = "model"  # the person's setting


async def txt2img(request: web.Request) -> web.Response:
    """Draw from words."""
    body = await body_of(request)
    site = request.config_dict[SITE]
    async with site.decoding:
        found = await asyncio.to_thread(units.read, body, site.settings.max_megapixels)
    return await _draw(request, body, fields.of_text(body, await own_model(request)), found)


async def img2img(request: web.Request) -> web.Response:
    """Draw over a picture."""
    body = await body_of(request)
    site = request.config_dict[SITE]
    async with site.decoding:
        upload = await asyncio.to_thread(sent_pictures.over, body, site.settings.max_megapixels)
        whole = replace(upload, mask=b"")
        found = await asyncio.to_thread(units.read, body, site.settings.max_megapixels, whole)
    asked = fields.of_picture(body, await own_model(request), masked=bool(upload.mask))
    return await _draw(request, body, asked, found, (upload,))


async def own_model(request: web.Request) -> str:
    """The model that the caller chose by `options`, "" where they chose none."""
    chosen = await people.setting(request.app[CHAT].db, request[PERSON].id, MODEL)
    return chosen if isinstance(chosen, str) else ""


async def _draw(
    request: web.Request, body: dict[str, Json], asked: Wanted, found: Units, files: tuple[Upload, ...] = ()
) -> web.Response:
    asked = replace(
        asked,
        options=replace(asked.options, controls=found.asked or None),
        left=(*asked.left, *found.left)[: fields.MOST_LEFT],
    )
    chat, person = request.app[CHAT], request[PERSON]
    send = on(body, "send_images", True)
    key = secrets.token_hex(12)
    wanted = Request(
        person=person,
        place=Place(chat.platform, key),
        text=asked.prompt,
        key=f"sdapi:{key}",
        files=files,
        guides=found.guides,
        options=asked.options,
        negative=asked.negative,
    )
    try:
        card = await chat.draw(wanted, asked.pictures, lambda: request.transport is None)
    except HungUp:
        raise answers.gone() from None
    return await answers.answer(chat, card, body, asked, found.saved, send=send)


async def progress(request: web.Request) -> web.Response:
    """How far the newest request of the caller is; a preview as JPEG where there is one."""
    asking = next(iter(reversed(list(request.app[CHAT].asked_by(request[PERSON].id)))), None)
    known = asking.progress if asking else None
    share = known.step / known.steps if known and known.steps else 0.0
    show = known and known.preview and request.query.get("skip_current_image", "").lower() not in ("true", "1")
    return web.json_response(
        {
            "progress": share,
            "eta_relative": known.seconds_left if known else 0.0,
            "state": _state(asking),
            "current_image": base64.b64encode(known.preview).decode() if show and known and known.preview else None,
            "textinfo": None,
        }
    )


def _state(asking: OpenRequest | None) -> dict[str, Json]:
    known = asking.progress if asking else None
    return {
        "skipped": False,
        "interrupted": bool(asking and asking.unwanted),
        "stopping_generation": False,
        "job": asking.job if asking else "",
        "job_count": asking.pictures if asking else 0,
        "job_timestamp": time.strftime("%Y%m%d%H%M%S"),
        "job_no": known.picture - 1 if known else 0,
        "sampling_step": known.step if known else 0,
        "sampling_steps": known.steps if known else 0,
    }


async def interrupt(request: web.Request) -> web.Response:
    """Stop all that the caller waits for."""
    request.app[CHAT].interrupt(request[PERSON].id)
    return web.json_response({})


ROUTES: Sequence[web.RouteDef] = (
    web.post("/txt2img", txt2img),
    web.post("/img2img", img2img),
    web.get("/progress", progress),
    web.post("/interrupt", interrupt),
)
