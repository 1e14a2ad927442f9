"""The shipped program as its own process, used over its web page's API as a browser would."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from tests import shared_dictionary
from tests.patience import PATIENCE
from tests.warm_workers import SOCKET

ROOT = Path(__file__).resolve().parent.parent
ENDS = ("done", "failed", "cancelled")
Message = dict[str, Any]


class Bot:
    """`python bot.py run` in a folder of its own; `kill` is SIGKILL to the chat process alone, as a crash is. `warm` is
    where workers are to be had that have imported already; without, they are started as shipped."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None, *, warm: str = "") -> None:
        self.folder = folder
        self.settings = dict(settings or {})
        self.program: tuple[str, ...] = (str(ROOT / "bot.py"),)
        if warm:
            self.program = ("-m", "tests.warm_bot")
            self.settings |= {"PYTHONPATH": str(ROOT), SOCKET: warm}
        self.arguments: tuple[str, ...] = ()  # of the command, beside its name
        self.address = ""
        self.past: frozenset[str] = frozenset()

    async def start(self) -> None:
        await self.launch()
        await self.opened()

    async def launch(self) -> None:
        """Begin, without waiting for the page."""
        # A worker logs through inherited descriptors: files, because pipes would stay open after a kill.
        self.log = self.folder / f"log-{uuid.uuid4().hex[:8]}.txt"
        self.out = self.folder / f"out-{uuid.uuid4().hex[:8]}.txt"
        environ = {key: value for key, value in os.environ.items() if not key.startswith("DANQING_")}
        environ |= {
            "DANQING_DATA_FOLDER": str(self.folder / "data"),
            "DANQING_WEB_PORT": "0",
            "LANG": "en_US.UTF-8",
            **shared_dictionary.environ(),
            **self.settings,
        }
        with self.out.open("wb") as stdout, self.log.open("wb") as stderr:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.program,
                "run",
                *self.arguments,
                cwd=self.folder,
                env=environ,
                stdout=stdout,
                stderr=stderr,
            )

    async def opened(self) -> None:
        """Wait for the page."""
        async with asyncio.timeout(PATIENCE):
            while "http" not in self.out.read_text("utf-8"):
                assert self.process.returncode is None, self.log.read_text("utf-8")
                await asyncio.sleep(0.02)
        self.address = self.out.read_text("utf-8").split()[-1]
        self.session = aiohttp.ClientSession(self.address, headers={"X-Danqing": "1", "Accept-Language": "en"})

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        await self._end(signal.SIGTERM)
        assert self.process.returncode is not None
        return self.process.returncode

    async def _end(self, how: signal.Signals) -> None:
        if self.address:
            await self.session.close()
            self.address = ""
        if self.process.returncode is None:
            self.process.send_signal(how)
        await asyncio.wait_for(self.process.wait(), PATIENCE)

    def worker(self) -> psutil.Process | None:
        """The drawing process."""
        return next(iter(self.children()), None)

    def children(self) -> list[psutil.Process]:
        """The drawing processes, one for each device."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return [child for child in psutil.Process(self.process.pid).children() if "engine" in child.cmdline()]
        return []

    async def kill_worker(self) -> None:
        child = self.worker()
        assert child is not None
        child.kill()

    async def say(self, text: str, key: str = "") -> str:
        """Send a text; the page's key of it."""
        key = key or uuid.uuid4().hex
        async with self.session.post("/api/say", json={"text": text, "key": key}) as answer:
            assert answer.status == 200, await answer.text()
        return key

    async def press(self, action: str, target: str, **values: str) -> None:
        body = {"action": action, "target": target, "key": uuid.uuid4().hex, "values": values}
        async with self.session.post("/api/press", json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def messages(self) -> list[Message]:
        """The conversation, oldest first."""
        found = (await self.get("/api/messages"))["messages"]
        return [message for message in found if message["id"] not in self.past]

    async def history(self) -> list[Message]:
        """The pictures that were drawn, newest first."""
        found = (await self.get("/api/history"))["pictures"]
        return [picture for picture in found if picture["id"] not in self.past]

    async def begin_anew(self) -> None:
        """Tell no more of what stands in the conversation and in the history by now: another story begins."""
        stands = [*await self.messages(), *await self.history()]
        self.past |= {one["id"] for one in stands}

    async def cards(self) -> list[Message]:
        """The cards of jobs, oldest first."""
        return [message for message in await self.messages() if message.get("job")]

    async def until(self, true: Callable[[list[Message]], bool], seconds: float = PATIENCE) -> list[Message]:
        """The job cards, as soon as something is true of them."""
        cards: list[Message] = []
        try:
            async with asyncio.timeout(seconds):
                while not true(cards := await self.cards()):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{cards}\n{self.log.read_text('utf-8')}") from None
        return cards

    async def ended(self, count: int, seconds: float = PATIENCE) -> list[Message]:
        """The job cards once `count` of them have ended."""
        return await self.until(lambda cards: sum(card["state"] in ENDS for card in cards) >= count, seconds)

    async def get(self, path: str) -> Any:
        async with self.session.get(path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def picture(self, id: str) -> bytes:
        async with self.session.get(f"/pictures/{id}.png") as answer:
            assert answer.status == 200
            return await answer.read()


def drawing(cards: list[Message]) -> bool:
    """Whether a picture is being drawn and has taken a few steps."""
    return any(card["state"] == "running" and (card["progress"] or {}).get("step", 0) >= 3 for card in cards)
