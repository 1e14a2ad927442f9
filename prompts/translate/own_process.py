"""A translator of sentences that is too heavy for this process: it runs in one of its own, loaded when first needed and
dropped when nobody has asked for a while."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from prompts.prompt import Json, Note, Origin
from prompts.translate.fixed_form import without_thoughts
from prompts.translate.scripts import language_of
from prompts.translate.translator import EVERY_LANGUAGE, ModelQuestion, Unavailable

log = logging.getLogger(__name__)

IDLE = 600.0  # seconds without a question after which the process goes: it holds gigabytes
_LOADING = 600.0  # seconds; a slow disk brings a model of 3 GB in two minutes
_GRACE = 3.0  # seconds for a process to notice by itself that its time is up
_PAUSE = 60.0  # seconds without a question after a failure
_LONGEST_CLAUSE = 600  # characters
_LONGEST_LINE = 2**16  # bytes of an answer
_TOLD = {
    "note.reader_loading": ("reader",),
    "note.reader_slow": ("reader", "seconds"),
    "note.reader_gone": ("reader",),
    "note.reader_broken": ("reader", "reason"),
}


@dataclass(frozen=True, slots=True)
class Program:
    """What is started and how people are told of it. `name` has the version of what translates in it, `shown` is its
    name for people, `folder` where the command is run, and `instructed` whether it does other tasks, too."""

    name: str
    shown: str
    origin: Origin
    command: tuple[str, ...]
    folder: Path
    instructed: bool = False


class OwnProcess:
    """The translator that asks the program, one clause at a time. While it loads, the words translate; so they do for a
    minute after it has failed, and the person whose prompt it failed reads so in a note.

    `timeout` is in seconds, for one clause, and `patience` for loading the program where that is another time. It
    belongs to the event loop that asks first; `close` ends the program.
    """

    sentences: Literal[True] = True
    languages = EVERY_LANGUAGE

    def __init__(self, program: Program, timeout: float, idle: float = IDLE, patience: float | None = None) -> None:
        self.name = program.name
        self.shown = program.shown
        self.origin: Origin = program.origin
        self.instructed = program.instructed
        self._program = program
        self._timeout = timeout
        self._patience = timeout if patience is None else patience
        self._idle = idle
        self._turn = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None
        self._loading: asyncio.Task[None] | None = None
        self._going: asyncio.Future[None] | None = None
        self._dropping: asyncio.TimerHandle | None = None
        self._silent_until = 0.0
        self._number = 0

    @property
    def pid(self) -> int | None:
        """The process id of the program while it is loaded."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def english(self, clause: str) -> str:
        if len(clause) > _LONGEST_CLAUSE:
            return ""
        return await self._asked({"clause": clause, "language": language_of(clause) or "zh"})

    async def answer(self, question: ModelQuestion) -> str:
        return await self._asked({"clause": question.said, "language": "en", "task": question.plain})

    async def _asked(self, question: dict[str, Json]) -> str:
        if time.monotonic() < self._silent_until:
            raise Unavailable(None)
        try:
            async with asyncio.timeout(self._timeout):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable(self._note("note.reader_slow")) from None
        try:
            child = await self._loaded()
            return await self._answer(child, question)
        finally:
            self._turn.release()
            self._drop_later()

    async def close(self) -> None:
        """End the program."""
        if self._dropping:
            self._dropping.cancel()
        if self._loading:
            self._loading.cancel()
            with contextlib.suppress(asyncio.CancelledError, Unavailable):
                await self._loading
            self._loading = None
        await self._end()

    async def ready(self, patience: float) -> None:
        """Load the program now. Raises Unavailable where it cannot be used, or is not there in so many seconds."""
        async with self._turn:
            await self._loaded(patience)
        self._drop_later()

    async def _loaded(self, patience: float = 0.0) -> asyncio.subprocess.Process:
        """The program, loaded. Raises Unavailable with a note while it is not."""
        if self.pid is None and self._loading is None:
            await self._end()
            self._loading = asyncio.create_task(self._load())
            patience = max(patience, self._patience)
        if self._loading:
            await asyncio.wait([self._loading], timeout=patience)  # who asks while it loads does not wait again
            if not self._loading.done():
                raise Unavailable(self._note("note.reader_loading"))
            done, self._loading = self._loading, None
            done.result()
        assert self._child is not None
        return self._child

    async def _load(self) -> None:
        # Without the secrets, of which it needs none.
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DANQING_")}
        try:
            self._child = await asyncio.create_subprocess_exec(
                *self._program.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=self._program.folder,
                env=environ,
                limit=_LONGEST_LINE,
            )
            async with asyncio.timeout(_LOADING):
                said = await _line(self._child)
        except (OSError, ValueError, EOFError) as error:  # TimeoutError is an OSError
            await self._failed("note.reader_broken", str(error) or type(error).__name__)
        if said.get("ready") is not True:
            await self._failed("note.reader_broken", str(said.get("broken", "?")))

    async def _answer(self, child: asyncio.subprocess.Process, question: dict[str, Json]) -> str:
        self._number += 1
        question = question | {"number": self._number, "seconds": self._timeout}
        assert child.stdin is not None
        try:
            async with asyncio.timeout(self._timeout + _GRACE):
                child.stdin.write(json.dumps(question).encode() + b"\n")
                await child.stdin.drain()
                said = await _line(child)
                while said.get("number") != self._number:  # of somebody who has not waited for it
                    said = await _line(child)
        except TimeoutError:
            await self._failed("note.reader_slow")
        except (OSError, ValueError, EOFError) as error:
            await self._failed("note.reader_gone", str(error))
        if said.get("slow") is True:
            self._silent_until = time.monotonic() + _PAUSE
            raise Unavailable(self._note("note.reader_slow"))
        english = said.get("english")
        return without_thoughts(english) if isinstance(english, str) else ""

    async def _failed(self, key: str, reason: str = "") -> NoReturn:
        """End the program and leave it alone for a while. Raises Unavailable."""
        log.warning("the translator %s failed: %s %s", self._program.shown, key, reason)
        self._silent_until = time.monotonic() + _PAUSE
        await self._end()
        raise Unavailable(self._note(key, reason))

    def _note(self, key: str, reason: str = "") -> Note:
        values = {"reader": self._program.shown, "seconds": f"{self._timeout:g}", "reason": reason[:200]}
        return Note(key, {name: values[name] for name in _TOLD[key]})

    def _drop_later(self) -> None:
        if self._dropping:
            self._dropping.cancel()
        self._dropping = asyncio.get_running_loop().call_later(self._idle, self._drop)

    def _drop(self) -> None:
        if self._loading and self._loading.done():  # and nobody has asked since
            self._loading.exception()
            self._loading = None
        if self._turn.locked() or self._loading:
            self._drop_later()
        elif self._child:
            child, self._child = self._child, None
            self._going = asyncio.ensure_future(_ended(child))

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child:
            await _ended(child)
        if self._going:
            await self._going
            self._going = None


async def _ended(child: asyncio.subprocess.Process) -> None:
    """The program gone, whatever it was doing: there is nothing that it could lose."""
    if child.stdin:
        child.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    await child.wait()


async def _line(child: asyncio.subprocess.Process) -> dict[str, Json]:
    """The next line of JSON that the program says. Raises EOFError where it has ended, ValueError for anything else."""
    assert child.stdout is not None
    line = await child.stdout.readline()
    if not line:
        raise EOFError("it has ended")
    try:
        said = json.loads(line)
    except RecursionError:
        raise ValueError("no answer") from None
    if not isinstance(said, dict):
        raise ValueError("no answer")
    return said
