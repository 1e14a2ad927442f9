"""A web chat on a free port with the tests' desk behind it, and browsers to look at it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest_asyncio

from bot.platforms.web.middleware import Check
from bot.platforms.web.server import WebChat
from bot.platforms.web.settings import WebSettings
from bot.training.teaching import Teaching
from prompts.search import Index
from prompts.traditional import called
from storage.database import Database
from tests.bot.platforms.web.desk import Easel
from tests.bot.platforms.web.taught import FakeTeaching
from tests.database import opened

OURS = {"X-Danqing": "1"}


def commands(language: str) -> list[tuple[str, str]]:
    zh, en = ("画一张图", "历史", "收藏"), ("Draw a picture", "History", "Favourites")
    lines = [called(*both, language) for both in zip(zh, en, strict=True)]
    return list(zip(("/imagine", "/history", "/favourites"), lines, strict=True))


@dataclass
class Served:
    """A running web chat."""

    chat: WebChat
    desk: Easel
    db: Database
    browsers: list[aiohttp.ClientSession] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.chat.address

    def browser(self, language: str = "en", **headers: str) -> aiohttp.ClientSession:
        """Somebody's browser, with cookies of its own."""
        session = aiohttp.ClientSession(
            self.url,
            headers={**OURS, "Accept-Language": language, **headers},
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # keeps cookies of IP addresses too
        )
        self.browsers.append(session)
        return session


Serve = Callable[..., Awaitable[Served]]


@pytest_asyncio.fixture(loop_scope="session")
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Starts a web chat: `await serve(password="…", alone=False)`; several calls share one database."""
    async with AsyncExitStack() as stack:
        index = Index(tmp_path / "cache")
        db = await opened(tmp_path / "data")
        stack.push_async_callback(db.close)

        async def start(
            *,
            alone: bool = True,
            pause: float = 0.01,
            teaching: FakeTeaching | None = None,
            check: Check | None = None,
            **settings: Any,
        ) -> Served:
            desk = Easel(db, alone=alone, pause=pause)
            chat = WebChat(
                db,
                WebSettings(**{"port": 0, **settings}),
                desk.status,
                commands,
                lambda typed, pinyin: index.complete(typed, pinyin=pinyin),
                teaching=cast(Teaching | None, teaching),
                check=check,
            )
            desk.chat = chat
            await chat.listen(desk)
            served = Served(chat, desk, db)
            stack.push_async_callback(chat.close)

            async def leave() -> None:
                for session in served.browsers:
                    await session.close()

            stack.push_async_callback(leave)
            stack.push_async_callback(desk.rest)
            return served

        yield start


@dataclass
class Events:
    """A stream of server-sent events; `last` is the newest event number."""

    response: aiohttp.ClientResponse
    last: str = ""

    async def next(self) -> tuple[str, Any]:
        kind, data = "", ""
        async for line in self.response.content:
            text = line.decode().rstrip("\n")
            if text.startswith("id: "):
                self.last = text[4:]
            elif text.startswith("event: "):
                kind = text[7:]
            elif text.startswith("data: "):
                data = text[6:]
            elif not text and kind:
                return kind, json.loads(data)
        raise EOFError

    async def until(self, true: Callable[[str, Any], bool]) -> Any:
        while True:
            kind, event = await self.next()
            if true(kind, event):
                return event


@asynccontextmanager
async def events(browser: aiohttp.ClientSession, since: str = "", **headers: str) -> AsyncIterator[Events]:
    async with browser.get(f"/api/events?since={since}", headers=headers) as response:
        assert response.status == 200
        yield Events(response)
