"""The files that trainings leave: those along the way in a folder of their own, and the one that is chosen among the
owner's LoRAs, with its preview."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from engine.files import model_folders
from engine.files.private import PrivateFile
from engine.files.shelf import Need
from prompts.errors import Refusal
from storage.errors import refusing
from storage.trainings import KeptTraining

MADE = "made"  # below the data folder's "trainings": what workers look for LoRAs in, too
_HALF = re.compile(r"[a-z0-9]+-(\d{4,})\.safetensors")
PREVIEW = ".preview.png"


def halves(data: Path) -> Path:
    """The folder of the files along the way, a folder for each training."""
    return data / "trainings" / MADE


def half_name(training: str, step: int) -> str:
    """What the file of a step is called where something is drawn with it: a name that tells nobody anything."""
    return f"{training}-{step:04}"


def half(data: Path, training: str, step: int) -> Path:
    """The file of a step."""
    return halves(data) / training / f"{half_name(training, step)}.safetensors"


def steps(data: Path, training: str) -> tuple[int, ...]:
    """The steps whose files are kept, in order."""
    try:
        names = [path.name for path in (halves(data) / training).iterdir()]
    except OSError:
        return ()
    return tuple(sorted(int(match[1]) for name in names if (match := _HALF.fullmatch(name))))


def write(path: Path, content: bytes) -> None:
    """Write a file, there whole or not at all. Raises Refusal for a full disk or a folder that cannot be written."""
    part = path.with_name(f".{path.name}.part")
    with refusing(str(path.parent), files=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def folder(kept: KeptTraining, places: Mapping[str, Path]) -> Path:
    """Where the finished file goes: the first folder for its kind. Raises Refusal `train.no_folder_for`."""
    kind = "embedding" if is_word(kept) else "lora"
    if kind not in places:
        raise Refusal("train.no_folder_for", kind=kind)
    return places[kind]


def is_word(kept: KeptTraining) -> bool:
    """Whether what is learnt is an embedding, which its own name calls for."""
    return bool(kept.plan and kept.plan.learns == "inversion")


def free_name(kept: KeptTraining, target: Path, folders: Iterable[Path], promised: Iterable[str] = ()) -> str:
    """What the file will be called: as the training is, or with a number behind it where something is called so, or
    was `promised` to be. An embedding is called as its trigger, which is the word for it."""
    taken = {name.casefold() for name in promised}
    taken |= {one.name.casefold() for one in model_folders.finds(tuple(dict.fromkeys((*folders, target))))}
    taken |= {path.stem.casefold() for path in target.glob("*.safetensors")}
    base = kept.trigger.replace(" ", "_") if is_word(kept) else kept.name
    names = (base, *(f"{base}-{number}" for number in range(2, 10_000)))
    return next(name for name in names if name.casefold() not in taken)


def put(target: Path, name: str, content: bytes) -> Path:
    """Put the finished file where LoRAs lie. It is known at once, with its hashes. Raises Refusal."""
    path = target / f"{name}.safetensors"
    write(path, content)
    model_folders.drop(path)
    with refusing(str(target), files=True):
        model_folders.hashed(path)
    return path


def preview(path: Path) -> Path:
    """Where the picture lies that shows what a file draws."""
    return path.with_name(path.stem + PREVIEW)


def remove(data: Path, training: str, path: Path | None) -> list[str]:
    """Leave nothing of the files along the way, nor of the finished one; the paths of what was drawn with."""
    gone = [half(data, training, step) for step in steps(data, training)]
    with refusing(str(data), files=True):
        if path is not None:
            gone.append(path)
            preview(path).unlink(missing_ok=True)
        for one in gone:
            one.unlink(missing_ok=True)
            model_folders.drop(one)
        shutil.rmtree(halves(data) / training, ignore_errors=True)
    return list(map(str, gone))


def lendable(files: Iterable[PrivateFile]) -> dict[Need, Path]:
    """Those of these files that are there, by what a recipe may call them."""
    there = [one for one in files if one.path.is_file()]
    aliases = Counter(one.alias.casefold() for one in there if one.alias and not one.word)
    found = {("lora", one.alias.casefold()): one.path for one in there if aliases[one.alias.casefold()] == 1}
    own = {("embedding" if one.word else "lora", one.path.stem.casefold()): one.path for one in there}
    return found | own  # as its own name a file has it before any other


def private_files(kept: Iterable[KeptTraining], data: Path, places: Mapping[str, Path]) -> list[PrivateFile]:
    """Whose every file is that these trainings have left."""
    found: list[PrivateFile] = []
    for one in kept:
        consent = one.consent is not None
        if one.file:
            path = Path(f"{one.file}.safetensors")  # by its name alone, where the settings have no folder for it now
            with suppress(Refusal):
                path = folder(one, places) / path
            found.append(PrivateFile(path, one.person, one.name, one.shared, consent, word=is_word(one)))
        for step in steps(data, one.id):
            path = half(data, one.id, step)
            found.append(PrivateFile(path, one.person, consent=consent, half=True, word=is_word(one)))
    return found
