"""The file that everything is kept in where no database is named. No SQLAlchemy here: it takes a third of a second."""

from __future__ import annotations

from pathlib import Path

FILE = "danqing.sqlite3"
LOCKED = ".lock"  # the end of the name of the file beside it that one bot at a time holds


def begun(address: str, folder: Path) -> bool:
    """Whether something may have been kept already: in a database that is named, or in the file of this data folder."""
    return bool(address) or (folder / FILE).is_file()
