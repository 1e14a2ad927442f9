"""The tensors' shapes in a torch file (`.ckpt`, `.pt`, `.pth`, `.bin`), told without torch and without running anything
in it.

Such a file is a zip archive with a pickle that names the tensors, and a pickle is a program. Only the few names that
tensors are made of are known here, and they make shapes; every other name ends the reading.
"""

from __future__ import annotations

import pickletools
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, auto
from pathlib import Path
from typing import Any

from engine.errors import BadFile
from engine.files.safetensors_header import MAX_NAME, MAX_TENSORS, Shapes

SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin"})
MAX_PICKLE = 16 * 2**20
MAX_OPERATIONS = 500_000  # a tensor takes some thirty; the largest models have a few thousand
# Lists may hold one another many times over; tensors lie three deep, and in lists of a few.
MAX_DEPTH, MAX_LIST = 4, 64
# The operations that put something fresh on the stack.
FRESH: Mapping[str, Callable[[], object]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}


class Unsafe(BadFile):
    """The pickle names something that is no tensor."""


class _Shape(tuple[int, ...]):
    """A stand-in for a tensor."""


class _Named(Enum):
    """What a pickle may name: what tensors are made of."""

    MAPPING = auto()
    TENSOR = auto()
    PARAMETER = auto()
    KIND = auto()  # of numbers


def read_shapes(path: Path) -> Shapes:
    """The shape of every tensor, the mappings it lies in joined by dots. Raises BadFile (Unsafe where the file would
    run something), OSError."""
    data = _pickle(path)
    try:
        return dict(_collected(_value(data)))
    except BadFile:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, struct.error) as error:
        raise BadFile("it is not a list of tensors") from error


def _value(data: bytes) -> object:
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
            case "BUILD":
                stack.pop()  # attributes: nobody asks for them
            case "BINPERSID":
                stack[-1] = None  # the numbers
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


def _named(module: str, name: str) -> _Named:
    known = {
        ("collections", "OrderedDict"): _Named.MAPPING,
        ("torch._utils", "_rebuild_tensor_v2"): _Named.TENSOR,
        ("torch._utils", "_rebuild_parameter"): _Named.PARAMETER,
    }
    if found := known.get((module, name)):
        return found
    if module in {"torch", "torch.storage"} and name.endswith("Storage"):
        return _Named.KIND
    if module == "torch" and name in {"float16", "float32", "bfloat16", "Size"}:
        return _Named.KIND
    raise Unsafe(f"it asks for {module[:60]}.{name[:60]}")


def _made(what: object, arguments: tuple[Any, ...]) -> object:
    match what:
        case _Named.MAPPING:
            return _paired(arguments[0]) if arguments else {}
        case _Named.TENSOR:
            if not (isinstance(arguments[2], tuple) and all(type(side) is int for side in arguments[2])):
                raise BadFile("a tensor without a shape")
            return _Shape(arguments[2])
        case _Named.PARAMETER:
            return arguments[0]
        case _Named.KIND:
            return None
    raise BadFile("it calls what is no tensor")


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


def _collected(value: object) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every shape in a value with the keys it lies under; what holds one thing many times over is soon given up."""
    left: list[tuple[str, object, int]] = [("", value, 0)]
    for _ in range(MAX_TENSORS):
        if not left:
            return
        name, one, depth = left.pop()
        if isinstance(one, _Shape):
            yield name, tuple(one)
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
