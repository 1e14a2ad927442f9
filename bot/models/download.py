"""One file from a hub: begun where it was left, told apart from another by its checksum, whole or not there at all."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from httpx2 import ConnectError, HTTPError, HTTPStatusError, RemoteProtocolError, Timeout, TransportError
from huggingface_hub import get_session, hf_raise_for_status
from huggingface_hub.errors import HfHubHTTPError

from prompts.errors import Refusal

Tell = Callable[[int], None]
"""Called with the bytes that have just come; negative where the file has to be begun anew."""

PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds between tries in a row that brought nothing
LONGEST = 60.0  # seconds that a hub may ask us to wait
PATIENCE = Timeout(30.0, connect=20.0)
PASSING = {408, 425, 429, 500, 502, 503, 504}
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a repository: its path there, its bytes, and its SHA-256 where the hub tells it."""

    path: str
    size: int
    sha256: str = ""


def fetch(url: str, headers: Mapping[str, str], blob: Blob, file: Path, progress: Tell) -> None:
    """The blob at `url` as `file`; until it is whole it is `file` with `.part` behind.

    Raises Refusal `hub.checksum`, HfHubHTTPError, HTTPError, OSError.
    """
    part = file.with_name(f"{file.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    progress(have(file))
    patiently(lambda: _piece(url, headers, blob, part, progress), lambda: have(file))
    if blob.sha256:
        with part.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != blob.sha256:
            part.unlink()
            raise Refusal("hub.checksum", file=blob.path)
    part.rename(file)


def have(file: Path) -> int:
    """The bytes of a file that are there already."""
    part = file.with_name(f"{file.name}.part")
    return next((one.stat().st_size for one in (file, part) if one.exists()), 0)


def patiently(call: Callable[[], T], brought: Callable[[], int] = lambda: 0) -> T:
    """What a call to a hub returns; made again after a pause where the line or the hub failed for a moment. Tries
    that brought something are not counted."""
    tries, before = 0, brought()
    while True:
        try:
            return call()
        except (HfHubHTTPError, HTTPError) as error:
            tries, before = (0 if brought() > before else tries), brought()
            if tries == len(PAUSES) or not _passes(error, before):
                raise
            pause = max(PAUSES[tries], _asked(error))
        tries += 1
        time.sleep(pause)


def _passes(error: HTTPError, before: int) -> bool:
    """Whether it is worth trying again; a host that was never reached is not waited for."""
    if isinstance(error, HfHubHTTPError | HTTPStatusError):
        return error.response.status_code in PASSING
    return isinstance(error, TransportError) and (before > 0 or not isinstance(error, ConnectError))


def _asked(error: HTTPError) -> float:
    """The seconds a hub asks us to wait."""
    said = error.response.headers.get("Retry-After", "") if isinstance(error, HfHubHTTPError) else ""
    return min(float(said), LONGEST) if said.isdecimal() else 0.0


def _piece(url: str, headers: Mapping[str, str], blob: Blob, part: Path, progress: Tell) -> None:
    """Fetch the bytes that are missing at the end of `part`."""
    start = part.stat().st_size if part.exists() else 0
    if start > blob.size:
        start = _anew(part, progress)
    if start == blob.size:
        part.touch()
        return
    ask = {**headers, "Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
    with get_session().stream("GET", url, headers=ask, timeout=PATIENCE) as response:
        if response.status_code == 416:
            _anew(part, progress)
            raise RemoteProtocolError("the range does not fit")
        hf_raise_for_status(response)
        said = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        if start and (response.status_code != 206 or said is None or int(said[1]) != start):
            start = _anew(part, progress)
            if response.status_code == 206:
                raise RemoteProtocolError("another range than the one asked for")
        with part.open("ab") as out:
            for piece in response.iter_bytes():
                out.write(piece)
                start += len(piece)
                progress(len(piece))
                if start > blob.size:
                    break
    if start != blob.size:
        raise RemoteProtocolError(f"{start} bytes instead of {blob.size}")


def _anew(part: Path, progress: Tell) -> int:
    progress(-part.stat().st_size)
    part.unlink()
    return 0


def room(folder: Path, needed: int) -> None:
    """Raises Refusal `hub.space` where the disk has less left."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise Refusal("hub.space", folder=str(folder), needed=megabytes(needed), free=megabytes(free))


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns what the disk complains about into Refusal `hub.space` and `hub.write`; trouble on the network is
    somebody else's."""
    try:
        yield
    except (HTTPError, TimeoutError, ConnectionError):
        raise
    except OSError as error:
        if error.errno in FULL:
            free = shutil.disk_usage(folder).free
            raise Refusal("hub.space", folder=str(folder), needed="?", free=megabytes(free)) from error
        raise Refusal("hub.write", folder=str(folder), reason=error.strerror or type(error).__name__) from error


def megabytes(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1e6:.1f}"
