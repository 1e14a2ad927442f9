"""Models on their way from the hub because an admin asked for one in a chat; one at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bot.chat import Card, Say
from bot.errors import Unreachable
from prompts.errors import Refusal

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The program ends; the bytes that have come are kept."""


class Fetching:
    """The model that is on its way, and how far it is; `places` are the folders for each kind of file."""

    def __init__(self, places: Mapping[str, Path], endpoint: str | None = None) -> None:
        self.name = ""
        self.done = self.total = 0
        self._places = places
        self._endpoint = endpoint
        self._stopped = False
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether something is on its way."""
        return self._task is not None and not self._task.done()

    def begin(self, name: str, tell: Callable[[Card], Awaitable[object]]) -> None:
        """Fetch a model, and tell how it ended. Raises Refusal `hub.busy`."""
        if self.busy:
            raise Refusal("hub.busy", name=self.name)
        self.name, self.done, self.total = name, 0, 0
        self._task = asyncio.create_task(self._fetch(name, tell))

    async def close(self) -> None:
        """Stop at the next piece; it goes on there when it is asked for again."""
        self._stopped = True
        if self._task:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _fetch(self, name: str, tell: Callable[[Card], Awaitable[object]]) -> None:
        try:
            found = await asyncio.to_thread(self._install, name)
            card = Card(text=Say("hub.fetched", {"name": found.name.removesuffix(".safetensors")}))
        except Refusal as refusal:
            card = Card(kind="error", text=Say(refusal.key, refusal.values))
        except Stopped:
            return
        try:
            await tell(card)
        except Unreachable as error:
            log.warning("%s: nobody could be told how fetching it ended: %s", name, error)

    def _install(self, name: str) -> Path:
        from bot.models import hub  # only now, in its thread: it takes half a second that nothing else has a use for

        return hub.install(name, self._places, self._hear, self._endpoint)

    def _hear(self, done: int, total: int) -> None:
        if self._stopped:
            raise Stopped
        self.done, self.total = done, total
