"""The tensors in a torch file (`.ckpt`, `.pt`, `.pth`, `.bin`), told without torch and without running anything in it.

Such a file is a zip archive, or before torch 1.6 a row of pickles, with one that names the tensors, and a pickle is a
program. Only the few names that tensors are made of are known here, and they make shapes. What trainers leave beside
them (callbacks, optimisers, settings) is read over; every other name ends the reading.
"""

from __future__ import annotations

import pickletools
import re
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import IO, Any, TypeVar

from engine.errors import BadFile
from engine.files.safetensors_header import MAX_NAME, MAX_TENSORS, Shapes

SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin"})
MAX_PICKLE = 16 * 2**20
MAX_OPERATIONS = 500_000  # a tensor takes some thirty; the largest models have a few thousand
# Lists may hold one another many times over; tensors lie three deep, and in lists of a few.
MAX_DEPTH, MAX_LIST = 4, 64
OUTER = ("state_dict.", "params_ema.", "params.")  # what a checkpoint's own tensors lie in
OLD_START = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")  # of torch's files before they were archives
# Bytes of a number of each kind.
SIZES = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8, "IntStorage": 4,
    "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1,
}  # fmt: skip
# What trainers leave in their files, which becomes an empty mapping here and is never called.
TRAINERS = ("pytorch_lightning.", "lightning.", "lightning_fabric.", "omegaconf.", "torch.optim.", "torch.nn.modules.")
ASIDE = {
    *(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in ("set", "frozenset", "dict", "list")),
    *(f"numpy{core}.multiarray.{name}" for core in (".core", "._core") for name in ("scalar", "_reconstruct")),
    *("numpy.dtype", "numpy.ndarray", "collections.defaultdict", "collections.Counter", "argparse.Namespace"),
    *("typing.Any", "torch.device", "_codecs.encode", "pathlib.PosixPath", "pathlib.WindowsPath"),
}
# The operations that put something fresh on the stack.
FRESH: Mapping[str, Callable[[], object]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}


T = TypeVar("T")


class Unsafe(BadFile):
    """The pickle names something that is no tensor."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers in a row that tensors take theirs from: torch's name for their kind, and how the file calls them."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor: its shape, and the numbers from which on, with which steps between them, it takes from a storage (None
    where the file has none)."""

    shape: tuple[int, ...]
    storage: Storage | None
    offset: int
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of numbers, by torch's name for it."""

    name: str


class _Named(Enum):
    """What a pickle may name: what tensors are made of."""

    MAPPING = auto()
    TENSOR = auto()
    PARAMETER = auto()
    ASIDE = auto()  # what is read over


def read_shapes(path: Path) -> Shapes:
    """The shape of every tensor, the mappings it lies in joined by dots. Raises BadFile (Unsafe where the file would
    run something), OSError."""
    return {name: tensor.shape for name, tensor in read(path).items()}


def read(path: Path) -> dict[str, Stored]:
    """Every tensor, the mappings it lies in joined by dots. Raises as `read_shapes`."""
    try:
        with path.open("rb") as file:
            return dict(_collected(_value(_pickle(path) if zipfile.is_zipfile(file) else _old_list(file))))
    except BadFile:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, struct.error) as error:
        raise BadFile("it is not a list of tensors") from error


def of_model(found: Mapping[str, T]) -> dict[str, T]:
    """Of what a checkpoint holds what is its model's: all, where it has no mapping for that."""
    outer = next((one for one in OUTER if any(name.startswith(one) for name in found)), "")
    return {name.removeprefix(outer): one for name, one in found.items() if name.startswith(outer)}


def _value(data: bytes | IO[bytes]) -> object:
    """What a pickle makes, read by its operations without a machine that could run one: there are plain values, lists,
    mappings and tuples, and shapes where tensors would be."""
    stack: list[Any] = []
    marks: list[list[Any]] = []
    memo: dict[int, Any] = {}
    for count, (operation, argument, _) in enumerate(pickletools.genops(data)):
        if count > MAX_OPERATIONS:
            raise BadFile("it goes on and on")
        name = operation.name
        match name:
            case "PROTO" | "FRAME":
                pass
            case "STOP":
                return stack.pop()
            case "MARK":
                marks.append(stack)
                stack = []
            case "TUPLE" | "LIST" | "DICT" | "SETITEMS" | "APPENDS":
                items, stack = stack, marks.pop()
                _gather(name, stack, items)
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                items = [stack.pop() for _ in range(int(name[-1]))]
                stack.append(tuple(reversed(items)))
            case "SETITEM" | "APPEND":
                items = [stack.pop() for _ in range(2 if name == "SETITEM" else 1)]
                _gather(f"{name}S", stack, items[::-1])
            case "PUT" | "BINPUT" | "LONG_BINPUT" | "MEMOIZE":
                memo[len(memo) if name == "MEMOIZE" else int(argument or 0)] = stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                stack.append(memo[argument or 0])
            case "GLOBAL" | "STACK_GLOBAL":
                named = argument.split(" ", 1) if argument else [stack.pop(), stack.pop()][::-1]
                stack.append(_named(*named))
            case "REDUCE":
                arguments, made = stack.pop(), stack.pop()
                stack.append(_made(made, arguments))
            case "NEWOBJ":
                arguments, made = stack.pop(), stack.pop()
                stack.append(_made(made, arguments) if made is _Named.ASIDE else None)
            case "BUILD":
                attributes = stack.pop()  # nobody asks for them, but for those of a list of parameters
                if isinstance(stack[-1], dict) and isinstance(attributes, Mapping):
                    inner = attributes.get("_parameters")
                    stack[-1].update(inner if isinstance(inner, Mapping) else {})
            case "BINPERSID":
                stack[-1] = _storage(stack[-1])
            case _ if name in FRESH:
                stack.append(FRESH[name]())
            case _ if argument is not None and not operation.stack_before:
                stack.append(argument)  # a plain value
            case _:
                raise BadFile(f"it uses {name}")
    raise BadFile("it has no end")


