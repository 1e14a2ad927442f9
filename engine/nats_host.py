"""A host on NATS: its letters, its key by which others see that it lives, and its end."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.errors import WireError
from engine.files.lent import LentFiles
from engine.files.shelf import Shelf
from engine.host import Host, Workers
from engine.queue.letter import VERSION, Letter, read
from engine.queue.nats_server import AGAIN, ANSWER, BEAT, HOSTS, Connection, Server, bucket
from engine.wire import Step

log = logging.getLogger(__name__)


class NatsPost:
    """Carries the letters of the host `session` to the server; `take` is what a host does with those that come."""

    def __init__(self, connection: Connection, session: str) -> None:
        self._connection = connection
        self._session = session
        self._bucket = bucket(connection.server.name)
        self._letters: asyncio.Queue[Letter] = asyncio.Queue()
        self._sent = 0
        self._steps: set[asyncio.Task[None]] = set()

    def write(self, letter: Letter) -> None:
        if not isinstance(letter.message, Step):
            self._letters.put_nowait(letter)
        elif self._connection.nc.is_connected and len(self._steps) < 100:
            task = asyncio.create_task(self._step(letter))
            self._steps.add(task)
            task.add_done_callback(self._steps.discard)

    async def send(self) -> None:
        """Send what is written, until cancelled."""
        while True:
            letter = await self._letters.get()
            await self._surely(letter)
            self._letters.task_done()

    async def empty(self) -> None:
        """Wait until all is sent."""
        await self._letters.join()

    async def _surely(self, letter: Letter) -> None:
        self._sent += 1
        packed = None
        while True:
            try:
                headers, frame = packed = packed or await self._connection.pack(letter, self._bucket)
                headers = {**headers, "Nats-Msg-Id": f"{self._session}:{self._sent}"}
                await self._connection.js.publish(f"danqing.from.{self._session}", frame, ANSWER, headers=headers)
                return
            except Exception as error:  # of whatever kind: the server is away, or only starting
                log.debug("a letter waits: %s: %s", type(error).__name__, error)
                await asyncio.sleep(AGAIN)

    async def _step(self, letter: Letter) -> None:
        with suppress(Exception):  # it may be lost
            headers, frame = await self._connection.pack(letter, self._bucket)
            await self._connection.nc.publish(f"danqing.step.{self._session}", frame, headers=headers)

    async def hear(self, host: Host) -> None:
        """Hand what bots write to the host."""

        async def come(message: Any) -> None:
            headers = message.headers or {}
            answer = b""
            try:
                letter = read(headers, message.data)
                if not host.has(letter):
                    whole = await self._connection.fetch(letter, headers, self._bucket)
                    answer = b"" if await host.take(whole) else b"?"
            except WireError as error:
                log.error("somebody wrote what nobody can read: %s", error)
            except LookupError as error:
                log.warning("what came beside a letter is not to be had: %s", error)
                answer = b"!"
            with suppress(Exception):  # who asked will ask again
                await message.respond(answer)

        await self._connection.nc.subscribe(f"danqing.to.{self._session}", cb=come)


async def work(server: Server, workers: Workers, files: Callable[[], Shelf], lent: Path, stop: asyncio.Event) -> None:
    """Draw for bots until `stop`; then take nothing new, and end when what is being drawn is. What bots lend lies below
    `lent` meanwhile. Raises Refusal where the server cannot be used; waits for one that does not answer."""
    connection = await Connection(server).open(wait=True)
    machine = socket.gethostname()
    plain = re.sub(r"[^a-z0-9-]+", "-", machine.lower())[:40]
    session = f"{server.name}.{plain}-{secrets.token_hex(4)}"
    post = NatsPost(connection, session)
    host = Host(workers, post, files, LentFiles(lent))
    tasks: list[asyncio.Task[None]] = []
    try:
        await host.start()
        await post.hear(host)
        tasks = [asyncio.create_task(post.send()), asyncio.create_task(_beat(connection, session, machine, host))]
        log.info("host %s draws for the bots at %s", machine, server.where)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in tasks:
            if task.done():
                task.result()
        log.info("leaving; what is being drawn is finished")
        await host.leave()
        with suppress(TimeoutError):
            await asyncio.wait_for(post.empty(), ANSWER)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):  # else the key comes to its end by itself
            headers = {"KV-Operation": "DEL"}
            await connection.js.publish(f"$KV.{HOSTS}.{session}", b"", 2.0, headers=headers)
        await host.close()
        await connection.close()


async def _beat(connection: Connection, session: str, machine: str, host: Host) -> None:
    while True:
        said = {"name": machine, "version": VERSION, "devices": host.devices, "drawing": host.drawing}
        with suppress(Exception):  # the server is away: the next may be heard
            await connection.js.publish(f"$KV.{HOSTS}.{session}", json.dumps(said).encode(), 2 * BEAT)
        await asyncio.sleep(BEAT)
