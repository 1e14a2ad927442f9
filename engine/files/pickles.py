"""The tensors in a torch file (`.ckpt`, `.pt`, `.pth`, `.bin`), told without torch and without running anything in it.

Such a file is a zip archive with a pickle that names the tensors (engine/files/pickled_values.py reads it), before
torch 1.6 a row of pickles, and before 0.2 a tar archive.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TypeVar

from engine.errors import BadFile
from engine.files import tarred
from engine.files.pickled_values import SIZES, Stored, value_of
from engine.files.safetensors_header import MAX_NAME, MAX_TENSORS, Shapes

SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin"})
MAX_PICKLE = 16 * 2**20
# Lists may hold one another many times over; tensors lie three deep, and in lists of a few.
MAX_DEPTH, MAX_LIST = 4, 64
OUTER = ("state_dict.", "params_ema.", "params.")  # what a checkpoint's own tensors lie in
OLD_START = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")  # of torch's files before they were archives
T = TypeVar("T")


def read_shapes(path: Path) -> Shapes:
    """The shape of every tensor, the mappings it lies in joined by dots. Raises BadFile (Unsafe where the file would
    run something), OSError."""
    return {name: tensor.shape for name, tensor in read(path).items()}


def read(path: Path) -> dict[str, Stored]:
    """Every tensor, the mappings it lies in joined by dots. Raises as `read_shapes`."""
    try:
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                return dict(_collected(value_of(_pickle(path))))
            if tarred.is_tarred(file):
                return dict(_collected(value_of(*tarred.listed(file))))
            return dict(_collected(value_of(_old_list(file))))
    except BadFile:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, struct.error) as error:
        raise BadFile("it is not a list of tensors") from error


def of_model(found: Mapping[str, T]) -> dict[str, T]:
    """Of what a checkpoint holds what is its model's: all, where it has no mapping for that."""
    outer = next((one for one in OUTER if any(name.startswith(one) for name in found)), "")
    return {name.removeprefix(outer): one for name, one in found.items() if name.startswith(outer)}


def numbers(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of these storages in a file that `read` took, by their keys. Raises BadFile, OSError."""
    with path.open("rb") as file:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    if (found := re.fullmatch(r"[^/]+/data/(\w+)", name)) and found[1] in wanted:
                        yield found[1], archive.read(name)
            return
        if tarred.is_tarred(file):
            yield from ((key, data) for key, data in tarred.numbers(file) if key in wanted)
            return
        sizes = {one.storage.key: SIZES.get(one.storage.kind, 0) for one in read(path).values() if one.storage}
        value_of(_old_list(file))
        keys = value_of(file)
        for key in keys if isinstance(keys, list) else []:
            count = int.from_bytes(file.read(8), "little")
            if str(key) not in sizes and count:
                raise BadFile("numbers of no tensor")
            length = count * sizes.get(str(key), 0)
            if length > path.stat().st_size:
                raise BadFile("its numbers end behind its end")
            if str(key) in wanted:
                yield str(key), file.read(length)
            else:
                file.seek(length, 1)


def _old_list(file: IO[bytes]) -> IO[bytes]:
    """A file from before torch 1.6, behind what it says of itself. Raises BadFile for any other."""
    file.seek(0)
    if file.read(len(OLD_START)) != OLD_START:
        raise BadFile("it is no file of torch's")
    version, machine = value_of(file), value_of(file)
    if version != 1001 or not isinstance(machine, Mapping) or not machine.get("little_endian"):
        raise BadFile("it is of another kind of machine")
    return file


def _pickle(path: Path) -> bytes:
    """The list of tensors in an archive. Raises BadFile where it would grow when it is unpacked; torch writes its files
    unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise BadFile("it is a packed archive")
            if sum(entry.file_size for entry in entries) > path.stat().st_size:
                raise BadFile("its parts are larger than itself")
            own = [entry for entry in entries if entry.filename.rpartition("/")[2] == "data.pkl"]
            if len(own) != 1 or own[0].file_size > MAX_PICKLE:
                raise BadFile("it has no list of tensors")
            return archive.read(own[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        if isinstance(error, BadFile):
            raise
        raise BadFile("it is no archive of a present torch") from error


def _collected(value: object) -> Iterator[tuple[str, Stored]]:
    """Every tensor in a value with the keys it lies under; what holds one thing many times over is soon given up."""
    left: list[tuple[str, object, int]] = [("", value, 0)]
    for _ in range(MAX_TENSORS):
        if not left:
            return
        name, one, depth = left.pop()
        if isinstance(one, Stored):
            yield name, one
            continue
        inner: Iterable[tuple[object, object]] = ()
        if isinstance(one, Mapping):
            inner = one.items()
        elif isinstance(one, list | tuple):
            inner = enumerate(one[:MAX_LIST])
        below = [(f"{name}.{str(key)[:MAX_NAME]}" if name else str(key)[:MAX_NAME], thing) for key, thing in inner]
        if below and (depth > MAX_DEPTH or len(left) + len(below) > MAX_TENSORS):
            break
        left.extend((path, thing, depth + 1) for path, thing in reversed(below))
    raise BadFile("it is no list of tensors")
