"""What is answered in place of a picture: A1111's JSON of an error, under the status that fits."""

from __future__ import annotations

import re

from aiohttp import web

from bot.platforms.web.card_json import sentence
from prompts.errors import Refusal

_STATUS = {
    "access.cooldown": 429,
    "access.pictures": 429,
    "access.seconds": 429,
    "access.draining": 503,
    "queue.full_person": 429,
    "queue.full_maps": 429,
    "queue.full": 503,
    "picture.unsafe": 403,
    "web.unknown_host": 403,
    "web.foreign": 403,
    "web.sign_in": 401,
    "web.too_many_tries": 429,
    "web.too_large": 413,
    "error.unexpected": 500,
    "error.engine": 500,
}
# Commands that list something in a chat, and where the same is listed here.
_LISTS = {
    "/models": "/sdapi/v1/sd-models",
    "/loras": "/sdapi/v1/loras",
    "/samplers": "/sdapi/v1/samplers",
    "/styles": "/sdapi/v1/prompt-styles",
}
_COMMAND = re.compile(rf"(?<![\w/”])({'|'.join(_LISTS)})(?= lists all)")


class Fault(Exception):
    """A request that is not answered as asked: an HTTP `status` and a sentence in English."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def of_refusal(refusal: Refusal, status: int = 422) -> Fault:
    """The fault that a refusal is; `status` where nothing fits its key better."""
    key = refusal.key
    if key not in _STATUS:
        unknown = key.endswith((".unknown", ".none", ".unclear"))
        status = 403 if key.startswith("access.") else 404 if unknown and not key.startswith("option.") else status
    said = _COMMAND.sub(lambda match: f"GET {_LISTS[match[1]]}", sentence("en", key, refusal.values))
    return Fault(_STATUS.get(key, status), said)


def answer(fault: Fault) -> web.Response:
    """The error as A1111 words it."""
    said = {"error": "HTTPException", "detail": fault.detail, "body": "", "errors": fault.detail}
    response = web.json_response(said, status=fault.status)
    if fault.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="sdapi", charset="UTF-8"'
    if fault.status == 413:
        response.force_close()  # the rest of the body is still on its way, and nobody wants it
    return response
