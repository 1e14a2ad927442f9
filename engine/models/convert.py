"""`python -m engine.models.convert FILE`: an old torch file made a `.safetensors` beside it, after its owner agreed.
so.

The pickle in it is read twice without running it: by engine/files/pickles.py, which knows no names but those of
tensors, and by torch's own reader of weights alone.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from engine.errors import BadFile
from engine.files import pickles


def convert(path: Path) -> Path:
    """The new file. Raises BadFile where the old one is no list of tensors, OSError, FileExistsError."""
    made = path.with_suffix(".safetensors")
    if made.exists():
        raise FileExistsError(made)
    pickles.read_shapes(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, ValueError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise BadFile("torch cannot read it") from error
    for outer in ("state_dict", "params_ema", "params"):
        if isinstance(content, Mapping) and isinstance(content.get(outer), Mapping):
            content = content[outer]
            break
    named = content.items() if isinstance(content, Mapping) else ()
    weights = {
        str(name): value.detach().contiguous().clone() for name, value in named if isinstance(value, torch.Tensor)
    }
    if not weights:
        raise BadFile("there are no tensors in it")
    partial = made.with_suffix(".part")
    try:
        save_file(weights, partial, {"format": "pt"})
        return partial.rename(made)
    except SafetensorError as error:  # a full disk
        raise OSError(str(error)) from error
    finally:
        partial.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        print(convert(Path(sys.argv[1])))
    except (BadFile, OSError) as error:
        sys.exit(str(error))
