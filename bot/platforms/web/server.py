"""The web chat: serves the page and its API, and delivers cards to whoever has the page open."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from aiohttp import web

from bot.chat import Card, Desk
from bot.errors import Rejected
from bot.platforms import health
from bot.platforms.listening import refused
from bot.platforms.web import card_json, conversation, gallery, pose_editor, training
from bot.platforms.web.feed import Feed
from bot.platforms.web.middleware import JSON_LIMIT, SITE, Check, Complete, Site, gate
from bot.platforms.web.session import HEADERS, LOCAL, Attempts, Cookies
from bot.platforms.web.settings import WebSettings
from bot.training.teaching import Teaching
from engine.job import State
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import facts, messages, taking_over
from storage.database import Database
from storage.jobs import Place

PAGE = Path(__file__).parent / "page"
UNDER_WAY = (State.WAITING, State.RUNNING)
ENDS = tuple(str(state) for state in State if state not in UNDER_WAY)
NOTHING: Mapping[str, web.Application] = MappingProxyType({})
STATUS_EVERY = 0.5  # seconds between two looks at the engine's state while a page is open
log = logging.getLogger(__name__)


class WebChat:
    """A bot.chat.Chat on a page of its own. `status` tells how the engine is: ready (bool), loading (a model's name),
    device, model, workers, builtin (whether it is the demonstration model); `commands` gives, for a language, the
    commands to suggest, each with a line on what it does; `tags` completes what is being typed. What lies `beside` the
    page is served by the same server, each below its path and with guards of its own. `teaching` is what trainings are
    asked of, `check` what judges texts that are kept."""

    platform = "web"
    pace = 0.1

    def __init__(
        self,
        db: Database,
        settings: WebSettings,
        status: Callable[[], Mapping[str, Json]],
        commands: Callable[[str], Sequence[tuple[str, str]]],
        tags: Complete | None = None,
        beside: Mapping[str, web.Application] = NOTHING,
        teaching: Teaching | None = None,
        check: Check | None = None,
    ) -> None:
        self._db = db
        self._settings = settings
        self._status = status
        self._commands = commands
        self._tags = tags
        self._beside = beside
        self._teaching = teaching
        self._check = check
        self._feed = Feed()
        self._order = asyncio.Lock()  # cards are stored in the order in which they come
        self._runner: web.AppRunner | None = None
        self._watch: asyncio.Task[None] | None = None
        self.port = settings.port

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the page."""
        host = self._settings.host
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
        return f"http://{host}:{self.port}"

    async def listen(self, desk: Desk) -> None:
        """Serve the page. Raises Refusal "web.password_needed", and `listen.…`."""
        settings = self._settings
        if not settings.loopback and not settings.password:
            raise Refusal("web.password_needed", host=settings.host)
        if not settings.password:
            await taking_over.leave_open(self._db, LOCAL)
        cookies = Cookies(settings.secret or await self._secret(), settings.password or "")
        teaching = self._teaching
        parts = (self._feed, desk, cookies, Attempts(), self._status, self._commands, self._tags)
        site = Site(self._db, settings, *parts, teaching, self._check)
        if teaching is not None:
            teaching.watching.append(partial(training.tell, site, teaching))
        self._runner = web.AppRunner(application(site, self._beside), access_log=None, shutdown_timeout=3)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, settings.host, settings.port).start()
        except OSError as error:
            await self.close()
            raise refused(error, settings.host, settings.port, "web.") from error
        self.port = self._runner.addresses[0][1]
        self._watch = asyncio.create_task(self._watch_status())
        log.info("web chat at %s", self.address)

    async def send(self, place: Place, card: Card, key: str) -> Place:
        """Put a card into a conversation; `key` becomes the message's id. A fleeting card is only shown, not kept; a
        panel comes in the place of the card whose button was pressed."""
        if card.panel and await self._turned_over(place, card) and not card.fleeting:
            return place
        if card.fleeting:
            self._feed.tell(place.chat, "notice", key, card_json.card_body(card))
            return place
        there = Place(self.platform, place.chat, key)
        async with self._order:
            await self._deliver(there, card, first=True)
        return there

    async def edit(self, place: Place, card: Card) -> None:
        """Replace a card; one of a waiting or running job is shown but not written."""
        async with self._order:
            await self._deliver(place, card, first=False)

    async def renew(self, place: Place, card: Card, key: str) -> None:
        known = self._feed.live.get(place.message) or await messages.get(self._db, place.message)
        if known is None:
            return
        body = {name: value for name, value in card_json.card_body(card).items() if name in ("buttons", "table")}
        with contextlib.suppress(Refusal):  # a full disk, say
            async with self._order:
                kept = await messages.put(self._db, place.message, place.chat, "bot", {**known.body, **body})
                self._feed.settle(kept)

    async def remove(self, place: Place) -> None:
        raise Rejected("a conversation keeps its lines")

    async def close(self) -> None:
        """Let the open pages have what waits for them, keep the newest card of every job, and stop."""
        if self._watch:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        if self._runner:
            self._feed.close_all()
            await self._runner.cleanup()
            self._runner = None
        for message in list(self._feed.live.values()):
            body = {**message.body, "progress": None}
            await messages.put(self._db, message.id, message.chat, "bot", body)
        self._feed.live.clear()

    async def _turned_over(self, place: Place, card: Card) -> bool:
        """Whether a panel came in the place of an older card of this conversation."""
        known = await messages.get(self._db, place.message) if place.message else None
        if known is None or known.chat != place.chat or known.author != "bot":
            return False
        await self.edit(place, card)
        return True

    async def _deliver(self, place: Place, card: Card, *, first: bool) -> None:
        body = card_json.card_body(card)
        under_way = card.state in UNDER_WAY
        known = self._feed.live.get(place.message) or await messages.get(self._db, place.message)
        if under_way and known and known.body.get("state") in ENDS and known.body.get("job") == card.job:
            return  # a late word on a job that has ended
        if under_way and known:
            self._feed.move(card_json.with_body(known, body))
            return
        try:
            kept = await messages.put(self._db, place.message, place.chat, "bot", body)
        except Refusal:  # a full disk, say: whoever looks at the page sees the card all the same
            if known:
                self._feed.move(card_json.with_body(known, body))
            raise
        if under_way:
            self._feed.move(kept)
        else:
            self._feed.settle(kept)

    async def _watch_status(self) -> None:
        before: Mapping[str, Json] = {}
        while True:
            await asyncio.sleep(STATUS_EVERY)
            now = self._status()
            if now != before:
                before = dict(now)
                self._feed.tell_all("status", before)

    async def _secret(self) -> str:
        kept = await facts.fact(self._db, "web.secret")
        if not isinstance(kept, str):
            kept = secrets.token_urlsafe(32)
            await facts.set_fact(self._db, "web.secret", kept)
        return kept


def application(site: Site, beside: Mapping[str, web.Application] = NOTHING) -> web.Application:
    """The routes and their guards, with what is served beside them below its paths."""
    app = web.Application(middlewares=[gate], client_max_size=site.settings.max_upload_mb * 2**20 + JSON_LIMIT)
    app[SITE] = site
    app.on_response_prepare.append(_protect)
    app.add_routes(health.routes("ok"))
    app.router.add_get("/", _page)
    app.router.add_static("/static", PAGE)
    app.add_routes(conversation.ROUTES)
    app.add_routes(gallery.ROUTES)
    app.add_routes(pose_editor.ROUTES)
    app.add_routes(training.ROUTES)
    for path, other in beside.items():
        app.add_subapp(path, other)
    return app


async def _page(request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


async def _protect(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache" if request.path.startswith("/static") else "no-store")
