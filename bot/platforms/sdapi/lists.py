"""Routes that list what there is to draw with, tell of a picture's file, and hold the caller's own model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from bot.chat import Upload
from bot.platforms.sdapi.drawing import MODEL, own_model
from bot.platforms.sdapi.faults import Fault
from bot.platforms.sdapi.fields import style_words
from bot.platforms.sdapi.gate import CHAT, PERSON, body_of
from bot.platforms.sdapi.sent_pictures import decoded
from bot.platforms.web.middleware import SITE
from bot.studio import uploads
from engine import a1111
from engine.files import catalog, private, upscalers
from engine.files.catalog import Companion, LoraFile, Model
from engine.pixels import papers
from prompts import styles
from prompts.infotext.block import written
from prompts.prompt import Json
from storage import people

SHORT = 10  # signs of a hash, as in A1111
# A1111's ways that are not here; "create/…" and "train/…" are among the rest, of which nobody hears but "Not Found".
NOT_HERE = (
    "extra-single-image", "extra-batch-images", "interrogate", "skip", "unload-checkpoint", "reload-checkpoint",
    "memory", "server-kill", "server-restart", "server-stop",
)  # fmt: skip


async def sd_models(request: web.Request) -> web.Response:
    models = await asyncio.to_thread(catalog.models, request.app[CHAT].settings.folders)
    rows = [
        {
            "title": title(one),
            "model_name": one.name,
            "hash": one.hash[:SHORT] or None,
            "sha256": one.hash or None,
            "filename": one.path.name,
            "config": None,
        }
        for one in models
    ]
    return web.json_response(rows)


def title(model: Model) -> str:
    """A model's name with the beginning of its hash, as A1111 lists it."""
    return f"{model.name} [{model.hash[:SHORT]}]" if model.hash else model.name


async def sd_vae(request: web.Request) -> web.Response:
    found = await asyncio.to_thread(catalog.vaes, request.app[CHAT].settings.folders)
    return web.json_response([{"model_name": one.name, "filename": one.path.name} for one in found])


async def samplers(request: web.Request) -> web.Response:
    rows: list[Json] = [{"name": name, "aliases": [], "options": {}} for name in a1111.SAMPLERS]
    return web.json_response(rows)


async def schedulers(request: web.Request) -> web.Response:
    rows = [
        {
            "name": name.casefold().replace(" ", "_"),
            "label": name,
            "aliases": None,
            "default_rho": -1,
            "need_inner_model": False,
        }
        for name in a1111.SCHEDULES
    ]
    return web.json_response(rows)


async def all_upscalers(request: web.Request) -> web.Response:
    found = await asyncio.to_thread(catalog.upscalers, request.app[CHAT].settings.folders)
    names = [*upscalers.UPSCALERS, *(one.name for one in found)]
    return web.json_response(
        [{"name": name, "model_name": None, "model_path": None, "model_url": None, "scale": 4} for name in names]
    )


async def latent_upscalers(request: web.Request) -> web.Response:
    return web.json_response([{"name": name} for name in upscalers.LATENT])


async def loras(request: web.Request) -> web.Response:
    found = await asyncio.to_thread(catalog.loras, request.app[CHAT].settings.folders)
    return web.json_response([_lora(one) for one in found if not private.half(one.path)])


def _lora(one: LoraFile) -> dict[str, Json]:
    tags: dict[str, Json] = {"ss_output_name": one.alias} if one.alias else {}
    return {"name": one.name, "alias": one.alias or one.name, "path": one.path.name, "metadata": tags}


async def embeddings(request: web.Request) -> web.Response:
    found = await asyncio.to_thread(catalog.embeddings, request.app[CHAT].settings.folders)
    return web.json_response(
        {"loaded": {one.name: _embedding(one) for one in found if not private.half(one.path)}, "skipped": {}}
    )


def _embedding(one: Companion) -> dict[str, Json]:
    shape = one.widths[0] if one.widths else 0
    return {"step": None, "sd_checkpoint": None, "sd_checkpoint_name": None, "shape": shape, "vectors": one.vectors}


async def prompt_styles(request: web.Request) -> web.Response:
    made = []
    for style in styles.styles().values():
        positive, negative = style_words(style)
        made.append({"name": style.name, "prompt": positive, "negative_prompt": negative})
    return web.json_response(made)


