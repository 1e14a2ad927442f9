"""Captions as CLIP tokens with weights, and the compact vocabulary the text encoder trains with."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import CLIPTokenizer

from engine.demo.captions import BLANK, Pieces

LENGTH = 77
UNKNOWN = -1  # a token outside the captions, in ids of CLIP
BOS, EOS, SIZE = 49406, 49407, 49408
Ids = NDArray[np.int32]
Weights = NDArray[np.float16]


class Tokens:
    """The CLIP tokenizer of a folder, for pieces with weights."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer: Any = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        self._ids = lru_cache(maxsize=None)(self._piece)

    def __call__(self, pieces: Pieces) -> tuple[Ids, Weights]:
        """Ids and weights, (77,) each: beginning, words, then ends to the last, as Stable Diffusion 1 pads."""
        ids, weights = [BOS], [1.0]
        for text, weight in pieces:
            for index, part in enumerate(text.split(BLANK)):
                own = ([UNKNOWN] if index else []) + list(self._ids(part))
                ids += own
                weights += [weight] * len(own)
        ids, weights = ids[: LENGTH - 1], weights[: LENGTH - 1]
        room = LENGTH - len(ids)
        return np.array(ids + [EOS] * room, np.int32), np.array(weights + [1.0] * room, np.float16)

    def _piece(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids)


def vocabulary(ids: Ids) -> NDArray[np.int64]:
    """The CLIP ids that occur, ascending; the row of each in the compact table is its place plus one (row 0 is the
    unknown word)."""
    seen: NDArray[np.int64] = np.unique(np.append(ids, (BOS, EOS))).astype(np.int64)
    known: NDArray[np.int64] = seen[seen != UNKNOWN]
    return known


def compact(ids: Ids, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the compact table for CLIP ids."""
    places = np.searchsorted(known, ids)
    found = known[np.minimum(places, len(known) - 1)] == ids
    rows: NDArray[np.int64] = np.where(found, places + 1, 0).astype(np.int64)
    return rows
