"""A translator on the network: a LibreTranslate- or OpenAI-compatible service that the owner names in the settings."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

import aiohttp

from prompts.prompt import Json, Note, Origin
from prompts.translate.fixed_form import FORMED, PLAIN, SCHEMA, without_thoughts
from prompts.translate.scripts import language_of
from prompts.translate.translator import EVERY_LANGUAGE, ModelQuestion, Unavailable

log = logging.getLogger(__name__)

ServiceKind = Literal["libretranslate", "openai"]

_ASKED = 2  # what the service is asked; another number forgets what it said before
_LONGEST_CLAUSE = 600  # characters
_NO_FORM = (400, 404, 415, 422, 500, 501)  # how servers answer that know no answers in a form
_LONGEST_ANSWER = 64 * 1024  # bytes
_PAUSE = 60.0  # seconds without a question after a failure: nobody else should wait for the same time-out
_CLAUSE = ModelQuestion("prompt", FORMED, PLAIN, SCHEMA, "")


@dataclass(frozen=True, slots=True)
class Service:
    """Where a translation service answers. `url` may be its root or, for OpenAI's kind, end in /v1 or in
    /chat/completions; `timeout` is in seconds, for one clause."""

    kind: ServiceKind
    url: str
    key: str = field(default="", repr=False)
    model: str = ""
    timeout: float = 10.0

    @property
    def host(self) -> str:
        """The host and port, which may be shown to people."""
        return urlsplit(self.url).netloc

    @property
    def address(self) -> str:
        """Where a question goes."""
        url = self.url.rstrip("/")
        if self.kind == "libretranslate":
            return url if url.endswith("/translate") else f"{url}/translate"
        if url.endswith("/chat/completions"):
            return url
        return f"{url}/chat/completions" if re.search(r"/v\d+\w*$", url) else f"{url}/v1/chat/completions"


class Remote:
    """The translator that asks the service. After a failure it is left alone for a minute; the person whose prompt it
    failed first reads so in a note."""

    sentences: Literal[True] = True
    origin: Origin = "service"
    languages = EVERY_LANGUAGE

    def __init__(self, service: Service) -> None:
        self.name = f"{service.kind} {_ASKED} {service.url} {service.model}".rstrip()
        self.shown = service.host
        self.instructed = service.kind == "openai"
        self._service = service
        self._chinese = "zh"
        self._silent_until = 0.0
        self._formed = service.kind == "openai"  # until it has turned out to know no answers in a form

    async def english(self, clause: str) -> str:
        if len(clause) > _LONGEST_CLAUSE:
            return ""
        return await self.answer(replace(_CLAUSE, said=clause))

    async def answer(self, question: ModelQuestion) -> str:
        if time.monotonic() < self._silent_until:
            raise Unavailable(None)
        try:
            return await self._asked(question)
        except Unavailable as failure:
            first = time.monotonic() >= self._silent_until  # of several questions under way together
            self._silent_until = time.monotonic() + _PAUSE
            if first:
                log.warning("the translation service %s failed: %s", self._service.host, failure.note)
            raise Unavailable(failure.note if first else None) from failure

    async def close(self) -> None:
        """Nothing is held open between two questions."""

    async def ask(self, clause: str) -> str:
        """The service's own answer to a clause. Raises Unavailable with a note on what went wrong."""
        return await self._asked(replace(_CLAUSE, said=clause))

    async def _asked(self, question: ModelQuestion) -> str:
        host = self._service.host
        try:
            async with asyncio.timeout(self._service.timeout), aiohttp.ClientSession(trust_env=True) as session:
                formed = self._formed
                status, content = await self._post(session, question, formed)
                if self._service.kind == "libretranslate" and status == 400 and b"zh" in content:
                    self._chinese = "zh-Hans" if self._chinese == "zh" else "zh"  # its newer versions' name for it
                    status, content = await self._post(session, question, formed)
                if formed and status in _NO_FORM:
                    status, content = await self._post(session, question, False)
                    if status == 200:  # else it was something else
                        self._formed = False
        except TimeoutError:
            seconds = f"{self._service.timeout:g}"
            raise Unavailable(Note("note.service_slow", {"host": host, "seconds": seconds})) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(Note("note.service_away", {"host": host, "reason": _reason(error)})) from error
        if status in (401, 403):
            raise Unavailable(Note("note.service_key", {"host": host, "status": str(status)}))
        if status != 200:
            raise Unavailable(Note("note.service_status", {"host": host, "status": str(status)}))
        said = self._answer(content)
        if said is None:
            raise Unavailable(Note("note.service_unreadable", {"host": host}))
        return said

    async def _post(self, session: aiohttp.ClientSession, question: ModelQuestion, formed: bool) -> tuple[int, bytes]:
        service = self._service
        headers = {}
        body: dict[str, Json]
        if service.kind == "libretranslate":
            source = language_of(question.said) or self._chinese
            body = {"q": question.said, "source": source, "target": "en", "format": "text"}
            if service.key:
                body["api_key"] = service.key
        else:
            task = question.task if formed else question.plain
            said: list[Json] = [{"role": "system", "content": task}, {"role": "user", "content": question.said}]
            body = {"model": service.model or "default", "messages": said, "stream": False}
            if formed:
                form: dict[str, Json] = {"name": question.kind, "strict": True, "schema": dict(question.schema)}
                body["response_format"] = {"type": "json_schema", "json_schema": form}
            if service.key:
                headers["Authorization"] = f"Bearer {service.key}"
        # A redirect would hand the key to somebody else.
        async with session.post(service.address, json=body, headers=headers, allow_redirects=False) as response:
            content = bytearray()
            async for piece in response.content.iter_any():
                content += piece
                if len(content) > _LONGEST_ANSWER:
                    return response.status, b""
            return response.status, bytes(content)

    def _answer(self, content: bytes) -> str | None:
        """What an answer says, None where it says nothing."""
        try:
            found = json.loads(content)
            if self._service.kind == "libretranslate":
                said = found["translatedText"]
            else:
                said = found["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
        return without_thoughts(said) if isinstance(said, str) else None


def _reason(error: Exception) -> str:
    """What the system says of a connection that failed, without addresses."""
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    return (getattr(cause, "strerror", None) or type(error).__name__)[:100]
