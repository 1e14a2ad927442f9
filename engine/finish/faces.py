"""Finding what is worth drawing again larger: faces, hands, and what networks in files find. One table of detectors,
and the files in the folders; nothing heavy is imported before something is looked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from engine.pixels.tiles import Box
from engine.recipe import Fix
from prompts.errors import Refusal

MOST = 8  # the largest ones of a crowd: each costs as much as a picture
WORK_SIDE = 1024  # pictures are looked at in this size at most: faces that matter are large enough in it
RUNS_FILES = "onnxruntime"  # the package

Find = Callable[[Image.Image], list[Box]]


@dataclass(frozen=True, slots=True)
class Detector:
    """One row of the table: what people call it, and `find`, which gives the boxes of what it looks for (None: only
    files of that kind do)."""

    name: str
    zh: str
    en: str
    find: Find | None = None


def _faces(image: Image.Image) -> list[Box]:
    from engine.finish import blaze

    return blaze.faces(image)


def _hands(image: Image.Image) -> list[Box]:
    from engine.finish import blaze

    return blaze.hands(image)


DETECTORS: dict[str, Detector] = {
    row.name: row
    for row in (
        Detector("face", "人脸", "faces", _faces),
        Detector("hand", "手", "hands", _hands),
        Detector("person", "人物", "people", None),
    )
}
ALIASES = {"脸": "face", "脸部": "face", "面部": "face", "手部": "hand", "双手": "hand", "人": "person"}
ALIASES |= {"persons": "person", "body": "person"}
ALIASES |= {said: row.name for row in DETECTORS.values() for said in (row.zh, row.en)}


def kind(name: str) -> str:
    """What a recipe calls it: a row of the table for all its names, or the name of a file."""
    plain = name.strip().casefold().removesuffix(".onnx")
    return ALIASES.get(plain, plain)


def files(folders: Sequence[Path]) -> dict[str, Path]:
    """The networks in files, by name; of two with one name the first."""
    found: dict[str, Path] = {}
    for path in _listed(folders):
        found.setdefault(path.stem.casefold(), path)
    return found


def _listed(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if path.suffix.lower() == ".onnx" and path.is_file())


def chosen(name: str, folders: Sequence[Path] = ()) -> Detector | Path:
    """What looks for it: the file of that name, a file that has the kind in its name (as `face_yolov8n`), or the row
    of the table. Raises Refusal `detector.unknown`, `detector.no_file`, or `detector.absent` where a file needs a
    package that is missing."""
    own, known = kind(name), files(folders)
    row = DETECTORS.get(own)
    path = known.get(own) or next((path for stem, path in known.items() if row and row.name in stem), None)
    if path is not None:
        if importlib.util.find_spec(RUNS_FILES) is None:
            raise Refusal("detector.absent", name=path.stem, package=RUNS_FILES)
        return path
    if row is None:
        raise Refusal("detector.unknown", name=name[:80], known=", ".join(names(folders)))
    if row.find is None:
        raise Refusal("detector.no_file", name=row.name)
    return row


def names(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """All there are, files last."""
    return *(row.name for row in DETECTORS.values() if available(row.name, folders)), *files(folders)


def available(name: str, folders: Sequence[Path] = ()) -> bool:
    """Whether this can be looked for here."""
    try:
        chosen(name, folders)
    except Refusal:
        return False
    return True


def check(fix: Fix, folders: Sequence[Path] = ()) -> None:
    """Raises Refusal for a detector that is not there or a strength out of range."""
    chosen(fix.detector, folders)
    if not 0 <= fix.strength <= 1:
        raise Refusal("strength.not_allowed", strength=fix.strength)


def find(name: str, image: Image.Image, folders: Sequence[Path] = ()) -> list[Box]:
    """What the detector finds, the largest first, inside the picture. Raises Refusal as `chosen`, and
    `detector.damaged` for a file that is no such network."""
    looking = chosen(name, folders)
    shrink = min(1.0, WORK_SIDE / max(image.size))
    small = image.resize((round(image.width * shrink), round(image.height * shrink))) if shrink < 1 else image
    boxes = []
    for box in _found(looking, name, small.convert("RGB")):
        left, top, right, bottom = (round(edge / shrink) for edge in box.corners)
        inside = Box(max(0, left), max(0, top), min(image.width, right), min(image.height, bottom))
        if inside.width > 0 and inside.height > 0:
            boxes.append(inside)
    return sorted(boxes, key=lambda box: -box.width * box.height)[:MOST]


def _found(looking: Detector | Path, name: str, image: Image.Image) -> list[Box]:
    if isinstance(looking, Path):
        from engine.finish import yolo

        try:
            modified = looking.stat().st_mtime_ns
        except OSError as error:
            raise Refusal("detector.damaged", name=looking.stem) from error
        return yolo.load(looking, modified).find(image, kind(name))
    assert looking.find is not None
    return looking.find(image)
