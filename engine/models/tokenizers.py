"""CLIP's tokenizers. Nearly all models come with the same, which takes half a second to read: one is made of the same
files once, and models share it. Nobody here changes one."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from transformers import CLIPTokenizer

KEPT = 4  # CLIP's, OpenCLIP's, and two with words of their own
_kept: OrderedDict[bytes, CLIPTokenizer] = OrderedDict()
_turn = threading.Lock()


def tokenizer(folder: Path, **settings: Any) -> CLIPTokenizer:
    """The tokenizer of a folder's files, `settings` as CLIPTokenizer takes them. Raises what transformers raises over
    broken files, and OSError."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    made_of = hashlib.sha256(repr(sorted(settings.items())).encode())
    for path in files:
        made_of.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    key = made_of.digest()
    with _turn:
        if key not in _kept:
            _kept[key] = CLIPTokenizer.from_pretrained(folder, local_files_only=True, **settings)
            if len(_kept) > KEPT:
                _kept.popitem(last=False)
        _kept.move_to_end(key)
        return _kept[key]
