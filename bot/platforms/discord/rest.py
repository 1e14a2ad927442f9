"""Requests to Discord's API, with what can be done about their failures as our own errors.

They go through discord.py's HTTP client, which knows the rate limits, by the routes themselves: an answer has to be
given after restarts too, when there is no `Interaction` left to give it with.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import aiohttp
import discord
from discord.http import Route

from bot.errors import Closed, Gone, Unreachable
from prompts.prompt import Json

Payload = dict[str, Json]

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION = 10003, 10008, 10015, 10062
ALREADY_ACKNOWLEDGED, INVALID_WEBHOOK_TOKEN, THREAD_ARCHIVED = 40060, 50027, 50083
NO_ACCESS, CANNOT_MESSAGE, NO_PERMISSION = 50001, 50007, 50013
NO_HISTORY, TOO_MANY_EDITS = 160002, 30046
PASSING = frozenset({408, 425, 429})  # refusals that pass: https://developer.mozilla.org/docs/Web/HTTP/Status


@dataclass(slots=True)
class Flight:
    """A request on its way: `landed` unless Discord may have it and has not answered."""

    landed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.landed.set()


_flight: ContextVar[Flight | None] = ContextVar("_flight", default=None)


@contextmanager
def flight() -> Iterator[Flight]:
    """Tells of the requests made inside when they are on their way; all else that a call does is waiting, and can be
    cancelled without harm."""
    made = Flight()
    before = _flight.set(made)
    try:
        yield made
    finally:
        _flight.reset(before)


def trace() -> aiohttp.TraceConfig:
    """What tells flights, for the connection's client."""

    async def gone_out(*told: object) -> None:
        if made := _flight.get():
            made.landed.clear()

    async def landed(*told: object) -> None:
        if made := _flight.get():
            made.landed.set()

    traced = aiohttp.TraceConfig()
    traced.on_request_start.append(gone_out)
    traced.on_request_end.append(landed)
    traced.on_request_exception.append(landed)
    return traced


class Expired(Exception):
    """An interaction's token is good no longer: fifteen minutes are over, or its first three seconds."""


class Unread(Exception):
    """The bot may not read what was said before, and so not reply to it."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to send."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """A message as Discord takes it; its files replace those of the message that is edited."""

    payload: Payload = field(default_factory=dict)
    files: Sequence[File] = ()

    def to_json(self) -> Payload:
        listed: list[Json] = [{"id": at, "filename": file.name} for at, file in enumerate(self.files)]
        return {**self.payload, "attachments": listed}


async def call(
    client: discord.Client,
    method: str,
    path: str,
    parts: Mapping[str, str] | None = None,
    *,
    body: Body | None = None,
    json: Json = None,
) -> Payload:
    """One request to a path with these parts put in; the answer's JSON, empty where there is none.

    Raises Gone (no such message or channel), Unreachable (no right to speak there), Closed (no such bot), Unread (none
    to reply), Expired (a dead token), and discord.HTTPException for everything else. Parts named webhook_id and
    webhook_token have a rate limit of their own.
    """
    route = Route(method, path, **(parts or {}))
    try:
        if body is None:
            found = await (client.http.request(route, json=json) if json is not None else client.http.request(route))
        elif not body.files:
            found = await client.http.request(route, json=body.to_json())
        else:
            files = [discord.File(io.BytesIO(file.content), file.name) for file in body.files]
            found = await client.http.request(route, form=_form(body, files), files=files)
    except discord.HTTPException as error:
        raise _meant(error, path) from error
    return found if isinstance(found, dict) else {}


def spare(client: discord.Client, method: str, path: str, parts: Mapping[str, str]) -> bool:
    """Whether a request may go out at once, as far as Discord has told of its limits, and another right after it.

    Here because a request of discord.py that uses a limit up comes back only when the limit is over."""
    route, http = Route(method, path, **parts), client.http
    known = http._buckets.get(f"{http._bucket_hashes.get(route.key, route.key)}:{route.major_parameters}")
    if known is None or known.is_expired():
        return True
    return known.remaining > 1 if known.dirty else not known.outgoing


def for_good(error: discord.HTTPException) -> bool:
    """Whether a request would be refused again, however often it is made."""
    return 400 <= error.status < 500 and error.status not in PASSING


def _form(body: Body, files: Sequence[discord.File]) -> list[dict[str, object]]:
    form: list[dict[str, object]] = [{"name": "payload_json", "value": discord.utils._to_json(body.to_json())}]
    for at, file in enumerate(files):
        part = {"name": f"files[{at}]", "value": file.fp, "filename": file.filename}
        form.append({**part, "content_type": "application/octet-stream"})
    return form


def _meant(error: discord.HTTPException, path: str) -> Exception:
    text = f"{error.status} {error.code}: {error.text}"
    if error.code in (UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_WEBHOOK_TOKEN):
        return Expired(text)
    if "{webhook_token}" in path and error.status in (401, 403):
        return Expired(text)
    if error.status == 401:
        return Closed(text)
    if error.code == NO_HISTORY:
        return Unread(text)
    if error.status == 404 or error.code in (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL, TOO_MANY_EDITS):
        return Gone(text)
    if error.status == 403 or error.code == THREAD_ARCHIVED:
        return Unreachable(text)
    return error


def text_of(found: Mapping[str, Json], name: str) -> str:
    """A value of an answer as text, "" where there is none."""
    return str(found.get(name) or "")
