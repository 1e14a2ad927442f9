"""The HTTP side: routes, tokens, checks, faults and limits around the functions, and the CDN."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from tests.peers.discord import spec
from tests.peers.discord.call import Call, Upload
from tests.peers.discord.limits import Limits
from tests.peers.discord.refusal import Breach, Refused
from tests.peers.discord.routes import ROUTES, Reply
from tests.peers.discord.world import World

API = "/api/v10"
LARGEST = 25 * 1024 * 1024  # bytes of a request, its files together


@dataclass(slots=True)
class Fault:
    """Something that goes wrong with the next `times` requests to a path that has `path` in it. `done`: after the
    request took effect; `seconds`: what a 429 tells to wait, or how late the reply is."""

    method: str
    path: str
    times: int
    status: int = 0
    code: int = 0
    seconds: float = 0.0
    everywhere: bool = False
    cut: bool = False
    done: bool = False

    def meets(self, call: Call) -> bool:
        return self.times > 0 and self.method in ("", call.method) and self.path in call.route


NOTHING = Fault("", "", 0)


class Http:
    """The server. `faults` are met in order, the first that fits is used up first."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.limits = Limits(lambda: asyncio.get_running_loop().time())
        self.faults: list[Fault] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=LARGEST)
        for (method, route), function in ROUTES.items():
            app.router.add_route(method, API + route, self._called(route, function))
        app.router.add_get("/gateway/", self.world.gateway.connect)
        app.router.add_get("/attachments/{path:.+}", self._download)
        app.router.add_route("*", "/{path:.*}", self._nothing)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        await self.world.gateway.start()

    async def stop(self) -> None:
        if self._runner:
            await self.world.gateway.stop()
            await self._runner.cleanup()
            self._runner = None

    async def _nothing(self, request: web.Request) -> web.Response:
        self.world.violations.append(f"{request.method} {request.path} is not played by this server")
        return web.json_response({"message": "404: Not Found", "code": 0}, status=404)

    async def _download(self, request: web.Request) -> web.Response:
        file = self.world.files.get(request.match_info["path"])
        if file is None or self.world.clock() > int(request.query.get("ex", "0"), 16):
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.content, content_type=file.mime)

    def _called(
        self, route: str, function: Callable[[World, Call], Reply]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def called(request: web.Request) -> web.StreamResponse:
            where = dict(request.match_info)
            call = Call(request.method, route, where, dict(request.query), None, {}, self.world.clock())
            self.world.calls.append(call)
            try:
                return await self._answered(request, call, function)
            except Refused as refused:
                if isinstance(refused, Breach):
                    self.world.violations.append(f"{call}: {refused}")
                return self._reply(call, refused.status, refused.json(), code=refused.code)
            except Exception as broken:  # of this server, not of the bot; a test has to see it
                self.world.violations.append(f"this server broke in {call}: {broken!r}")
                raise
            finally:
                self.world.changes.tell()

        return called

    async def _answered(
        self, request: web.Request, call: Call, function: Callable[[World, Call], Reply]
    ) -> web.StreamResponse:
        hooked = call.route.startswith(("/webhooks/", "/interactions/"))
        if not hooked and request.headers.get("Authorization") != f"Bot {self.world.token}":
            raise Refused(0)
        if any(not value.isdecimal() for name, value in call.where.items() if name.endswith("_id")):
            raise Breach(f"{call.where}: an id is no number")
        fault = next((one for one in self.faults if one.meets(call)), NOTHING)
        fault.times -= 1
        if fault.status == 429:
            call.headers |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": f"{fault.seconds:.3f}"}
            return self._slower(call, fault.seconds, fault.everywhere)
        call.headers, wait, everywhere = self.limits.take(call.method, call.route, call.where)
        if wait:
            return self._slower(call, wait, everywhere)
        if not fault.done and (spoiled := self._spoiled(request, call, fault)):
            return spoiled
        await self._read(request, call)
        self._judge(call)
        result = function(self.world, call)
        status = 204 if result is None else 200
        for wrong in spec.reply(result, call.method, call.route, status):
            self.world.violations.append(f"our own reply to {call}: {wrong}")
        self.world.changes.tell()
        await asyncio.sleep(fault.seconds)
        return self._spoiled(request, call, fault) or self._reply(call, status, result)

    def _spoiled(self, request: web.Request, call: Call, fault: Fault) -> web.Response | None:
        """What a fault answers in place of the reply; None where it lets it pass."""
        if fault.cut and request.transport:
            request.transport.abort()
            return self._reply(call, 0, None)
        if fault.code:
            raise Refused(fault.code)
        if fault.status:
            return self._reply(call, fault.status, {"message": HTTPStatus(fault.status).phrase, "code": 0})
        return None

    def _reply(self, call: Call, status: int, body: object, code: int = 0) -> web.Response:
        call.status, call.code = status, code
        if body is None:
            return web.Response(status=status or 204, headers=call.headers)
        # The content's type is exactly this; clients take everything else for text.
        headers = {"Content-Type": "application/json"} | call.headers
        return web.Response(status=status, body=json.dumps(body, ensure_ascii=False).encode(), headers=headers)

    def _slower(self, call: Call, wait: float, everywhere: bool) -> web.Response:
        """A 429 with everything that tells for how long."""
        scope = "global" if everywhere else "user"
        call.headers |= {"Retry-After": f"{wait:.3f}", "X-RateLimit-Scope": scope, "Via": "1.1 google"}
        body = {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": everywhere}
        return self._reply(call, 429, body)

    async def _read(self, request: web.Request, call: Call) -> None:
        """The body and the files of a request."""
        if (request.content_length or 0) > LARGEST:
            raise Breach(f"{request.content_length} bytes where {LARGEST} are allowed", 40005)
        try:
            if request.content_type == "multipart/form-data":
                for name, part in (await request.post()).items():
                    if isinstance(part, web.FileField):
                        call.files[name] = Upload(part.filename, part.file.read(), part.content_type or "")
                        part.file.close()
                    elif name == "payload_json":
                        call.body = json.loads(str(part))
                    else:
                        raise Breach(f"a form with {name}")
            elif request.can_read_body:
                text = await request.text()
                if request.content_type != "application/json":
                    raise Breach(f"a body of {request.content_type}", 50109)
                call.body = json.loads(text)
        except web.HTTPRequestEntityTooLarge:
            raise Breach("more bytes than allowed", 40005) from None
        except ValueError as broken:
            raise Breach(str(broken), 50109) from None

    def _judge(self, call: Call) -> None:
        """Refuse what the published description does."""
        wrong = [f"no query {name}" for name in call.query if name not in spec.queries(call.method, call.route)]
        body: Any = call.body
        wrong += spec.request(body, call.method, call.route, multipart=bool(call.files))
        if wrong:
            raise Breach("; ".join(wrong))
