"""Files that can be made anew at any time, in the folder that is kept for them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def keep(path: Path, content: bytes, older: str) -> bool:
    """Write a file, whole or not at all, and remove those that it takes the place of (a pattern of names in its
    folder). Whether it could be written: in a folder where it cannot it is made anew at the next start."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        return False
    for old in path.parent.glob(older):
        if old != path:
            try:
                old.unlink(missing_ok=True)
            except OSError:  # another process reads it
                continue
    return True
