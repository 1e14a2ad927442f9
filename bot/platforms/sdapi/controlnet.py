"""The routes of sd-webui-controlnet: which nets and preprocessors there are, and the map that one makes."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence

from aiohttp import web

from bot.chat import Request, Upload
from bot.platforms.sdapi.chat import SdapiChat
from bot.platforms.sdapi.faults import Fault
from bot.platforms.sdapi.gate import CHAT, PERSON, body_of, gate
from bot.platforms.sdapi.sent_pictures import decoded
from bot.platforms.sdapi.values import real, text, whole
from bot.platforms.web.middleware import SITE
from bot.studio import nets, uploads
from engine import control_words
from engine.files import catalog
from engine.files.catalog import Companion
from engine.preprocessors import PREPROCESSORS, Preprocessor, preprocessor
from prompts.controls import MOST, NONE
from prompts.prompt import Json
from storage import uploads as kept_uploads
from storage.jobs import Place

PATH = "/controlnet"
SHORT = 8  # signs of a hash behind a name
USUAL_SIDE, SIDES, STEP = 512, (64, 2048), 8  # pixels of the shorter side of a map
MOST_PICTURES = 16


async def version(request: web.Request) -> web.Response:
    return web.json_response({"version": 3})


async def settings(request: web.Request) -> web.Response:
    return web.json_response({"control_net_unit_count": MOST})


async def model_list(request: web.Request) -> web.Response:
    return web.json_response({"model_list": [title(one) for one in await _nets(request)]})


def title(net: Companion) -> str:
    """A net's name with the beginning of its hash, as the extension lists it."""
    return f"{net.name} [{net.hash[:SHORT]}]" if net.hash else net.name


async def module_list(request: web.Request) -> web.Response:
    found = await _makers(request)
    return web.json_response(
        {
            "module_list": [NONE, *(one.name for one in found)],
            "module_detail": {one.name: _detail(one) for one in found},
        }
    )


def _detail(one: Preprocessor) -> dict[str, Json]:
    numbers = [number for number in (one.low, one.high) if number]
    sliders: list[Json] = [
        {"name": number.en, "value": number.usual, "min": number.least, "max": number.most} for number in numbers
    ]
    return {"model_free": False, "sliders": sliders}


async def control_types(request: web.Request) -> web.Response:
    """Nets and preprocessors by what is followed, under English names."""
    nets, makers = await _nets(request), await _makers(request)
    every: list[Json] = [title(one) for one in nets]
    types: dict[str, Json] = {
        "All": _type([NONE, *(one.name for one in makers)], [NONE, *every]),
    }
    for row in control_words.WORDS.values():
        modules: list[Json] = [one.name for one in makers if {*one.kinds} & {*row.kinds}]
        models: list[Json] = [title(one) for one in nets if control_words.follows(one, row.kinds)]
        types[row.en[0].capitalize()] = _type([NONE, *modules], [NONE, *models])
    return web.json_response({"control_types": types})


def _type(modules: list[Json], models: list[Json]) -> dict[str, Json]:
    return {
        "module_list": modules,
        "model_list": models,
        "default_option": modules[min(1, len(modules) - 1)],
        "default_model": models[min(1, len(models) - 1)],
    }


async def detect(request: web.Request) -> web.Response:
    """The maps that a preprocessor makes of pictures. Raises Fault 422, Refusal."""
    body, site, chat = await body_of(request), request.config_dict[SITE], request.app[CHAT]
    given = body.get("controlnet_input_images")
    if not isinstance(given, list) or not 0 < len(given) <= MOST_PICTURES:
        raise Fault(422, f"controlnet_input_images is no list of 1 to {MOST_PICTURES} pictures.")
    if chat.maker is None:
        raise Fault(501, "No maps are made here.")
    named = text(body, "controlnet_module") or NONE
    row = None if named.casefold() == NONE else preprocessor(named)
    low, high = (max(real(body, f"controlnet_threshold_{one}", -1.0), -1.0) for one in "ab")
    side = whole(body, "controlnet_processor_res", USUAL_SIDE)
    side = min(max(side, SIDES[0]), SIDES[1]) if side > 0 else USUAL_SIDE
    asked = Request(person=request[PERSON], place=Place(chat.platform, ""), text="", key="")
    maker, images = await chat.maker(asked, 0), []
    for one in given:
        async with site.decoding:
            sent = Upload("image.png", decoded("controlnet_input_images", one))
            picture = await asyncio.to_thread(uploads.checked, sent, site.settings.max_megapixels)
        if row is None:
            images.append(picture.content)
            continue
        file = await kept_uploads.add_upload(chat.db, request[PERSON].id, picture.content)
        made = await maker.mapped(file, row.name, (low, high), _size(uploads.measured(picture.content), side))
        images.append(await chat.db.files.get(made.hash))
    answer: list[Json] = [base64.b64encode(one).decode() for one in images]
    return web.json_response({"images": answer, "info": "Success"})


def _size(measured: tuple[int, int], side: int) -> tuple[int, int]:
    """The size of a map whose shorter side has so many pixels."""
    share = side / min(measured)
    wide, high = (max(STEP, round(one * share / STEP) * STEP) for one in measured)
    return min(wide, 2 * SIDES[1]), min(high, 2 * SIDES[1])


async def _nets(request: web.Request) -> tuple[Companion, ...]:
    return await asyncio.to_thread(catalog.controlnets, request.app[CHAT].settings.folders)


async def _makers(request: web.Request) -> Sequence[Preprocessor]:
    folders = request.app[CHAT].settings.folders
    return await asyncio.to_thread(lambda: [one for one in PREPROCESSORS.values() if nets.can_make(one, folders)])


def application(chat: SdapiChat) -> web.Application:
    """What is served below `PATH`."""
    app = web.Application(middlewares=[gate])
    app[CHAT] = chat
    app.add_routes(
        [
            web.get("/version", version),
            web.get("/settings", settings),
            web.get("/model_list", model_list),
            web.get("/module_list", module_list),
            web.get("/control_types", control_types),
            web.post("/detect", detect),
        ]
    )
    return app
