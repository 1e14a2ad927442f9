"""The type for what one process tells another of a file's hashes, so that gigabytes are read once."""

from __future__ import annotations

from typing import NamedTuple


class Hashed(NamedTuple):
    """The hashes of a file as it was at this size (bytes) and time of change (nanoseconds): as A1111 shortens them, of
    the whole file and of what is left of it without its header."""

    path: str
    size: int
    modified: int
    hash: str
    network: str
