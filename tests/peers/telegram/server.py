"""A Bot API server on loopback, for one bot."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from tests.peers.telegram import request as requests
from tests.peers.telegram import spec
from tests.peers.telegram.limits import Limits
from tests.peers.telegram.methods import COUNTED, METHODS
from tests.peers.telegram.refusal import Breach, Refused, breach
from tests.peers.telegram.world import Call, World

LARGEST = 52 * 1024 * 1024  # bytes of a request


@dataclass(slots=True)
class Fault:
    """Something that goes wrong with the next `times` calls of a method ("*": all but getUpdates)."""

    method: str
    times: int
    code: int = 0
    retry_after: int = 0
    delay: float = 0
    cut: bool = False
    done: bool = True

    def meets(self, method: str) -> bool:
        return self.times > 0 and (self.method == method or (self.method == "*" and method != "getUpdates"))


NOTHING = Fault("", 0)


class Http:
    """The HTTP side: routes, tokens, checks, faults and limits around the methods."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.limits = Limits(lambda: world.clock())
        self.faults: list[Fault] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=LARGEST)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _download(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        file = next((one for one in self.world.files.values() if one.path == path), None)
        if request.match_info["token"] != self.world.token or file is None:
            return _no(404, "Not Found")
        if code := self._fault("file").code:
            return _no(code, HTTPStatus(code).phrase)
        return web.Response(body=file.content, content_type="application/octet-stream")

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self.world.token:
            return _no(401, "Unauthorized")
        try:
            return await self._answered(request, method)
        except Refused as refused:
            if isinstance(refused, Breach):
                self.world.violations.append(f"{method}: {refused.description}")
                self.world.changes.tell()
            return _no(refused.code, refused.description, refused.parameters)
        except Exception as broken:  # of this server, not of the bot; a test has to see it
            self.world.violations.append(f"this server broke in {method}: {broken!r}")
            raise

    async def _answered(self, request: web.Request, method: str) -> web.StreamResponse:
        if method not in spec.methods():
            self.world.violations.append(f"{method} is no method")
            raise Refused(404, "Not Found")
        try:
            raw, files = await requests.read(request)
        except web.HTTPRequestEntityTooLarge:
            raise Breach(413, "Request Entity Too Large") from None
        call = requests.decode(method, raw, files, self.world.clock())
        if method not in METHODS:
            raise breach(f"{method} is not played by this server")
        if method != "getUpdates":
            self.world.calls.append(call)
            self.world.changes.tell()
        fault = self._fault(method)
        if fault.cut and not fault.done:
            return await _cut(request)
        self._limited(call, fault)
        reply = METHODS[method](self.world, call)
        result: Any = await reply if inspect.isawaitable(reply) else reply
        for wrong in spec.problems(result, spec.returns(method), f"our reply to {method}"):
            self.world.violations.append(wrong)
        await asyncio.sleep(fault.delay)
        return await _cut(request) if fault.cut else web.json_response({"ok": True, "result": result})

    def _fault(self, method: str) -> Fault:
        """What goes wrong now; mostly nothing."""
        fault = next((one for one in self.faults if one.meets(method)), NOTHING)
        if fault is not NOTHING:
            fault.times -= 1
        return fault

    def _limited(self, call: Call, fault: Fault) -> None:
        """Refuse what a fault refuses, and what comes too soon."""
        chat = call.params.get("chat_id")
        chat = chat if isinstance(chat, int) else 0
        wait = self.limits.held(call.method, chat)
        if fault.code == 429:
            wait = max(wait, fault.retry_after)
            self.limits.hold(call.method, chat, wait)
        elif fault.code:
            raise Refused(fault.code, HTTPStatus(fault.code).phrase)
        elif not wait and chat and call.method in COUNTED:
            wait = self.limits.take(
                call.method, chat, len(call.params["media"]) if call.method == "sendMediaGroup" else 1
            )
        if wait:
            raise Refused(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})


def _no(code: int, description: str, parameters: dict[str, int] | None = None) -> web.Response:
    body = {"ok": False, "error_code": code, "description": description}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=code)


async def _cut(request: web.Request) -> web.StreamResponse:
    """Half a reply, then nothing: the bot cannot know whether its call was done."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "4096"})
    await response.prepare(request)
    await response.write(b'{"ok":tru')
    assert request.transport is not None
    request.transport.close()
    return response
