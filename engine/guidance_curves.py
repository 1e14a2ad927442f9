"""How guidance may change on the way from noise to picture, as a multiplier of what it adds to the text's own."""

from __future__ import annotations

import math
from collections.abc import Callable

from prompts.errors import Refusal

# The names of sd-webui-dynamic-thresholding; "" keeps it as it is. Each takes the share of the way behind, in 0…1.
GUIDANCE_CURVES: dict[str, Callable[[float], float]] = {
    "": lambda share: 1.0,
    "linear down": lambda share: 1.0 - share,
    "cosine down": lambda share: math.cos(share * math.pi / 2),
    "linear up": lambda share: share,
    "cosine up": lambda share: 1.0 - math.cos(share * math.pi / 2),
}
OTHER_NAMES = {"constant": "", "不变": "", "不變": ""}
OTHER_NAMES |= {
    "线性下降": "linear down",
    "線性下降": "linear down",
    "余弦下降": "cosine down",
    "餘弦下降": "cosine down",
}
OTHER_NAMES |= {"线性上升": "linear up", "線性上升": "linear up", "余弦上升": "cosine up", "餘弦上升": "cosine up"}


def guidance_curve(name: str) -> str:
    """The name of a row, from how people write it ("Linear-Down"). Raises Refusal `curve.unknown`."""
    known = " ".join(name.casefold().replace("-", " ").replace("_", " ").split())
    known = OTHER_NAMES.get(known, known)
    if known not in GUIDANCE_CURVES:
        raise Refusal("curve.unknown", name=name[:80], names=", ".join(filter(None, GUIDANCE_CURVES)))
    return known
