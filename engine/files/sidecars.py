"""Files that other programs leave beside a model: Civitai's description, A1111's notes, a picture to show."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.files.bases import base_of
from engine.files.net_purposes import PURPOSES
from engine.files.safetensors_header import content
from prompts.prompt import Json

PICTURES = (".preview.png", ".preview.jpg", ".preview.jpeg", ".preview.webp", ".png", ".jpg", ".jpeg", ".webp")
NOTES = (".civitai.info", ".json")
# What begins so is of that family; what names a row of bases.BASES is of SDXL's.
FAMILIES = {"SD 1": "sd15", "SD1": "sd15", "SD 2": "sd2", "SD2": "sd2", "SDXL": "sdxl"}
LONGEST = 200  # letters of a trigger that are kept


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Trigger words, the weight its maker wants (0: not said), the family, the row of bases.BASES, the path of a
    picture, and what a net was trained to follow, a key of net_purposes.PURPOSES (`"control": "depth"` in a note)."""

    triggers: tuple[str, ...] = ()
    weight: float = 0.0
    family: str = ""
    base: str = ""
    preview: Path | None = None
    purpose: str = ""


def beside(path: Path, names: Collection[str]) -> Sidecar:
    """The sidecar of a file, found by the names in its folder."""
    preview = next((path.with_name(path.stem + end) for end in PICTURES if path.stem + end in names), None)
    notes = [path.with_name(path.stem + end) for end in NOTES if path.stem + end in names]
    found = [_read(note, note.stat().st_mtime_ns) for note in notes if note.is_file()]
    return Sidecar(
        next((one.triggers for one in found if one.triggers), ()),
        next((one.weight for one in found if one.weight), 0.0),
        next((one.family for one in found if one.family), ""),
        next((one.base for one in found if one.base), ""),
        preview,
        next((one.purpose for one in found if one.purpose), ""),
    )


def beside_folder(folder: Path) -> Sidecar:
    """The sidecar of a folder that is one network: files with its whole name beside it."""
    ends = (*PICTURES, *NOTES)
    whole = folder.with_name(f"{folder.name}.folder")  # what a file with these sidecars would be called
    return beside(whole, {folder.name + end for end in ends if folder.with_name(folder.name + end).is_file()})


def version_beside(path: Path) -> str:
    """The number under which Civitai has this version of a file, "" where nothing beside it tells."""
    note = path.with_name(path.stem + NOTES[0])
    return str(content(note).get("id") or "") if note.is_file() else ""


def said_beside(path: Path, key: str) -> Json:
    """What a note beside a file says under this key, as its owner's `{"kind": "depth"}`; None where none does."""
    notes = (path.with_name(path.stem + end) for end in NOTES)
    return next((said[key] for note in notes if note.is_file() and key in (said := content(note))), None)


@lru_cache(4096)
def _read(path: Path, changed: int) -> Sidecar:
    """A note as it was at this time of change."""
    value = content(path)
    words = value.get("trainedWords") or value.get("activation text") or ()
    several = words.split(",") if isinstance(words, str) else words if isinstance(words, list) else ()
    triggers = filter(None, (_clean(word) for word in several if isinstance(word, str)))
    said = str(value.get("baseModel") or value.get("sd version") or "")
    base = base_of([said])
    family = "sdxl" if base else next((family for sign, family in FAMILIES.items() if said.startswith(sign)), "")
    purpose = str(value.get("control") or "").strip().lower().replace(" ", "_")
    return Sidecar(
        tuple(dict.fromkeys(triggers)),
        _weight(value.get("preferred weight")),
        family,
        base,
        purpose=purpose if purpose in PURPOSES else "",
    )


def _clean(word: str) -> str:
    """A word that can be written down: without NULs and halves of signs."""
    return word.encode("utf-8", "ignore").decode().replace("\0", "").strip(" ,\n")[:LONGEST]


def _weight(value: Any) -> float:
    try:
        weight = float(value)
    except (TypeError, ValueError):
        return 0.0
    return weight if math.isfinite(weight) and abs(weight) <= 4 else 0.0
