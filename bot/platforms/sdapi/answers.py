"""What a request for pictures is answered with: the files, what was asked, and A1111's words on how they were drawn."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from bot.chat import Card
from bot.platforms.sdapi import faults, unit_maps
from bot.platforms.sdapi.chat import SdapiChat
from bot.platforms.sdapi.faults import Fault
from bot.platforms.sdapi.fields import USUAL, Body, Wanted
from bot.platforms.web.card_json import sentence
from engine.job import State
from engine.pixels import papers
from engine.pixels.dressing import dressed
from engine.pixels.parameters import pairs
from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.infotext.block import written
from prompts.infotext.infotext import Infotext
from prompts.prompt import Json
from storage import pictures

_BASE = frozenset(
    {"Steps", "Sampler", "CFG scale", "Seed", "Size", "Model", "Model hash", "VAE", "VAE hash", "Version"}
)
_KEPT_BACK = ("init_images", "mask")  # of what was asked, unless it is wanted


async def answer(
    chat: SdapiChat, card: Card, body: Body, asked: Wanted, saved: Sequence[bool] = (), *, send: bool
) -> web.Response:
    """The pictures of a card, behind them the maps of the units that are `saved`, or the fault that it tells. What is
    left out of a request is named in `danqing_left` of `info`. Raises Fault."""
    if card.state not in (State.DONE, State.CANCELLED):
        refusal = Refusal(card.text.key, **card.text.values)
        failed = card.state is State.FAILED
        raise faults.of_refusal(refusal, 500 if failed else 422)
    files, recipes, told = [], [], []
    for shown in card.pictures:
        row = await pictures.get(chat.db, shown.id)
        content = await chat.db.files.get(shown.hash)
        if row is None:
            continue
        recipes.append(row.recipe)
        told.append(await asyncio.to_thread(_told, content, row.recipe))
        if send:
            files.append(await asyncio.to_thread(dressed, content, card.papers))
    if files:
        files += await unit_maps.maps(chat.db, recipes[0], saved)
    left = [*asked.left]
    if card.state is State.CANCELLED:
        left.append("interrupted: what was not finished is not here")
    elif card.text.key != "job.done":
        left.append(sentence("en", card.text.key, card.text.values))
    left += [sentence("en", note.key, note.values) for note in (recipes[0].prompt.notes if recipes else ())]
    echo: dict[str, Json] = {**USUAL, **body}
    if not body.get("include_init_images"):
        echo |= {name: None for name in _KEPT_BACK if name in body}
    return web.json_response(
        {
            "images": [base64.b64encode(content).decode() for content in files],
            "parameters": echo,
            "info": json.dumps(_info(body, asked, recipes, told, left), ensure_ascii=False),
        }
    )


def _told(content: bytes, recipe: Recipe) -> Infotext:
    """The infotext in a picture's file, or that of its recipe where the file has none."""
    found = papers.infotexts(content)
    return found[0] if found else Infotext(recipe.prompt.positive, recipe.prompt.negative, pairs(recipe))


def _info(
    body: Body, asked: Wanted, recipes: Sequence[Recipe], told: Sequence[Infotext], left: Sequence[str]
) -> dict[str, Json]:
    """A1111's keys, and `danqing_left`."""
    infotexts: list[Json] = [written(one) for one in told]
    if not recipes:
        return {"prompt": asked.prompt, "infotexts": [], "all_seeds": [], "danqing_left": list(left)}
    first, fields = recipes[0], told[0].fields
    seeds: list[Json] = [one.seed for one in recipes]
    subseeds: list[Json] = [one.variation.seed if one.variation else -1 for one in recipes]
    resized = first.like.seed_resize if first.like else (0, 0)
    over = first.source or first.hires
    return {
        "prompt": asked.prompt,
        "all_prompts": [asked.prompt] * len(recipes),
        "negative_prompt": asked.negative,
        "all_negative_prompts": [asked.negative] * len(recipes),
        "seed": seeds[0],
        "all_seeds": seeds,
        "subseed": subseeds[0],
        "all_subseeds": subseeds,
        "subseed_strength": first.variation.strength if first.variation else 0,
        "width": first.width,
        "height": first.height,
        "sampler_name": first.sampler,
        "cfg_scale": first.guidance,
        "steps": first.steps,
        "batch_size": len(recipes),
        "restore_faces": False,
        "face_restoration_model": None,
        "sd_model_name": first.model,
        "sd_model_hash": fields.get("Model hash"),
        "sd_vae_name": first.vae or None,
        "sd_vae_hash": fields.get("VAE hash"),
        "seed_resize_from_w": resized[0] or -1,
        "seed_resize_from_h": resized[1] or -1,
        "denoising_strength": over.strength if over else None,
        "extra_generation_params": {name: value for name, value in fields.items() if name not in _BASE},
        "index_of_first_image": 0,
        "infotexts": infotexts,
        "styles": body.get("styles") or [],
        "job_timestamp": datetime.now().strftime("%Y%m%d%H%M%S"),
        "clip_skip": first.clip_skip,
        "is_using_inpainting_conditioning": False,
        "version": fields.get("Version", ""),
        "danqing_left": list(left),
    }


def gone() -> Fault:
    """Nobody is there to draw, or to be answered."""
    return Fault(503, "The bot is being stopped; ask again in a moment.")
