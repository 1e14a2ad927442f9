"""The values that a pickle of torch's makes, read by its operations, without running anything in it: plain values,
lists, mappings, and what tells of tensors. A pickle is a program: only the few names that tensors are made of are known
here. What trainers leave beside them (callbacks, optimisers, settings) is read over; every other name ends the reading.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import IO, Any

from engine.errors import BadFile

MAX_OPERATIONS = 500_000  # a tensor takes some thirty; the largest models have a few thousand
# Bytes of a number of each kind.
SIZES = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8, "IntStorage": 4,
    "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1, "UntypedStorage": 1,
}  # fmt: skip
# Kinds of numbers and of tensors, as torch calls them.
DTYPES = re.compile(r"(?:float|bfloat|int|uint)\d+(?:_e\dm\d(?:fn)?(?:uz)?)?|bool")
TENSORS = re.compile(r"(?:Double|Float|Half|BFloat16|Long|Int|Short|Char|Byte|Bool)?Tensor|Parameter|Buffer")
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


class Unsafe(BadFile):
    """The pickle names something that is no tensor."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers in a row that tensors take theirs from: torch's name for their kind, how the file calls them, and at
    which of them it begins, where it is a part of another."""

    kind: str
    key: str
    start: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor: its shape, and the numbers from which on, with which steps between them, it takes from a storage (None
    where the file has none); `kind` is that of its numbers, where the storage is one of bytes."""

    shape: tuple[int, ...]
    storage: Storage | None
    offset: int
    strides: tuple[int, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of numbers, by torch's name for it."""

    name: str


class _Named(Enum):
    """What a pickle may name: what tensors are made of."""

    MAPPING = auto()
    TENSOR = auto()
    PARAMETER = auto()
    SUBCLASS = auto()  # a tensor of a class of its own, with the function that makes it
    ASIDE = auto()  # what is read over


def value_of(data: bytes | IO[bytes], things: Mapping[str, object] | None = None) -> object:
    """What a pickle makes, read by its operations without a machine that could run one: there are plain values, lists,
    mappings and tuples, and what tells of tensors where those would be. `things` is what persistent names stand for
    that name no storage. Raises BadFile, and what odd values raise: ValueError, LookupError, TypeError,
    AttributeError, OverflowError."""
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
                stack[-1] = _storage(stack[-1]) if things is None else _called(stack[-1], things)
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
        ("torch._utils", "_rebuild_tensor"): _Named.TENSOR,
        ("torch._utils", "_rebuild_tensor_v2"): _Named.TENSOR,
        ("torch._utils", "_rebuild_tensor_v3"): _Named.TENSOR,
        ("torch._utils", "_rebuild_parameter"): _Named.PARAMETER,
        ("torch._utils", "_rebuild_parameter_with_state"): _Named.PARAMETER,
        ("torch._tensor", "_rebuild_from_type"): _Named.SUBCLASS,
        ("torch._tensor", "_rebuild_from_type_v2"): _Named.SUBCLASS,
    }
    if found := known.get((module, name)):
        return found
    if module in {"torch", "torch.storage"} and name.endswith("Storage"):
        return _Kind(name)
    plain = name == "Size" or DTYPES.fullmatch(name) or TENSORS.fullmatch(name)
    if plain and module in {"torch", "torch.nn.parameter"}:
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
            kind = arguments[6].name if len(arguments) > 6 and isinstance(arguments[6], _Kind) else ""
            if not flat or not isinstance(storage, Storage):
                return Stored(shape, None, 0, ())
            return Stored(shape, storage, storage.start + offset, strides, kind)
        case _Named.PARAMETER:
            return arguments[0]
        case _Named.SUBCLASS:  # the function, the class, and what the function is given
            return _made(arguments[0], arguments[2]) if isinstance(arguments[0], _Named) else None
        case _Named.ASIDE:
            return {}
        case _Kind():
            return None
    raise BadFile("it calls what is no tensor")


def _storage(said: object) -> Storage | None:
    """What a persistent name says: "storage", the kind of numbers, its key, where it lies and how many there are; of a
    part of another in old files the other's key and where in it the part begins."""
    if isinstance(said, tuple) and len(said) >= 3 and isinstance(said[1], _Kind):
        part = said[5] if len(said) > 5 and isinstance(said[5], tuple) and len(said[5]) == 3 else (None, 0, 0)
        start = part[1] if type(part[1]) is int and part[1] >= 0 else 0
        return Storage(said[1].name, str(said[2]), start)
    return None


def _called(said: object, things: Mapping[str, object]) -> object:
    if not isinstance(said, str | int) or str(said) not in things:
        raise BadFile("it names what is not in it")
    return things[str(said)]


def storage_of(said: object, key: object) -> Storage:
    """A storage that is named by its kind and key alone. Raises BadFile for another thing."""
    if not isinstance(said, _Kind) or not isinstance(key, str | int):
        raise BadFile("numbers of no kind")
    return Storage(said.name, str(key))
