"""The networks that make maps, in the owner's files: which preprocessor each is for, told by its name or by a note
beside it."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from engine.files.detectors import RUNS_FILES, listed
from engine.files.sidecars import said_beside
from engine.preprocessors import FILE, NET, PREPROCESSORS, Preprocessor, named, of_file
from prompts.errors import Refusal

HED, CONVERTED = "hed", ".safetensors"  # what engine/annotators/networks/convert_hed.py writes; run with torch


def files(folders: Sequence[Path]) -> dict[str, Path]:
    """The file that each preprocessor is done with, by the preprocessor's name; of several the first."""
    found: dict[str, Path] = {}
    for path in (*_converted(folders), *listed(folders)):
        for row in _rows(path):
            if row.needs:
                found.setdefault(row.name, path)
    return found


def chosen(row: Preprocessor, folders: Sequence[Path]) -> Path | None:
    """The owner's file that does it, None where it is done without one. Raises Refusal `map.no_file`, and
    `map.absent` where a file needs a package that is missing."""
    path = files(folders).get(row.name) if row.needs else None
    if path is not None and path.suffix.lower() != CONVERTED and importlib.util.find_spec(RUNS_FILES) is None:
        if row.needs == NET:
            return None  # there is one of this project
        raise Refusal("map.absent", name=path.stem, package=RUNS_FILES)
    if path is None and row.needs == FILE:
        raise Refusal("map.no_file", name=row.name, words=" / ".join(row.files))
    return path


def available(folders: Sequence[Path]) -> tuple[Preprocessor, ...]:
    """The preprocessors that can be used here, in the order of the table."""
    return tuple(row for row in PREPROCESSORS.values() if _there(row, folders))


def _there(row: Preprocessor, folders: Sequence[Path]) -> bool:
    try:
        chosen(row, folders)
    except Refusal:
        return False
    return True


def _converted(folders: Sequence[Path]) -> list[Path]:
    """The network that this project's own script converts, under its own name: other files of this kind are models."""
    return [path for folder in folders if (path := folder / f"{HED}{CONVERTED}").is_file()]


def _rows(path: Path) -> tuple[Preprocessor, ...]:
    said = said_beside(path, "kind")
    if isinstance(said, str):
        row = named(said)
        return (row,) if row else ()
    return of_file(path.stem)
