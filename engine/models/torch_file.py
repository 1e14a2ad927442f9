"""The tensors of a torch file, taken from its bytes: its pickle is read by engine/files/pickles.py, never run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import torch
from torch import Tensor

from engine.errors import BadFile
from engine.files import pickles
from engine.files.pickled_values import Stored

KINDS = {
    "DoubleStorage": torch.float64, "FloatStorage": torch.float32, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
    "UntypedStorage": torch.uint8,
}  # fmt: skip


def load_torch_file(path: Path, begin: Callable[[Collection[str]], str] = lambda _: "") -> dict[str, Tensor]:
    """Every tensor by its name, the mappings it lies in joined by dots; of a checkpoint those of its model. `begin` is
    given all names and says how those begin that are wanted. Raises BadFile (Unsafe where the file would run
    something), OSError."""
    stored = pickles.of_model(pickles.read(path))
    prefix = begin(stored)
    stored = {name: one for name, one in stored.items() if name.startswith(prefix)}
    wanted = {one.storage.key for one in stored.values() if one.storage}
    try:
        storages = {key: bytearray(data) for key, data in pickles.numbers(path, wanted)}
        return {name: _tensor(one, storages[one.storage.key]) for name, one in stored.items() if one.storage}
    except (RuntimeError, KeyError, ValueError) as error:  # it reaches for numbers that are not there
        raise BadFile("its tensors are not whole") from error


def _tensor(stored: Stored, data: bytearray) -> Tensor:
    """A tensor with numbers of its own. Raises KeyError for a kind of numbers that there is not."""
    assert stored.storage
    own = getattr(torch, stored.kind, None) if stored.kind else KINDS[stored.storage.kind]
    if not isinstance(own, torch.dtype):
        raise KeyError(stored.kind)
    row = torch.frombuffer(data, dtype=own) if data else torch.empty(0, dtype=own)
    return torch.as_strided(row, stored.shape, stored.strides, stored.offset).clone()
