"""A program whose loop stands still ends, and one that was only stopped goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bot.cli import watchdog
from tests.patience import PATIENCE, until
from tests.running import ROOT

PROGRAM = """
import asyncio, re, sys, time
from bot.cli.watchdog import watched

def sleeps():
    time.sleep(1000)

def holds_all_threads():
    re.match("(a+)+b", "a" * 60)

async def main():
    with watched({patience}):
        print("begun", flush=True)
        {then}

asyncio.run(main())
print("over", flush=True)
"""


def program(then: str, patience: int = 1) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(then=then, patience=patience)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(("hangs", "status"), [("sleeps", watchdog.HUNG), ("holds_all_threads", -signal.SIGPROF)])
def test_what_hangs_ends_and_says_where(hangs: str, status: int) -> None:
    with program(f"{hangs}()") as started:
        _, said = started.communicate(timeout=PATIENCE)
    assert started.returncode == status
    assert f"in {hangs}" in said.decode() and "watchdog" in said.decode()


async def test_what_was_stopped_goes_on(tmp_path: Path) -> None:
    """A laptop that slept, a debugger, Ctrl+Z: no time passed for the program."""
    with program("await asyncio.sleep(4); time.sleep(1.5)", patience=2) as started:
        assert started.stdout and started.stdout.readline() == b"begun\n"
        os.kill(started.pid, signal.SIGSTOP)
        await until(lambda: psutil.Process(started.pid).status() == psutil.STATUS_STOPPED)
        await asyncio.sleep(3.5)  # longer than its patience
        os.kill(started.pid, signal.SIGCONT)
        out, said = await asyncio.to_thread(started.communicate, timeout=PATIENCE)
    assert (started.returncode, out) == (0, b"over\n"), said.decode()


async def test_nothing_is_left_behind() -> None:
    with watchdog.watched():
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 0
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
