"""The process that learns: begun on a plan in a folder, heard line by line, interrupted so that it can go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from engine import machine
from prompts.errors import Refusal
from prompts.prompt import Json

ROOT = Path(__file__).resolve().parents[2]
LOG = "log.txt"
LEAVING = 60.0  # seconds to write a last checkpoint in


class Learner:
    """`python -m engine.train` on the plan in a folder, whose log is kept there."""

    def __init__(self, folder: Path, models: Sequence[Path], device: str, out: Path) -> None:
        self._folder = folder
        told = [argument for path in models for argument in ("--models", str(path.absolute()))]
        self._command = [
            sys.executable, "-m", "engine.train", str((folder / "plan.json").absolute()),
            "--device", device, "--out", str(out.absolute()), *told,
        ]  # fmt: skip
        self._child: asyncio.subprocess.Process | None = None

    async def events(self) -> AsyncIterator[Mapping[str, Json]]:
        """What it tells (engine/train/__main__.py), until it ends. Raises Refusal `train.failed` where it fails."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DANQING_")}
        environ.setdefault("OMP_NUM_THREADS", str(machine.cores()))
        with (self._folder / LOG).open("ab") as log:
            self._child = child = await asyncio.create_subprocess_exec(
                *self._command, cwd=ROOT, env=environ, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=log, start_new_session=os.name == "posix",
            )  # fmt: skip
        assert child.stdout is not None
        failed: Refusal | None = None
        try:
            async for line in child.stdout:
                event = json.loads(line)
                if "failed" in event:
                    failed = _refusal(event)
                else:
                    yield event
            await child.wait()
        finally:
            await self.stop()
        if failed is not None:
            raise failed
        if child.returncode not in (0, 3):
            raise Refusal("train.failed", reason=f"exit status {child.returncode}, {self._folder / LOG}")

    async def stop(self) -> None:
        """Have it keep what is learnt and end; it is ended where that takes too long."""
        child = self._child
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(child.wait(), LEAVING)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def _refusal(event: Mapping[str, Json]) -> Refusal:
    key, values = str(event["failed"]), event.get("values")
    if isinstance(values, dict):
        return Refusal(key, **{name: str(value) for name, value in values.items()})
    return Refusal("train.failed", reason=key)
