"""Block weights of a LoRA, as sd-webui-lora-block-weight writes them behind `lbw=`: how much each block of the model
gets of it. The lists and their names are that extension's; 12 numbers suit a LoRA on SDXL's attention, 20 one on all
of SDXL, 17 and 26 the same for SD 1.x. In a list R stands for a number from 0 to 1 and U for one from -0.5 to 1.5 that
chance makes of the picture's seed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

from prompts.grammar.attention import number


def _blocks(first: str, into: Iterable[int], out: Iterable[int]) -> tuple[str, ...]:
    return (first, *(f"IN{place:02}" for place in into), "M00", *(f"OUT{place:02}" for place in out))


BASE = "BASE"  # the text encoders
# Every block, in the order of the weights; shorter lists leave the others at 0.
BLOCKS = _blocks(BASE, range(12), range(12))
LISTS = {
    len(names): names
    for names in (
        _blocks(BASE, (4, 5, 7, 8), range(6)),
        _blocks(BASE, (1, 2, 4, 5, 7, 8), range(3, 12)),
        _blocks(BASE, range(9), range(9)),
        BLOCKS,
    )
}
PRESETS = {
    "NONE": "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
    "ALL": "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
    "INS": "1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
    "IND": "1,0,0,0,1,1,1,0,0,0,0,0,0,0,0,0,0",
    "INALL": "1,1,1,1,1,1,1,0,0,0,0,0,0,0,0,0,0",
    "MIDD": "1,0,0,0,1,1,1,1,1,1,1,1,0,0,0,0,0",
    "OUTD": "1,0,0,0,0,0,0,0,1,1,1,1,0,0,0,0,0",
    "OUTS": "1,0,0,0,0,0,0,0,0,0,0,0,1,1,1,1,1",
    "OUTALL": "1,0,0,0,0,0,0,0,1,1,1,1,1,1,1,1,1",
    "ALL0.5": "0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5",
}


CHANCE = {"R": (0.0, 1.0), "U": (-0.5, 1.5)}


def block_weights(said: str, chance: str = "") -> tuple[float, ...] | None:
    """The weight of each of BLOCKS; None for what is neither a list of 12, 17, 20 or 26 weights nor a list's name. What
    is left to chance is always the same for the same word of `chance`."""
    said = PRESETS.get(said.strip().upper(), said)
    drawn = random.Random(chance)
    weights = [
        round(drawn.uniform(*CHANCE[word]), 3) if word in CHANCE else number(word)
        for word in map(str.strip, said.upper().replace("，", ",").split(","))
    ]
    names = LISTS.get(len(weights))
    if names is None or any(weight is None or not math.isfinite(weight) for weight in weights):
        return None
    given = dict(zip(names, weights, strict=True))
    return tuple(given.get(name) or 0.0 for name in BLOCKS)
