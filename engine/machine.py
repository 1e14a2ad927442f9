"""This machine: its processor's cores and its main memory."""

from __future__ import annotations

import os


def cores() -> int:
    """How many cores this program may use; where the system does not say, as on macOS and Windows, how many there
    are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> int:
    """The bytes of main memory there are."""
    return _memory("SC_PHYS_PAGES", "total")


def free_memory() -> int:
    """The bytes of main memory that are free."""
    return _memory("SC_AVPHYS_PAGES", "available")


def _memory(pages: str, share: str) -> int:
    if pages in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf(pages)
    import psutil  # which comes with accelerate; macOS and Windows say it in no simpler way

    return int(getattr(psutil.virtual_memory(), share))