def _gather(name: str, stack: list[Any], items: list[Any]) -> None:
    """Make a list, tuple or mapping of what stands behind a mark, or put that into the one on the stack."""
    match name:
        case "TUPLE":
            stack.append(tuple(items))
        case "LIST":
            stack.append(items)
        case "DICT":
            stack.append(_paired(zip(items[::2], items[1::2], strict=True)))
        case "APPENDS":
            stack[-1].extend(items)
        case _:
            stack[-1].update(_paired(zip(items[::2], items[1::2], strict=True)))


def _paired(pairs: Iterable[tuple[Any, Any]]) -> dict[str | int, Any]:
    """A mapping. Its keys are words and numbers: to look for others would take for ever where they hold one another."""
    return {key: value for key, value in pairs if type(key) in (str, int)}


def _named(module: str, name: str) -> _Named | _Kind:
    known = {
        ("collections", "OrderedDict"): _Named.MAPPING,
        ("torch._utils", "_rebuild_tensor_v2"): _Named.TENSOR,
        ("torch._utils", "_rebuild_parameter"): _Named.PARAMETER,
    }
    if found := known.get((module, name)):
        return found
    if module in {"torch", "torch.storage"} and name.endswith("Storage"):
        return _Kind(name)
    if module == "torch" and name in {"float16", "float32", "bfloat16", "Size"}:
        return _Kind(name)
    if f"{module}.{name}" in ASIDE or f"{module}.".startswith(TRAINERS):
        return _Named.ASIDE
    raise Unsafe(f"it asks for {module[:60]}.{name[:60]}")


def _made(what: object, arguments: tuple[Any, ...]) -> object:
    match what:
        case _Named.MAPPING:
            return _paired(arguments[0]) if arguments else {}
        case _Named.TENSOR:
            if not (isinstance(arguments[2], tuple) and all(type(side) is int for side in arguments[2])):
                raise BadFile("a tensor without a shape")
            storage, offset, shape, strides = arguments[:4]
            flat = isinstance(strides, tuple) and all(type(step) is int for step in (offset, *strides))
            return Stored(shape, storage if flat and isinstance(storage, Storage) else None, offset, strides)
        case _Named.PARAMETER:
            return arguments[0]
        case _Named.ASIDE:
            return {}
        case _Kind():
            return None
    raise BadFile("it calls what is no tensor")


def _storage(said: object) -> Storage | None:
    """What a persistent name says: "storage", the kind of numbers, its key."""
    if isinstance(said, tuple) and len(said) >= 3 and isinstance(said[1], _Kind):
        return Storage(said[1].name, str(said[2]))
    return None


def numbers(path: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of every storage in a file that `read` took, by its key. Raises BadFile, OSError."""
    with path.open("rb") as file:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    if found := re.fullmatch(r"[^/]+/data/(\w+)", name):
                        yield found[1], archive.read(name)
            return
        sizes = {one.storage.key: SIZES.get(one.storage.kind, 0) for one in read(path).values() if one.storage}
        _value(_old_list(file))
        keys = _value(file)
        for key in keys if isinstance(keys, list) else []:
            count = int.from_bytes(file.read(8), "little")
            if str(key) not in sizes and count:
                raise BadFile("numbers of no tensor")
            length = count * sizes.get(str(key), 0)
            if length > path.stat().st_size:
                raise BadFile("its numbers end behind its end")
            yield str(key), file.read(length)


def _old_list(file: IO[bytes]) -> IO[bytes]:
    """A file from before torch 1.6, behind what it says of itself. Raises BadFile for any other."""
    file.seek(0)
    if file.read(len(OLD_START)) != OLD_START:
        raise BadFile("it is no file of torch's")
    version, machine = _value(file), _value(file)
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
