"""The wishes about drawing fast, as settings and as arguments of a worker."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

# What may be wished for, as settings and as arguments of `python -m engine`; the first word leaves it to the device.
WORDS = {
    "precision": ("auto", "float32", "float16", "bfloat16"),
    "attention": ("auto", "flash", "efficient", "cudnn", "math"),
    "compile": ("auto", "none", "graphs", "compile"),
    "cpu": ("auto", "torch", "openvino"),
    "decoding": ("auto", "float32", "bfloat16"),
    "previews": ("auto", "colours", "none"),
}


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a worker is to draw fast: a word of each row of `WORDS`, by itself with PyTorch alone. `cache` is the folder
    where what takes long to make is kept (None: nowhere), `tiny` the folders to look for tiny decoders in."""

    precision: str = "auto"
    attention: str = "auto"
    compile: str = "auto"
    cpu: str = "torch"
    decoding: str = "auto"
    previews: str = "auto"
    cache: Path | None = None
    tiny: tuple[Path, ...] = ()


USUAL = Tuning()


def has_openvino() -> bool:
    """Whether the extra `openvino` is installed."""
    return importlib.util.find_spec("openvino") is not None
