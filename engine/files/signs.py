"""The note beside a file that a bot has learnt for somebody: the bot's sign, so that a machine which shares the folder
tells no other bot of that file."""

from __future__ import annotations

import hashlib
from pathlib import Path

ENDING = ".learnt"  # in the place of the file's own


def sign(bot: str) -> str:
    """What stands for a bot, of which its name cannot be told; that of the commands beside it (`bot/command`) is the
    same. A bot that has no hosts ("") has none."""
    name = bot.partition("/")[0]
    return hashlib.sha256(name.encode()).hexdigest()[:16] if name else ""


def beside(path: Path) -> Path:
    """Where the note lies."""
    return path.with_name(path.stem + ENDING)


def of(path: Path) -> str | None:
    """The sign of the bot that has learnt a file; "" for one that has none, or cannot be read; None for a file that
    everybody may know of."""
    try:
        return beside(path).read_text("ascii", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return ""
