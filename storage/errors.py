"""What can go wrong in memory, as a sentence for the person who runs the bot.

    prompts.errors.Refusal      the disk is full, the folder cannot be written, the server is away, the file is damaged

Anything else stays what it is: a mistake of ours.
"""

from __future__ import annotations

import errno
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from prompts.errors import Refusal

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
READONLY = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOENT}

# The first part of SQLite's result names (https://sqlite.org/rescode.html); SQLITE_IOERR is decided by `_sqlite`.
SQLITE = {
    "FULL": "storage.full",
    "READONLY": "storage.readonly",
    "CANTOPEN": "storage.readonly",
    "PERM": "storage.readonly",
    "AUTH": "storage.readonly",
    "CORRUPT": "storage.damaged",
    "NOTADB": "storage.damaged",
    "IOERR": "storage.disk",
    "BUSY": "storage.busy",
    "LOCKED": "storage.busy",
}

# SQLSTATE codes and classes (https://www.postgresql.org/docs/current/errcodes-appendix.html), the longest match counts.
POSTGRES = {
    "53100": "storage.full",
    "25006": "storage.readonly",
    "42501": "storage.readonly",
    "28": "storage.login",
    "3D000": "storage.login",
    "08": "storage.unreachable",
    "57P": "storage.unreachable",
    "53": "storage.unreachable",
    "XX001": "storage.damaged",
    "XX002": "storage.damaged",
    "55P03": "storage.busy",
    "40P01": "storage.busy",
}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from; not its context, which may be some other trouble already dealt with."""
    while error is not None:
        yield error
        error = error.__cause__


def _sqlite(error: sqlite3.Error) -> str | None:
    names = getattr(error, "sqlite_errorname", "").split("_")
    # A write over the file size limit of the process shows as an input/output error of the write or the truncation.
    if names[1:3] == ["IOERR", "WRITE"] or names[1:3] == ["IOERR", "TRUNCATE"]:
        return "storage.full"
    return SQLITE.get(names[1]) if len(names) > 1 else None


def _system(error: OSError, *, files: bool) -> str | None:
    if error.errno in FULL:
        return "storage.full"
    if not files or isinstance(error, ConnectionError | TimeoutError):
        return "storage.unreachable"
    if error.errno in READONLY:
        return "storage.readonly"
    return "storage.disk"


def key(error: BaseException, *, files: bool = False) -> str | None:
    """The text key for an error of the disk (`files`) or of a database driver, None for a mistake of ours."""
    for one in _causes(error):
        found: str | None = None
        code = getattr(one, "sqlstate", None)
        if isinstance(one, sqlite3.Error):
            found = _sqlite(one)
        elif isinstance(code, str):
            found = next((POSTGRES[code[:n]] for n in (5, 3, 2) if code[:n] in POSTGRES), None)
        elif isinstance(one, OSError):
            found = _system(one, files=files)
        elif type(one).__module__.startswith("asyncpg.") and re.search("connection|another operation", str(one)):
            # asyncpg's own errors have no SQLSTATE: "connection is closed", and "cannot switch to state 11; another
            # operation (2) is in progress" where the server goes at the moment in which it is asked.
            found = "storage.unreachable"
        if found:
            return found
    return None


@contextmanager
def refusing(where: str, *, files: bool = False) -> Iterator[None]:
    """Turns what the disk or the database complains about into a Refusal; `where` is the folder, file or server."""
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        found = key(error, files=files)
        if found is None:
            raise
        raise Refusal(found, where=where) from error
