"""A1111's API beside the page, on a free port, with the true road behind it and a pool that draws at the test's
command."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio
from PIL import Image

from bot.desk import StudioDesk
from bot.platforms.sdapi import controlnet
from bot.platforms.sdapi.chat import SdapiChat
from bot.platforms.sdapi.server import PATH, application
from bot.platforms.sdapi.settings import SdapiSettings
from bot.platforms.web.server import WebChat
from bot.platforms.web.settings import WebSettings
from bot.studio.rules import Rules
from bot.studio.studio import Studio
from engine.queue.queue import Queue
from engine.recipe import Recipe
from prompts.translate.chain import chain
from storage import jobs
from storage.database import Database
from tests.database import opened
from tests.fakes import FakePool
from tests.patience import until

SMALL = {"prompt": "a red apple", "steps": 5, "width": 128, "height": 128, "seed": 7}


@dataclass
class Served:
    """The API on its port, and what is behind it."""

    page: WebChat
    chat: SdapiChat
    pool: FakePool
    studio: Studio
    db: Database
    session: aiohttp.ClientSession

    async def get(self, path: str, **more: Any) -> tuple[int, Any]:
        async with self.session.get(f"{PATH}/{path}", **more) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        sent = {"data": body} if isinstance(body, bytes | io.BytesIO) else {"json": body}
        async with self.session.post(f"{PATH}/{path}", **sent, **more) as answer:
            return answer.status, await answer.json()

    async def refused(self, path: str, body: Any) -> tuple[int, str]:
        """The status and the sentence of a request that is not done."""
        status, said = await self.post(path, body)
        assert set(said) == {"error", "detail", "body", "errors"}, said
        assert "Traceback" not in json.dumps(said)
        return status, said["detail"]

    async def drawing(self, count: int = 1) -> str:
        """The id of the latest job, once so many were handed to the pool."""
        await until(lambda: len(self.pool.drawn) >= count)
        return self.pool.drawn[-1][0]

    async def recipes(self, count: int = 1) -> tuple[Recipe, ...]:
        """What the latest job is drawn by."""
        kept = await jobs.get(self.db, await self.drawing(count))
        assert kept
        return kept.job.recipes


Serve = Callable[..., Awaitable[Served]]


@pytest_asyncio.fixture(loop_scope="session")
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Starts the page with the API beside it: `await serve(password="…", page="…", seconds=None)`."""
    async with AsyncExitStack() as stack:

        async def start(
            *, password: str | None = None, page: str | None = None, seconds: float | None = 0.0, **rules: Any
        ) -> Served:
            db = await opened(tmp_path / "data")
            stack.push_async_callback(db.close)
            pool = FakePool(seconds=seconds)
            queue = Queue(pool, lambda news: studio.hear(news), db.files.get, per_person=3, in_all=50)
            known = Rules(models=(), loras=(), model="danqing-demo", pictures_per_request=4, **rules)
            studio = Studio(db, queue, chain(tmp_path / "cache"), known)
            chat = SdapiChat(db, SdapiSettings(password=password, model="danqing-demo"), studio.person, studio.maker)
            settings = WebSettings(port=0, password=page)
            beside = {PATH: application(chat), controlnet.PATH: controlnet.application(chat)}
            web = WebChat(db, settings, studio.status, lambda language: [], None, beside)
            await studio.open([chat, web], StudioDesk(studio))
            await queue.start()
            session = aiohttp.ClientSession(web.address)

            async def close() -> None:
                await session.close()
                await queue.close()
                await studio.close()

            stack.push_async_callback(close)
            return Served(web, chat, pool, studio, db, session)

        yield start


def sent(image: Image.Image, kind: str = "PNG") -> str:
    """A picture as programs send it."""
    file = io.BytesIO()
    image.save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


def received(text: str) -> Image.Image:
    """A picture as it is answered."""
    return Image.open(io.BytesIO(base64.b64decode(text)))
