"""Object storage of a test's own, which it may kill and start again, and a wire to it that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

from storage.bucket import Bucket
from tests.patience import PATIENCE

KEY, SECRET = "danqing", "a secret of forty characters or so"


class BucketServer:
    """A server that speaks S3, checks signatures and keeps its objects in a folder; with one bucket, "pictures"."""

    def __init__(self, folder: Path) -> None:
        (folder / "pictures").mkdir(parents=True)
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port = int(trial.getsockname()[1])
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._prefixes = 0

    def start(self) -> None:
        command = [sys.executable, "-m", "nanio", "serve", "--data-dir", str(self._folder), "--host", "127.0.0.1"]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port), "--no-access-log", "--log-level", "error"],
            env={**os.environ, "NANIO_ACCESS_KEY": KEY, "NANIO_SECRET_KEY": SECRET},
        )
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            assert self._process.poll() is None
            time.sleep(0.02)
        raise AssertionError("the server does not come up")

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def bucket(self) -> Bucket:
        """The bucket, with a prefix that nobody else has."""
        self._prefixes += 1
        at = f"http://127.0.0.1:{self.port}"
        return Bucket("pictures", f"test/{self._prefixes}", at, key=KEY, secret=SECRET)


@asynccontextmanager
async def wire(bucket: Bucket, cut: Callable[[int], bool]) -> AsyncIterator[Bucket]:
    """The same bucket over a wire that ends all connections when `cut`, told the bytes of a connection so far, says
    so."""
    port = int(bucket.endpoint.rpartition(":")[2])
    connections: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, judge: bool) -> None:
        sent = 0
        while some := await reader.read(65536):
            sent += len(some)
            if judge and cut(sent):
                raise ConnectionError
            writer.write(some)
            await writer.drain()
        raise ConnectionError  # one side has ended: so does the other

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(task := cast("asyncio.Task[None]", asyncio.current_task()))
        ends = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            ends.append(far_writer)
            async with asyncio.TaskGroup() as both:
                both.create_task(pump(reader, far_writer, True))
                both.create_task(pump(far_reader, writer, False))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in ends:
                end.transport.abort()
            connections.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield replace(bucket, endpoint=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await asyncio.sleep(0)  # the transports that were aborted close now