async def options(request: web.Request) -> web.Response:
    return web.json_response(await _options(request))


async def _options(request: web.Request) -> dict[str, Json]:
    settings = request.app[CHAT].settings
    models = await asyncio.to_thread(catalog.models, settings.folders)
    wanted = await own_model(request) or settings.model
    chosen = next((one for one in models if one.name.casefold() == wanted.casefold()), None)
    return {
        "sd_model_checkpoint": title(chosen) if chosen else wanted,
        "sd_checkpoint_hash": chosen.hash if chosen else "",
        "sd_vae": "Automatic",
        "CLIP_stop_at_last_layers": 1,
        "randn_source": "GPU",
        "eta_noise_seed_delta": 0,
        "emphasis": "Original",
        "samples_format": "png",
    }


async def set_options(request: web.Request) -> web.Response:
    """Change the caller's own model. Raises Fault 422 for anything else that would be changed, Refusal `model.…`."""
    body, now = await body_of(request), await _options(request)
    others = [
        name[:80] for name, value in body.items() if name != "sd_model_checkpoint" and now.get(name, ...) != value
    ]
    if others:
        told = ", ".join(others[:20])
        raise Fault(422, f"Only sd_model_checkpoint can be set; say {told} in override_settings of each request.")
    if (wanted := body.get("sd_model_checkpoint")) is not None:
        if not isinstance(wanted, str):
            raise Fault(422, "sd_model_checkpoint is no text.")
        chat = request.app[CHAT]
        folders = chat.settings.folders
        bare = wanted.partition(" [")[0]
        model = await asyncio.to_thread(lambda: catalog.model(catalog.models(folders), bare, folders))
        await people.set_setting(chat.db, request[PERSON].id, MODEL, model.name)
    return web.json_response(None)


async def png_info(request: web.Request) -> web.Response:
    """What a picture's file says of itself."""
    body, site = await body_of(request), request.config_dict[SITE]
    content = decoded("image", body.get("image"))
    async with site.decoding:
        await asyncio.to_thread(uploads.checked, Upload("image.png", content), site.settings.max_megapixels)
        found = await asyncio.to_thread(papers.infotexts, content)
    if not found:
        return web.json_response({"info": "", "items": {}, "parameters": {}})
    first, info = found[0], written(found[0])
    parameters = {"Prompt": first.positive, "Negative prompt": first.negative, **first.fields}
    return web.json_response({"info": info, "items": {"parameters": info}, "parameters": parameters})


async def cmd_flags(request: web.Request) -> web.Response:
    return web.json_response({"api": True, "nowebui": False})


def _always(value: Json) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(value)

    return answer


async def not_here(request: web.Request) -> web.Response:
    raise Fault(501, f"{request.path} is not done here; docs/sdapi.md says what is.")


ROUTES: Sequence[web.RouteDef] = (
    web.get("/sd-models", sd_models),
    web.get("/sd-vae", sd_vae),
    web.get("/sd-modules", sd_vae),  # Forge's name of it
    web.get("/samplers", samplers),
    web.get("/schedulers", schedulers),
    web.get("/upscalers", all_upscalers),
    web.get("/latent-upscale-modes", latent_upscalers),
    web.get("/loras", loras),
    web.get("/embeddings", embeddings),
    web.get("/prompt-styles", prompt_styles),
    web.get("/options", options),
    web.post("/options", set_options),
    web.post("/png-info", png_info),
    web.get("/cmd-flags", cmd_flags),
    web.get("/hypernetworks", _always([])),
    web.get("/face-restorers", _always([])),
    web.get("/realesrgan-models", _always([])),
    web.get("/extensions", _always([])),
    web.get("/script-info", _always([])),
    web.get("/scripts", _always({"txt2img": [], "img2img": []})),
    # What lies on the disk is looked at anew whenever somebody asks.
    web.post("/refresh-checkpoints", _always(None)),
    web.post("/refresh-vae", _always(None)),
    web.post("/refresh-loras", _always(None)),
    web.post("/refresh-embeddings", _always(None)),
    *(web.route("*", f"/{name}", not_here) for name in NOT_HERE),
)
