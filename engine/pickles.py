"""What lies in a torch file (`.ckpt`, `.pt`, `.pth`, `.bin`), told without torch and without running anything in it.

Such a file is a zip archive with a pickle that names the tensors, and a pickle is a program. Only the few names that
tensors are made of are known here, and they make shapes; every other name ends the reading.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.errors import BadFile
from engine.headers import MAX_TENSORS, Shapes

SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin"})
MAX_PICKLE = 16 * 2**20
# Lists may hold one another many times over; tensors lie three deep, and in lists of a few.
MAX_DEPTH, MAX_LIST = 4, 64


class Unsafe(BadFile):
    """The pickle names something that is no tensor."""


class _Shape(tuple[int, ...]):
    """What stands for a tensor."""


class _Storage:
    """What stands for the numbers of a tensor."""


def _tensor(storage: object, offset: object, size: tuple[int, ...], *rest: object) -> _Shape:
    if not (isinstance(size, tuple) and all(type(side) is int for side in size)):
        raise BadFile("a tensor without a shape")
    return _Shape(size)


def _parameter(shape: _Shape, *rest: object) -> _Shape:
    return shape


class _Reader(pickle.Unpickler):
    """An unpickler that can make shapes, lists and mappings, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Callable[..., object]] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch._utils", "_rebuild_parameter"): _parameter,
        }
        if made := known.get((module, name)):
            return made
        if module in {"torch", "torch.storage"} and name.endswith("Storage"):
            return _Storage
        if module == "torch" and name in {"float16", "float32", "bfloat16", "Size"}:
            return _Storage
        raise Unsafe(f"it asks for {module[:60]}.{name[:60]}")

    def persistent_load(self, pid: Any) -> object:
        return None


def read(path: Path) -> Shapes:
    """The shape of every tensor, the mappings it lies in joined by dots. Raises BadFile (Unsafe where the file would
    run something), OSError."""
    data = _pickle(path)
    memo = 0
    try:
        for _operation, argument, _position in pickletools.genops(data):
            # The unpickler reserves as many places as the highest number says.
            memo += 1
            if _operation.name in {"PUT", "BINPUT", "LONG_BINPUT"} and isinstance(argument, int) and argument > memo:
                raise BadFile("it counts wrongly")
        value = _Reader(io.BytesIO(data)).load()
    except BadFile:
        raise
    except Exception as error:  # whatever a broken or hostile pickle makes of the machine that reads it
        raise BadFile("it is not a list of tensors") from error
    found: dict[str, tuple[int, ...]] = {}
    _collect(value, "", found, 0)
    return found


def check(path: Path) -> None:
    """Raises BadFile where the archive would grow when it is unpacked; torch writes its files unpacked."""
    _pickle(path)


def _pickle(path: Path) -> bytes:
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


def _collect(value: object, name: str, found: dict[str, tuple[int, ...]], depth: int) -> None:
    if isinstance(value, _Shape):
        found[name] = tuple(value)
        return
    inner: Iterable[tuple[object, object]] = ()
    if isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list | tuple):
        inner = enumerate(value[:MAX_LIST])
    for key, one in inner:
        if len(found) > MAX_TENSORS or depth > MAX_DEPTH:
            raise BadFile("it is no list of tensors")
        _collect(one, f"{name}.{key}" if name else str(key), found, depth + 1)
