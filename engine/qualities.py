"""The qualities that a recipe may name: how exactness is traded for time."""

from __future__ import annotations

from dataclasses import dataclass

from prompts.errors import Refusal


@dataclass(frozen=True, slots=True)
class Quality:
    """How a recipe may trade exactness for time. With `rest` 2 a UNet's deep levels rest at every second call. `share`
    is that of the full quality's time it takes, `off` by how many steps of 255 its pixels differ on average."""

    name: str
    rest: int = 1
    share: float = 1.0
    off: float = 0.0


# `make bench ARGS=switches` measures what each gains and how far its picture is from the full one; so it was with the
# built-in model on 2026-11-23.
QUALITIES = {quality.name: quality for quality in (Quality(""), Quality("fast", rest=2, share=0.66, off=0.8))}
FULL = "full"  # what people may call the one without a name
OTHER_NAMES = {FULL: "", "完整": "", "快": "fast", "快速": "fast"}


def quality(name: str) -> Quality:
    """The row of that name, as people write it. Raises Refusal `quality.unknown`."""
    known = name.strip().casefold()
    known = OTHER_NAMES.get(known, known)
    if known not in QUALITIES:
        raise Refusal("quality.unknown", name=name[:80])
    return QUALITIES[known]
