"""The middleware before every route of the API: who asks, whether they may, and how a failure is said."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiohttp import web

from bot.chat import Person
from bot.platforms.sdapi import faults
from bot.platforms.sdapi.chat import SdapiChat
from bot.platforms.sdapi.faults import Fault
from bot.platforms.web import session
from bot.platforms.web.middleware import SITE, Site
from engine.files import private
from prompts.errors import Refusal
from prompts.prompt import Json

log = logging.getLogger(__name__)
CHAT = web.AppKey("sdapi", SdapiChat)
PERSON = web.RequestKey("person", Person)


@web.middleware
async def gate(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Check, identify, answer; every failure becomes A1111's JSON of an error."""
    try:
        site: Site = request.config_dict[SITE]
        _guard(request, site)
        request[PERSON] = await _person(request, site)
        with private.seen_by(request[PERSON].id):
            return await handler(request)
    except Fault as fault:
        return faults.answer(fault)
    except Refusal as refusal:
        return faults.answer(faults.of_refusal(refusal))
    except web.HTTPRequestEntityTooLarge:
        limit = request.config_dict[SITE].settings.max_upload_mb
        return faults.answer(faults.of_refusal(Refusal("web.too_large", limit=limit)))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return faults.answer(Fault(error.status, "Not Found" if error.status == 404 else error.reason))
    except (ConnectionError, TimeoutError):
        raise
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return faults.answer(Fault(500, "Something went wrong here; the log says what."))


def _guard(request: web.Request, site: Site) -> None:
    """Turn away what another site's page made a browser send; programs are no browsers and send no Origin. Raises
    Refusal "web.unknown_host" or "web.foreign"."""
    host = request.headers.get("Host", "")
    if not session.host_allowed(host, site.settings):
        raise Refusal("web.unknown_host", host=host[:100])
    foreign = request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")
    if foreign or not session.from_us(request.headers.get("Origin"), host, site.settings):
        raise Refusal("web.foreign")


async def _person(request: web.Request, site: Site) -> Person:
    """Who asks. Without any password it is whoever sits at the machine, an admin as on the page."""
    chat = request.app[CHAT]
    settings = chat.settings
    password = settings.password or site.settings.password
    if password is None:
        person = await chat.people(chat.platform, session.LOCAL, language="en")
        return replace(person, language="en", admin=True)
    header = request.headers.get("Authorization")
    if header is None:
        raise Fault(401, "Not authenticated")
    remote = session.remote_of(request, site.settings)
    chat.attempts.take(remote)
    user, given = _credentials(header)
    known = session.password_fits(user, settings.user)
    if not (session.password_fits(given, password) and known):
        raise Fault(401, "Incorrect username or password")
    chat.attempts.forgive(remote)
    person = await chat.people(chat.platform, settings.user, name=settings.user, language="en")
    return replace(person, language="en")


def _credentials(header: str) -> tuple[str, str]:
    """The name and the password in an Authorization header (RFC 7617). Raises Fault 401."""
    scheme, _, said = header.partition(" ")
    try:
        user, colon, password = base64.b64decode(said.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        scheme = colon = ""
    if scheme.lower() != "basic" or not colon:
        raise Fault(401, "Incorrect username or password")
    return user, password


async def body_of(request: web.Request) -> dict[str, Json]:
    """The JSON object that was sent. Raises Fault 422."""
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Fault(422, "The body is no JSON.") from None
    if not isinstance(body, dict):
        raise Fault(422, "The body is no JSON object.")
    return body
