"""What is added to a prompt for a model family, and which of it contradicts what somebody asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import cast

import yaml

_FILE = Path(__file__).parent / "data" / "presets.yaml"


@dataclass(frozen=True, slots=True)
class Preset:
    """Quality words and negatives in A1111 syntax; `plain` are simpler words for tags that the family never saw."""

    quality: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    plain: Mapping[str, str] = field(default_factory=dict)


@cache
def _content() -> Mapping[str, Mapping[str, object]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast(Mapping[str, Mapping[str, object]], yaml.load(_FILE.read_text(encoding="utf-8"), loader))


@cache
def preset(family: str) -> Preset:
    """The preset of a model family; an empty one for a family that has none."""
    rows = _content().get(family)
    if rows is None or family == "contradictions":
        return Preset()
    return Preset(
        tuple(cast(list[str], rows.get("quality", []))),
        tuple(cast(list[str], rows.get("negative", []))),
        cast(Mapping[str, str], rows.get("plain", {})),
    )


@cache
def contradictions() -> Mapping[str, frozenset[str]]:
    """For a negative, the tags that speak against it."""
    return {negative: frozenset(cast(list[str], asked)) for negative, asked in _content()["contradictions"].items()}
