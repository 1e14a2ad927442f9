"""The header of a weights file: names and shapes of its tensors, and its metadata, read without loading them.

The files come from strangers: every length in them is checked against the file before anything is read or reserved.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import BadFile

Shapes = Mapping[str, tuple[int, ...]]

MAX_HEADER = 32 * 2**20  # the longest seen are LoRAs with all tags of their pictures in them: some 3 MB
MAX_TENSORS = 100_000
LARGEST = 2**48  # of a number in a header
MAX_NAME = 500  # signs of a tensor's name; the patterns that tell what it is take the square of it
# Of the kinds of numbers that are read here: those of four and six bits have no way to others in torch.
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor lies in its file, in bytes from the start."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """The tensors of a `.safetensors` file by name, and its metadata."""

    path: Path
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def shapes(self) -> Shapes:
        """The shape of every tensor."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}

    def numbers(self, name: str, limit: int = 4096) -> list[float]:
        """The first numbers of a tensor of floats; none for other kinds. Raises BadFile, OSError."""
        tensor = self.tensors[name]
        count = min(limit, math.prod(tensor.shape))
        form = {"F32": "f", "F16": "e", "F64": "d", "BF16": "H"}.get(tensor.dtype)
        if form is None:
            return []
        with self.path.open("rb") as file:
            file.seek(tensor.start)
            data = file.read(struct.calcsize(form) * count)
        try:
            values = struct.unpack(f"<{count}{form}", data)
        except struct.error as error:
            raise BadFile("it became shorter while it was read") from error
        if tensor.dtype == "BF16":  # the upper half of a float32
            return [struct.unpack("<f", struct.pack("<I", value << 16))[0] for value in values]
        return list(values)


class CutShort(BadFile):
    """A file that ends before all its tensors do, as one does whose download broke off or is under way: its `header`,
    how many tensors are not whole, and the `first` of them by its place in the file."""

    def __init__(self, header: Header, missing: Sequence[str]) -> None:
        super().__init__(f"{len(missing)} tensors end behind the file's end, first {missing[0][:80]}")
        self.header, self.count, self.first = header, len(missing), missing[0]


def read_header(path: Path) -> Header:
    """The header of a `.safetensors` file. Raises BadFile unless its tensors, one after another, are all the file
    (CutShort where the last of them are not there yet), OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        prefix = file.read(8)
        if len(prefix) < 8:
            raise BadFile("shorter than the length of its header")
        (length,) = struct.unpack("<Q", prefix)
        if length > min(MAX_HEADER, size - 8):
            raise BadFile(f"a header of {length} bytes in a file of {size}")
        text = file.read(length)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFile("the header is not JSON") from error
    if not isinstance(content, dict) or len(content) > MAX_TENSORS:
        raise BadFile("the header is not a list of tensors")
    metadata = content.pop("__metadata__", None)
    tensors = {name: _tensor(name, value, 8 + length) for name, value in content.items()}
    reached, missing = 8 + length, list[str]()
    for name, tensor in sorted(tensors.items(), key=lambda one: (one[1].start, one[1].end)):
        if tensor.start != reached:
            raise BadFile(f"a gap of {tensor.start - reached} bytes in its numbers")
        reached = tensor.end
        if reached > size:
            missing.append(name)
    kept = metadata.items() if isinstance(metadata, dict) else ()
    header = Header(path, tensors, {key: value for key, value in kept if isinstance(value, str)})
    if missing:
        raise CutShort(header, missing)
    if reached != size:  # nor does the library that reads the tensors take such a file
        raise BadFile(f"{size - reached} bytes behind its end")
    return header


def _tensor(name: str, value: Any, base: int) -> Tensor:
    try:
        dtype, shape, (start, end) = str(value["dtype"]), tuple(value["shape"]), value["data_offsets"]
    except (KeyError, TypeError, ValueError) as error:
        raise BadFile(f"{name[:80]} is not described") from error
    if len(name) > MAX_NAME:
        raise BadFile(f"{name[:80]} goes on for {len(name)} signs")
    if len(shape) > 8 or not all(type(number) is int and 0 <= number < LARGEST for number in (*shape, start, end)):
        raise BadFile(f"{name[:80]} has no shape")
    if dtype not in BITS:
        raise BadFile(f"{name[:80]} has numbers of a kind that is not read here")
    if (end - start) * 8 != math.prod(shape) * BITS[dtype]:
        raise BadFile(f"{name[:80]} is not as long as its shape")
    return Tensor(dtype, shape, base + start, base + end)


def content(path: Path, limit: int = 4 * 2**20) -> Mapping[str, Any]:
    """The JSON object in a small file; empty where there is none."""
    try:
        with path.open("rb") as file:
            value = json.loads(file.read(limit))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
