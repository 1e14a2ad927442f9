"""The terminal as a chat platform: one request, a progress bar, the pictures as files."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bot import texts
from bot.chat import Card, Desk
from bot.errors import Rejected
from engine.job import State
from storage.jobs import Place

ENDS = frozenset({State.DONE, State.FAILED, State.CANCELLED})


class ConsoleChat:
    """A `Chat` that shows one job's cards as a progress bar; `answer` is the last card, `job` the job's id."""

    platform = "console"
    pace = 0.1

    def __init__(self, console: Console, language: str, *, quiet: bool = False) -> None:
        self.answer: asyncio.Future[Card] = asyncio.get_running_loop().create_future()
        self.job = ""
        self._language = language
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            disable=quiet,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, left="")

    async def listen(self, desk: Desk) -> None:
        """Nothing is typed here while something is drawn."""

    async def send(self, place: Place, card: Card, key: str) -> Place:
        self.job = card.job or ""
        self._show(card)
        return Place(place.platform, place.chat, key)

    async def edit(self, place: Place, card: Card) -> None:
        self._show(card)

    async def renew(self, place: Place, card: Card, key: str) -> None:
        """There is nothing to press here."""

    async def remove(self, place: Place) -> None:
        raise Rejected("what a terminal has shown stays")

    async def close(self) -> None:
        if self._bar.live.is_started:
            self._bar.stop()

    def _show(self, card: Card) -> None:
        if card.state is None or card.state in ENDS:
            if not self.answer.done():
                self.answer.set_result(card)
            return
        self._bar.start()
        text = texts.say(self._language, card.text.key, **card.text.values)
        if card.progress is None:
            self._bar.update(self._task, description=text)
            return
        left = texts.say(self._language, "console.left", seconds=card.progress.seconds_left)
        total = card.progress.steps or None
        self._bar.update(self._task, description=text, completed=card.progress.step, total=total, left=left)
