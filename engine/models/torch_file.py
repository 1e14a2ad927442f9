"""The tensors of a torch file, taken from its bytes: its pickle is read by engine/files/pickles.py, never run."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from engine.errors import BadFile
from engine.files import pickles

KINDS = {
    "DoubleStorage": torch.float64, "FloatStorage": torch.float32, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
}  # fmt: skip


def load_torch_file(path: Path) -> dict[str, Tensor]:
    """Every tensor by its name, the mappings it lies in joined by dots; of a checkpoint those of its model. Raises
    BadFile (Unsafe where the file would run something), OSError."""
    stored = pickles.of_model(pickles.read(path))
    wanted = {one.storage.key: KINDS.get(one.storage.kind) for one in stored.values() if one.storage}
    try:
        storages = {
            key: torch.frombuffer(bytearray(data), dtype=kind) if data else torch.empty(0, dtype=kind)
            for key, data in pickles.numbers(path)
            if (kind := wanted.get(key))
        }
        return {
            name: torch.as_strided(storages[one.storage.key], one.shape, one.strides, one.offset).clone()
            for name, one in stored.items()
            if one.storage
        }
    except (RuntimeError, KeyError, ValueError) as error:  # it reaches for numbers that are not there
        raise BadFile("its tensors are not whole") from error
