"""The hub's HTTP side: what a model holds, its files, and the host that large files come from."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.peers.hub.repository import File, Repository

PIECE = 2**14


@dataclass(slots=True)
class Asked:
    """A request that came in: its path, the range asked for and the token, "" where there was none."""

    path: str
    range: str = ""
    token: str = ""


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next `times` requests whose path ends so: an answer with this `code`, the line cut
    after `cut` bytes, every byte but the length wrong (`spoilt`), a range not heeded (`whole`), or bytes that come
    slowly, with `pause` seconds between two pieces."""

    path: str
    times: int = 1
    code: int = 0
    cut: int | None = None
    spoilt: bool = False
    whole: bool = False
    pause: float = 0.0
    retry_after: int | None = None


@dataclass(slots=True)
class Hub:
    """`repositories` by name; `asked` is everything that was asked for, in order."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    address: str = ""

    @contextmanager
    def open(self) -> Iterator[Hub]:
        """The hub, served from a thread of its own."""
        started, loop = threading.Event(), asyncio.new_event_loop()
        stop = asyncio.Event()

        async def serve() -> None:
            app = web.Application()
            app.router.add_get("/api/models/{owner}/{name}", self._model)
            app.router.add_get("/{owner}/{name}/resolve/{revision}/{path:.+}", self._resolve)
            app.router.add_get("/large/{sha256}/{path:.+}", self._large)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            started.set()
            await stop.wait()
            await runner.cleanup()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
        thread.start()
        started.wait(10)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.close()

    def files(self) -> list[str]:
        """The files whose content was asked for, in order."""
        return [one.path.partition("/resolve/")[2].partition("/")[2] for one in self.asked if "/resolve/" in one.path]

    # --- what is asked ---

    async def _model(self, request: web.Request) -> web.StreamResponse:
        fault = self._note(request)
        if fault.code:
            return _faulty(fault)
        name = "{owner}/{name}".format(**request.match_info)
        token, repository = _token(request), self.repositories.get(name)
        if token and token not in self.tokens:
            return _no(401, "", "Invalid credentials in Authorization header")
        if repository is None or (repository.private and token not in repository.readers):
            return _no(404 if token else 401, "RepoNotFound", "Repository not found")
        siblings = [_sibling(path, file, blobs="blobs" in request.query) for path, file in repository.files.items()]
        return web.json_response(
            {"_id": "0", "id": name, "modelId": name, "sha": repository.revision, "siblings": siblings, "tags": [],
             "downloads": 0, "likes": 0, "private": repository.private, "gated": "auto" if repository.gated else False}
        )  # fmt: skip

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        fault = self._note(request)
        if fault.code:
            return _faulty(fault)
        asked = request.match_info
        token, repository = _token(request), self.repositories.get(f"{asked['owner']}/{asked['name']}")
        if token and token not in self.tokens:
            return _no(401, "", "Invalid credentials in Authorization header")
        if repository is None or (repository.private and token not in repository.readers):
            return _no(404 if token else 401, "RepoNotFound", "Repository not found")
        if repository.gated and token not in repository.readers:
            return _no(403 if token else 401, "GatedRepo", "Access to this model is restricted")
        if asked["revision"] not in ("main", repository.revision):
            return _no(404, "RevisionNotFound", "Invalid rev id")
        file = repository.files.get(asked["path"])
        if file is None:
            return _no(404, "EntryNotFound", "Entry not found")
        told = {"X-Repo-Commit": repository.revision, "Accept-Ranges": "bytes"}
        if file.large:
            told |= {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(len(file.content))}
            place = f"{self.address.replace('127.0.0.1', 'localhost')}/large/{file.sha256}/{asked['path']}"
            return web.Response(status=302, headers={**told, "Location": place})
        return await self._send(request, file, fault, {**told, "ETag": f'"{file.blob}"'})

    async def _large(self, request: web.Request) -> web.StreamResponse:
        fault = self._note(request)
        if fault.code:
            return _faulty(fault)
        wanted = request.match_info["sha256"]
        found = (file for one in self.repositories.values() for file in one.files.values() if file.large)
        file = next((file for file in found if file.sha256 == wanted), None)
        if file is None:
            return _no(404, "", "NoSuchKey")
        return await self._send(request, file, fault, {"ETag": f'"{file.sha256}"', "Accept-Ranges": "bytes"})

    async def _send(self, request: web.Request, file: File, fault: Fault, told: dict[str, str]) -> web.StreamResponse:
        content, start = (bytes(len(file.content)) if fault.spoilt else file.content), 0
        if (wanted := request.headers.get("Range", "")) and not fault.whole:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
            told |= {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        response = web.StreamResponse(status=206 if "Content-Range" in told else 200, headers=told)
        response.content_length = len(content) - start
        await response.prepare(request)
        end = len(content) if fault.cut is None else min(len(content), start + fault.cut)
        with contextlib.suppress(ConnectionError):  # who asked may be gone
            for at in range(start, end, PIECE):
                await response.write(content[at : min(at + PIECE, end)])
                await asyncio.sleep(fault.pause)
        if end < len(content) and request.transport is not None:
            request.transport.abort()
        return response

    def _note(self, request: web.Request) -> Fault:
        self.asked.append(Asked(request.path, request.headers.get("Range", ""), _token(request)))
        for fault in self.faults:
            if fault.times > 0 and request.path.endswith(fault.path):
                fault.times -= 1
                return fault
        return Fault("", 0)


def _token(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _sibling(path: str, file: File, *, blobs: bool) -> dict[str, object]:
    told: dict[str, object] = {"rfilename": path}
    if blobs:
        told |= {"size": len(file.content), "blobId": file.blob}
        if file.large:
            told["lfs"] = {"sha256": file.sha256, "size": len(file.content), "pointerSize": 134}
    return told


def _no(status: int, code: str, message: str) -> web.Response:
    told = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    return web.json_response({"error": message}, status=status, headers=told)


def _faulty(fault: Fault) -> web.Response:
    told = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return web.Response(status=fault.code, headers=told, text="<html>no</html>", content_type="text/html")
