"""Files that other programs leave beside a model: Civitai's description, A1111's notes, a picture to show."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.files.safetensors_header import content

PICTURES = (".preview.png", ".preview.jpg", ".preview.jpeg", ".preview.webp", ".png", ".jpg", ".jpeg", ".webp")
NOTES = (".civitai.info", ".json")
BASES = {"SD 1.4": "sd15", "SD 1.5": "sd15", "SD 2.0": "sd2", "SD 2.1": "sd2", "SDXL": "sdxl", "Pony": "sdxl"}
BASES |= {"Illustrious": "sdxl", "NoobAI": "sdxl", "SD1": "sd15", "SD2": "sd2"}
LONGEST = 200  # letters of a trigger that are kept


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Trigger words, the weight its maker wants (0: not said), the family, and the path of a picture."""

    triggers: tuple[str, ...] = ()
    weight: float = 0.0
    family: str = ""
    preview: Path | None = None


def beside(path: Path, names: Collection[str]) -> Sidecar:
    """The sidecar of a file, found by the names in its folder."""
    preview = next((path.with_name(path.stem + end) for end in PICTURES if path.stem + end in names), None)
    notes = [path.with_name(path.stem + end) for end in NOTES if path.stem + end in names]
    found = [_read(note, note.stat().st_mtime_ns) for note in notes if note.is_file()]
    return Sidecar(
        next((one.triggers for one in found if one.triggers), ()),
        next((one.weight for one in found if one.weight), 0.0),
        next((one.family for one in found if one.family), ""),
        preview,
    )


@lru_cache(4096)
def _read(path: Path, changed: int) -> Sidecar:
    """A note as it was at this time of change."""
    value = content(path)
    words = value.get("trainedWords") or value.get("activation text") or ()
    several = words.split(",") if isinstance(words, str) else words if isinstance(words, list) else ()
    triggers = filter(None, (_clean(word) for word in several if isinstance(word, str)))
    base = str(value.get("baseModel") or value.get("sd version") or "")
    family = next((family for sign, family in BASES.items() if base.startswith(sign)), "")
    return Sidecar(tuple(dict.fromkeys(triggers)), _weight(value.get("preferred weight")), family)


def _clean(word: str) -> str:
    """A word that can be written down: without NULs and halves of signs."""
    return word.encode("utf-8", "ignore").decode().replace("\0", "").strip(" ,\n")[:LONGEST]


def _weight(value: Any) -> float:
    try:
        weight = float(value)
    except (TypeError, ValueError):
        return 0.0
    return weight if math.isfinite(weight) and abs(weight) <= 4 else 0.0
