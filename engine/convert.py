"""`python -m engine.convert FILE`: an old torch file made a `.safetensors` beside it, after its owner has said so.

The pickle in it is read twice without running it: by engine/pickles.py, which knows no names but those of tensors,
and by torch's own reader of weights alone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from engine import pickles
from engine.errors import BadFile


def convert(path: Path) -> Path:
    """The new file. Raises BadFile where the old one is no list of tensors, OSError, FileExistsError."""
    made = path.with_suffix(".safetensors")
    if made.exists():
        raise FileExistsError(made)
    pickles.read(path)
    content = torch.load(path, map_location="cpu", weights_only=True)
    for outer in ("state_dict", "params_ema", "params"):
        if isinstance(content, Mapping) and isinstance(content.get(outer), Mapping):
            content = content[outer]
            break
    weights = {
        str(name): value.detach().contiguous().clone()
        for name, value in content.items()
        if isinstance(value, torch.Tensor)
    }
    if not weights:
        raise BadFile("there are no tensors in it")
    partial = made.with_suffix(".part")
    save_file(weights, partial, {"format": "pt"})
    partial.rename(made)
    return made


if __name__ == "__main__":
    try:
        print(convert(Path(sys.argv[1])))
    except (BadFile, OSError) as error:
        sys.exit(str(error))
