"""The process that learns: begun on a plan in a folder, heard line by line, interrupted so that it can go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from engine import machine
from prompts.errors import Refusal
from prompts.prompt import Json

ROOT = Path(__file__).resolve().parents[2]
LOG = "log.txt"
INTERRUPTED = 3  # what it ends with then
LEAVING = 60.0  # seconds to write a last checkpoint in
# Ctrl+C is this program's to hear, not its child's; on Windows SIGTERM would end that at once.
if sys.platform == "win32":
    _GROUP, _LEAVE = subprocess.CREATE_NEW_PROCESS_GROUP, signal.CTRL_BREAK_EVENT
else:
    _GROUP, _LEAVE = 0, signal.SIGTERM


class Learner:
    """`python -m engine.train` on the plan in a folder, whose log is kept there; so many `files` are kept on the
    way."""

    def __init__(self, folder: Path, models: Sequence[Path], device: str, out: Path, files: int = 0) -> None:
        self._folder = folder
        told = [argument for path in models for argument in ("--models", str(path.absolute()))]
        self._command = [
            sys.executable, "-m", "engine.train", str((folder / "plan.json").absolute()),
            "--device", device, "--out", str(out.absolute()), "--files", str(files), *told,
        ]  # fmt: skip
        self._child: asyncio.subprocess.Process | None = None

    async def events(self) -> AsyncIterator[Mapping[str, Json]]:
        """What it tells (engine/train/__main__.py), until it ends. Raises Refusal `train.failed`, or what it refuses,
        where it fails, and `train.stopped` where somebody else interrupts it."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DANQING_")}
        environ.setdefault("OMP_NUM_THREADS", str(machine.cores()))
        with (self._folder / LOG).open("ab") as log:
            self._child = child = await asyncio.create_subprocess_exec(
                *self._command, cwd=ROOT, env=environ, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=log, start_new_session=os.name == "posix", creationflags=_GROUP,
            )  # fmt: skip
        assert child.stdout is not None
        failed: Refusal | None = None
        try:
            async for line in child.stdout:
                event = _event(line)
                if "failed" in event:
                    failed = _refusal(event)
                else:
                    yield event
            await child.wait()
        finally:
            await self.stop()
        if failed is not None:
            raise failed
        if child.returncode == INTERRUPTED:
            raise Refusal("train.stopped")
        if child.returncode != 0:
            raise Refusal("train.failed", reason=f"exit status {child.returncode}, {self._folder / LOG}")

    async def stop(self) -> None:
        """Have it keep what is learnt and end; it is ended where that takes too long."""
        child = self._child
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(_LEAVE)
        try:
            await asyncio.wait_for(child.wait(), LEAVING)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def _event(line: bytes) -> Mapping[str, Json]:
    """What a line tells; nothing, where a library has printed something."""
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _refusal(event: Mapping[str, Json]) -> Refusal:
    key, values = str(event["failed"]), event.get("values")
    if isinstance(values, dict):
        return Refusal(key, **{name: str(value) for name, value in values.items()})
    return Refusal("train.failed", reason=key)
