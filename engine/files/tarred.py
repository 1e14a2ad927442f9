"""Torch's files of before 0.2: a tar archive with the numbers, the tensors that are made of them, and the pickle that
names the tensors; told without torch and without running anything in it."""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Iterator, Mapping
from typing import IO

from engine.errors import BadFile
from engine.files.pickled_values import SIZES, Storage, Stored, storage_of, value_of

MAX_PICKLE = 16 * 2**20
_MOST = 100_000  # storages and tensors
_DEEPEST = 8  # sides of a tensor
_PARTS = ("storages", "tensors", "pickle")


def is_tarred(file: IO[bytes]) -> bool:
    """Whether a file is such an archive; it is at its beginning afterwards."""
    file.seek(0)
    start = file.read(512)
    file.seek(0)
    return len(start) == 512 and start[257:262] == b"ustar"


def listed(file: IO[bytes]) -> tuple[bytes, Mapping[str, object]]:
    """The pickle, and what its persistent names stand for: tensors. Raises BadFile."""
    parts = _parts(file)
    storages = {storage.key: storage for storage, _ in _storages(parts["storages"])}
    tensors = dict(_tensors(parts["tensors"], _with_parts(parts["storages"], storages)))
    return parts["pickle"].read(MAX_PICKLE), tensors


def numbers(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """The bytes of every storage by its key. Raises BadFile."""
    for storage, data in _storages(_parts(file)["storages"]):
        yield storage.key, data


def _parts(file: IO[bytes]) -> dict[str, IO[bytes]]:
    file.seek(0)
    try:
        archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115  (it is read from below, and owns nothing)
        found = {name: archive.extractfile(name) for name in _PARTS}
    except (tarfile.TarError, KeyError, ValueError, EOFError) as error:
        raise BadFile("it is no archive of an old torch") from error
    whole = {name: io.BufferedReader(part) for name, part in found.items() if part is not None}  # type: ignore[type-var]
    if whole.keys() != set(_PARTS):
        raise BadFile("parts of it are missing")
    return whole  # type: ignore[return-value]


def _storages(part: IO[bytes]) -> Iterator[tuple[Storage, bytes]]:
    """Every storage with its numbers, one after another."""
    part.seek(0)
    for _ in range(_count(part)):
        said = value_of(part)
        if not isinstance(said, tuple) or len(said) != 3:
            raise BadFile("numbers without a name")
        storage = storage_of(said[2], said[0])
        length = _unpacked(part, "<q")[0] * SIZES.get(storage.kind, 0)
        data = part.read(length) if length >= 0 else b""
        if len(data) != length:
            raise BadFile("its numbers end behind its end")
        yield storage, data


def _with_parts(part: IO[bytes], storages: Mapping[str, Storage]) -> Mapping[str, Storage]:
    """The storages, and those that are parts of others, which are said behind them all."""
    views = value_of(part)
    made = dict(storages)
    for view in views if isinstance(views, list) else ():
        if not isinstance(view, tuple) or len(view) != 4 or type(view[2]) is not int or view[2] < 0:
            raise BadFile("a part of no numbers")
        root = made[str(view[1])]
        made[str(view[0])] = Storage(root.kind, root.key, root.start + view[2])
    return made


def _tensors(part: IO[bytes], storages: Mapping[str, Storage]) -> Iterator[tuple[str, Stored]]:
    for _ in range(_count(part)):
        said = value_of(part)
        if not isinstance(said, tuple) or len(said) != 3:
            raise BadFile("a tensor without a name")
        sides = _unpacked(part, "<ii")[0]  # which is written as if it took eight bytes
        if not 0 <= sides <= _DEEPEST:
            raise BadFile("a tensor of too many sides")
        shape, strides = _unpacked(part, f"<{sides}q"), _unpacked(part, f"<{sides}q")
        if any(side < 0 for side in (*shape, *strides)):
            raise BadFile("a tensor without a shape")
        storage, offset = storages.get(str(said[1])), _unpacked(part, "<q")[0]
        yield str(said[0]), Stored(shape, storage, offset + (storage.start if storage else 0), strides)


def _count(part: IO[bytes]) -> int:
    count = value_of(part)
    if type(count) is not int or not 0 <= count <= _MOST:
        raise BadFile("it does not say how much is in it")
    return count


def _unpacked(part: IO[bytes], form: str) -> tuple[int, ...]:
    return struct.unpack(form, part.read(struct.calcsize(form)))
