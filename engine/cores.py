"""How many of the processor's cores this program may use."""

from __future__ import annotations

import os
import sys


def cores() -> int:
    """Those it was given, where the system tells (Linux); else all there are."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
