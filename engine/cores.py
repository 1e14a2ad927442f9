"""The processor's cores."""

from __future__ import annotations

import os


def cores() -> int:
    """How many cores this program may use; where the system does not say, as on macOS and Windows, how many there
    are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
