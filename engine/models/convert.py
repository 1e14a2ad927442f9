"""`python -m engine.models.convert FILE`: an old torch file made a `.safetensors` beside it, after its owner agreed.
so.

The pickle in it is read without running it, by engine/files/pickles.py, which knows no names but those of tensors.
"""

from __future__ import annotations

import sys
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file

from engine.errors import BadFile
from engine.models.torch_file import load_torch_file


def convert(path: Path) -> Path:
    """The new file. Raises BadFile where the old one is no list of tensors, OSError, FileExistsError."""
    made = path.with_suffix(".safetensors")
    if made.exists():
        raise FileExistsError(made)
    weights = load_torch_file(path)
    if all(name.isdigit() or not name for name in weights):  # one alone, or a list of some, are no model's
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
