"""The middleware around every route: guards, who is asking, and how a failure is said."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from bot.chat import Desk, Person
from bot.platforms import health
from bot.platforms.web import session
from bot.platforms.web.card_json import sentence
from bot.platforms.web.feed import Feed
from bot.platforms.web.session import Viewer
from bot.platforms.web.settings import WebSettings
from bot.training.teaching import Teaching
from engine.files import private
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.search import Suggestion
from storage import people
from storage.database import Database

log = logging.getLogger(__name__)
JSON_LIMIT = 2 * 2**20  # bytes: 100,000 characters as \u escapes are 600 KB
STATUS = {
    "web.unknown_host": 403,
    "web.foreign": 403,
    "web.sign_in": 401,
    "web.wrong_password": 401,
    "web.too_many_tries": 429,
    "web.not_found": 404,
    "web.too_large": 413,
    "picture.gone": 404,
    "picture.unknown": 404,
    "favourites.unknown": 404,
    "favourites.unknown_nearest": 404,
    "favourites.exists": 409,
    "train.gone": 404,
}
OPEN = ("/", "/login", "/logout", "/api/hello", "/api/language")  # answered before anybody signed in


# For what is being typed and whether pinyin is: how many characters to replace, and the tags that may be meant.
Complete = Callable[[str, bool], tuple[int, Sequence[Suggestion]]]
# For a person and what they wrote; raises Refusal for what is never drawn.
Check = Callable[[str, Sequence[str]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of the bot that the routes work with."""

    db: Database
    settings: WebSettings
    feed: Feed
    desk: Desk
    cookies: session.Cookies
    attempts: session.Attempts
    status: Callable[[], Mapping[str, Json]]
    commands: Callable[[str], Sequence[tuple[str, str]]]
    tags: Complete | None = None
    teaching: Teaching | None = None
    check: Check | None = None
    decoding: asyncio.Lock = field(default_factory=asyncio.Lock)  # one upload at a time: each may take 150 MB


SITE = web.AppKey("site", Site)
VIEWER = web.RequestKey("viewer", Viewer)


def account_of(request: web.Request) -> str | None:
    """The account that asks: "local" where no password is set, else the one in the cookie, None without."""
    site = request.app[SITE]
    if not site.settings.password:
        return session.LOCAL
    return site.cookies.account(request.cookies.get(session.COOKIE, ""), time.time())


def language_of(request: web.Request) -> str:
    """The language to speak in this browser."""
    return session.language_of(request, request.app[SITE].settings.language)


async def viewer_of(request: web.Request, account: str) -> Viewer:
    """The person behind an account. Whoever runs the bot without a password sits at the machine and is an admin."""
    language = language_of(request)
    row = await people.person_of(request.app[SITE].db, "web", account, language=language)
    return Viewer(account, Person(row.id, row.name, language, admin=account == session.LOCAL), language)


@web.middleware
async def gate(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Check, identify, answer; every failure becomes a sentence in the person's language. What is served beside the
    page has guards of its own, and health checks ask by whatever name they know."""
    if request.path in health.PATHS or request.match_info.apps[-1] is not request.match_info.apps[0]:
        return await handler(request)
    try:
        session.guard(request, request.app[SITE].settings)
        if request.path not in OPEN and not request.path.startswith("/static/"):
            account = account_of(request)
            if account is None:
                raise Refusal("web.sign_in")
            request[VIEWER] = await viewer_of(request, account)
        viewer = request.get(VIEWER)
        with private.seen_by(viewer.person.id if viewer else ""):
            return await handler(request)
    except Refusal as refusal:
        return _failure(request, STATUS.get(refusal.key, 400), refusal)
    except web.HTTPRequestEntityTooLarge:
        limit = request.app[SITE].settings.max_upload_mb
        return _failure(request, 413, Refusal("web.too_large", limit=limit))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        key = "web.not_found" if error.status in (404, 405, 403) else "web.not_understood"
        return _failure(request, error.status, Refusal(key))
    except (ConnectionError, TimeoutError):
        raise
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return _failure(request, 500, Refusal("web.our_fault"))


def _failure(request: web.Request, status: int, refusal: Refusal) -> web.Response:
    error = sentence(language_of(request), refusal.key, refusal.values)
    response = web.json_response({"error": error, "key": refusal.key}, status=status)
    if status == 413:
        response.force_close()  # the rest of the body is still on its way, and nobody wants it
    if "seconds" in refusal.values:
        response.headers["Retry-After"] = str(refusal.values["seconds"])
    return response


async def body_of(request: web.Request) -> dict[str, Json]:
    """The JSON object that was sent. Raises Refusal "web.not_understood", "web.too_large"."""
    if (request.content_length or 0) > JSON_LIMIT or len(raw := await request.read()) > JSON_LIMIT:
        raise Refusal("web.too_large", limit=JSON_LIMIT // 2**20)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refusal("web.not_understood") from None
    if not isinstance(body, dict):
        raise Refusal("web.not_understood")
    return body


def text_of(body: Mapping[str, Json], name: str, limit: int | None = None) -> str:
    """A text of the object, "" where it is missing, without characters that no database takes.
    Raises Refusal "web.not_understood" when it is no text or over the limit."""
    value = body.get(name, "")
    if not isinstance(value, str) or (limit is not None and len(value) > limit):
        raise Refusal("web.not_understood")
    return clean(value)


def clean(text: str) -> str:
    """The text without NUL and with half surrogate pairs replaced."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
