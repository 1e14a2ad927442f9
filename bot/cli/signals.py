"""When the program is told to stop: Ctrl+C, a service manager's SIGTERM, Ctrl+Break on Windows."""

from __future__ import annotations

import asyncio
import signal
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' own


def stopped() -> asyncio.Event:
    """An event of the running loop that is set as soon as somebody wants the program to end."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(event.set)  # which wakes a loop that waits, as setting the event alone would not

    # Not loop.add_signal_handler: Windows' event loops have none.
    for number in (getattr(signal, name) for name in NAMES if hasattr(signal, name)):
        signal.signal(number, told)
    return event
