"""The detectors of what is worth drawing again larger: a table, and the networks in files."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.files.sidecars import said_beside
from engine.preprocessors import of_file
from engine.recipe import Fix
from prompts.errors import Refusal

RUNS_FILES = "onnxruntime"  # the package


@dataclass(frozen=True, slots=True)
class Detector:
    """One row of the table: what people call it, and whether it is `built_in` (False: only files of that kind find
    it)."""

    name: str
    zh: str
    en: str
    built_in: bool = True


DETECTORS: dict[str, Detector] = {
    row.name: row
    for row in (
        Detector("face", "人脸", "faces"),
        Detector("hand", "手", "hands"),
        Detector("person", "人物", "people", built_in=False),
    )
}
ALIASES = {"脸": "face", "脸部": "face", "面部": "face", "手部": "hand", "双手": "hand", "人": "person"}
ALIASES |= {"persons": "person", "body": "person"}
ALIASES |= {said: row.name for row in DETECTORS.values() for said in (row.zh, row.en)}


def kind(name: str) -> str:
    """The name that recipes use for what people call a detector: that of a row for all its aliases, or of a file."""
    plain = name.strip().casefold().removesuffix(".onnx")
    return ALIASES.get(plain, plain)


def files(folders: Sequence[Path]) -> dict[str, Path]:
    """The networks in files, by name; of two with one name the first. Those that make maps are none of them."""
    found: dict[str, Path] = {}
    for path in listed(folders):
        if not said_beside(path, "kind") and not of_file(path.stem):
            found.setdefault(path.stem.casefold(), path)
    return found


def listed(folders: Sequence[Path]) -> Iterator[Path]:
    """The .onnx files that lie in these folders."""
    for folder in folders:
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if path.suffix.lower() == ".onnx" and path.is_file())


def chosen(name: str, folders: Sequence[Path] = ()) -> Detector | Path:
    """The detector of that name: the file of that name, a file that has the kind in its name (as `face_yolov8n`), or
    the row of the table. Raises Refusal `detector.unknown`, `detector.no_file`, or `detector.absent` where a file needs
    a package that is missing."""
    own, known = kind(name), files(folders)
    row = DETECTORS.get(own)
    path = known.get(own) or next((path for stem, path in known.items() if row and row.name in stem), None)
    if path is not None:
        if importlib.util.find_spec(RUNS_FILES) is None:
            raise Refusal("detector.absent", name=path.stem, package=RUNS_FILES)
        return path
    if row is None:
        raise Refusal("detector.unknown", name=name[:80], known=", ".join(names(folders)))
    if not row.built_in:
        raise Refusal("detector.no_file", name=row.name)
    return row


def names(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """The names of all detectors there are, files last."""
    return *(row.name for row in DETECTORS.values() if available(row.name, folders)), *files(folders)


def available(name: str, folders: Sequence[Path] = ()) -> bool:
    """Whether this can be looked for here."""
    try:
        chosen(name, folders)
    except Refusal:
        return False
    return True


def check_fix(fix: Fix, folders: Sequence[Path] = ()) -> None:
    """Raises Refusal for a detector that is not there or a strength out of range."""
    chosen(fix.detector, folders)
    if not 0 <= fix.strength <= 1:
        raise Refusal("strength.not_allowed", strength=fix.strength)
