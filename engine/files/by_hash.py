"""The files here that a hash in somebody's infotext means: A1111's old and new ones, Civitai's, and the trainers'."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from engine.errors import BadFile
from engine.files import model_folders, private
from engine.files.identity import Kind
from engine.files.model_folders import Find
from engine.files.safetensors_header import read_header

SHORTEST = 8  # hex digits of the oldest hashes; fewer mean nothing
_OLD_START, _OLD_SIZE = 0x100000, 0x10000  # the bytes that A1111 looked at before 2023
_IN_HEADER = ("sshs_model_hash", "sshs_legacy_hash")


def named(folders: Sequence[Path], kind: Kind, digests: Iterable[str]) -> str:
    """The name of the first file of a kind that one of the hashes is of, in whole or shortened, "" for none. What is
    known or quickly read is looked at first; only then is what was never hashed, which takes seconds for gigabytes and
    is remembered: call it in a thread."""
    wanted = tuple(one for one in (digest.strip().lower().removeprefix("0x") for digest in digests) if _is_hash(one))
    if not wanted:
        return ""
    finds = (one for one in model_folders.finds(folders) if not private.hidden(one.path, one.identity.kind))
    files = [one for one in finds if one.identity.kind == kind and not one.identity.problem]
    for file in files:
        if any(_same(one, known) for one in wanted for known in _quick(file)):
            return file.name
    for file in files:
        if not file.hashed and file.path.is_file():
            with suppress(OSError):
                known = model_folders.hashed(file.path)
                if any(_same(one, other) for one in wanted for other in (known.hash, known.network)):
                    return file.name
    return ""


def _is_hash(text: str) -> bool:
    return len(text) >= SHORTEST and all(sign in "0123456789abcdef" for sign in text)


def _same(wanted: str, known: str) -> bool:
    """Whether two hashes are one, of which each may be shortened."""
    return len(known) >= SHORTEST and (wanted.startswith(known) or known.startswith(wanted))


def _quick(file: Find) -> Iterator[str]:
    """The hashes of a file that are known, or need no reading of all of it."""
    yield from (file.hash, file.network)
    with suppress(OSError):
        if file.path.is_file():
            stat = file.path.stat()
            yield from _read(file.path, stat.st_size, stat.st_mtime_ns)


@lru_cache(4096)
def _read(path: Path, size: int, modified: int) -> tuple[str, ...]:
    """What a file says of its hash in its metadata, and its old hash, as it was at this time of change."""
    said: list[str] = []
    if path.suffix.lower() == ".safetensors":
        with suppress(BadFile):
            metadata = read_header(path).metadata
            said = [metadata.get(name, "").strip().lower().removeprefix("0x") for name in _IN_HEADER]
    return (*said, *filter(None, [old_hash(path)]))


def old_hash(path: Path) -> str:
    """What A1111 knew a file by before 2023: eight digits, of a part of it; "" for one that has no such part. Raises
    OSError."""
    with path.open("rb") as file:
        file.seek(_OLD_START)
        part = file.read(_OLD_SIZE)
    return hashlib.sha256(part).hexdigest()[:SHORTEST] if part else ""
