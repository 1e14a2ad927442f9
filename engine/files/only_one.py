"""A file that one program holds at a time, on every system; the hold ends with the program, however it ends."""

from __future__ import annotations

import sys
from typing import IO, Any


def hold(file: IO[Any]) -> None:
    """Hold an open file until it is closed. Raises OSError where somebody else holds it."""
    if sys.platform == "win32":
        import msvcrt  # there and nowhere else

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # everywhere else

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
