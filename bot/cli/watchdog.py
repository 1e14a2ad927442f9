"""Ends the program where its event loop stands still: one that hangs serves nobody, and keeps the lead from others."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 60  # seconds; nothing that the loop does at once takes a tenth of one, and health checks fail long before
TICK = 1.0  # seconds
HUNG = 70  # the exit status: sysexits.h's "internal error"
# Seconds of all threads' processor time without a sign of life after which the system ends the program. It is for code
# that lets no other thread run (a regular expression that never ends): threads beside it burn some of the time.
BUSY = 2


@contextmanager
def watched(patience: int = PATIENCE) -> Iterator[None]:
    """While it lasts, the running loop gives a sign of life every second, or the program ends: with the places in the
    code where every thread is, and a status other than 0. A program that is stopped and goes on is not taken for one
    that hangs: only time in which it could have run counts."""
    loop, alive, over = asyncio.get_running_loop(), threading.Event(), threading.Event()
    timer = hasattr(signal, "setitimer")

    def sign() -> None:
        alive.set()
        if timer and not over.is_set():
            signal.setitimer(signal.ITIMER_PROF, BUSY * patience)

    def watch() -> None:
        silent = 0
        while not over.wait(TICK):
            silent = 0 if alive.is_set() else silent + 1
            if silent > patience / TICK:
                _end(patience)
            if silent == 0:
                alive.clear()
                try:
                    loop.call_soon_threadsafe(sign)
                except RuntimeError:  # closed: the program ends anyway
                    return

    if timer:
        faulthandler.register(signal.SIGPROF, all_threads=True, chain=True)  # says where, then ends as it would have
    sign()
    thread = threading.Thread(target=watch, name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if timer:
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.unregister(signal.SIGPROF)


def _end(patience: int) -> None:
    # Not by the log: whoever hangs may hold its lock.
    try:
        os.write(2, f"the program has stood still for {patience} seconds and ends; its threads:\n".encode())
        faulthandler.dump_traceback(all_threads=True)
    finally:  # whether or not there is anywhere to write
        os._exit(HUNG)
