"""A server of our own that behaves as OpenAI's, with a model that says what it was told to say to edits."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiohttp import web

from prompts.prompt import Json
from prompts.translate.chain import chain
from prompts.translate.remote import Service
from prompts.translate.translator import TranslationMemory, Translator
from tests.prompts.translate.serving import serving

Change = tuple[int, str, str]
NOTHING = '{"phrases": []}'  # to a clause: then the words' reading stands


def form(
    *changes: Change,
    remove: tuple[int, ...] = (),
    add: tuple[tuple[str, str], ...] = (),
    deny: tuple[str, ...] = (),
    asks: tuple[str, ...] = ("as you wish",),
    cannot: str = "",
) -> str:
    """An answer in the form."""
    said: dict[str, Json] = {
        "asks": [*asks],
        "change": [{"n": number, "old": old, "new": new} for number, old, new in changes],
        "remove": [*remove],
        "add": [{"text": text, "part": part} for text, part in add],
        "deny": [*deny],
        "cannot": cannot,
    }
    return json.dumps(said, ensure_ascii=False)


class Model:
    """The server: what it `says` to a question about an edit and how it reads `clauses`, whether it `knows_forms`.
    `edits` holds the bodies of the one kind of questions, `clauses` those of the other."""

    def __init__(
        self, says: str, *, status: int = 200, seconds: float = 0.0, knows_forms: bool = True, clauses: str = NOTHING
    ) -> None:
        self.says = says
        self.reads = clauses
        self.status = status
        self.seconds = seconds
        self.knows_forms = knows_forms
        self.edits: list[dict[str, Json]] = []
        self.clauses: list[dict[str, Json]] = []

    @property
    def asked(self) -> list[str]:
        """What was to be read, of each edit."""
        return [_said(body) for body in self.edits]

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        body = json.loads(await request.read())
        edit = str(body["messages"][0]["content"]).startswith("You change")
        (self.edits if edit else self.clauses).append(body)
        if "response_format" in body and not self.knows_forms:
            return web.json_response({"error": "response_format is not supported"}, status=400)
        if edit:
            await asyncio.sleep(self.seconds)
        answer = {"choices": [{"message": {"role": "assistant", "content": self.says if edit else self.reads}}]}
        return web.json_response(answer, status=self.status if edit else 200)


def _said(body: dict[str, Json]) -> str:
    messages = body["messages"]
    assert isinstance(messages, list) and isinstance(messages[-1], dict)
    return str(messages[-1]["content"])


@contextmanager
def serving_aside(model: Model) -> Iterator[str]:
    """The address of the server, in a thread of its own: for what has no event loop, or one of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serves = serving(model)
    try:
        yield asyncio.run_coroutine_threadsafe(serves.__aenter__(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(serves.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@asynccontextmanager
async def instructed(
    model: Model, cache: Path, *, timeout: float = 60.0, memory: TranslationMemory | None = None
) -> AsyncIterator[tuple[Translator, ...]]:
    """The translators with this model among them."""
    async with serving(model) as url:
        service = Service("openai", url, model="m", timeout=timeout)
        yield chain(cache, service=service, memory=memory)
