"""A machine that draws by sleeping, as its own process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests import shared_dictionary
from tests.failures import sleeping_bot, sleeping_host
from tests.running import ROOT


class HostProcess:
    """`python bot.py work`, whose workers sleep, as its own process."""

    def __init__(self, folder: Path, url: str, seconds: float, **more: str) -> None:
        self.file = folder / "drawn.txt"
        self.file.touch()
        told = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DANQING_")},
            "PYTHONPATH": str(ROOT),
            "DANQING_HOSTS_URL": url,
            "DANQING_DATA_FOLDER": str(folder / "data"),
            sleeping_bot.SECONDS: str(seconds),
            sleeping_bot.FILE: str(self.file),
            **shared_dictionary.environ(),
            **more,
        }
        with (folder / f"host-{id(self)}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", sleeping_host.__name__], cwd=folder, env=told, stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def begun(self) -> int:
        """How many jobs it has begun."""
        return self.file.read_text().count(f"{self.process.pid} begun")

    def remove(self) -> None:
        self.process.kill()
        self.process.wait()
