"""The folders with models: every weights file and diffusers folder in them, each looked into once.

What was found is remembered by path, size and time of change, so that looking again costs one `stat` a file. A
program that wants to remember it longer takes it with `news` and gives it back with `recall`.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.files import pickles
from engine.files.hashed import Hashed
from engine.files.identify import identify
from engine.files.identity import Identity
from engine.files.sidecars import Sidecar, beside, beside_folder

SUFFIXES = pickles.SUFFIXES | {".safetensors"}
DEEPEST = 6  # folders within folders


@dataclass(frozen=True, slots=True)
class Known:
    """A file as it was identified; `size` in bytes, `modified` in nanoseconds, `hash` as A1111 shortens it, `network`
    what is left of a `.safetensors` without its header, by which A1111 and Civitai ("AutoV3") know a LoRA ("": not
    computed yet)."""

    path: str
    size: int
    modified: int
    identity: Identity
    hash: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class Find:
    """A file or folder in a model folder."""

    name: str
    path: Path
    identity: Identity
    sidecar: Sidecar
    hash: str
    network: str = ""

    @property
    def hashed(self) -> bool:
        """Whether the hashes are known by which people may name it."""
        return bool(self.hash) and (self.identity.kind not in _NETWORKS or bool(self.network) or not _headed(self.path))


_NETWORKS = ("lora", "embedding")  # kinds that are known by their tensors, too
_PIECE = 2**20  # bytes that are hashed at once
_known: dict[str, Known] = {}
_folders: dict[str, tuple[tuple[tuple[str, int, int], ...], Identity]] = {}
_told: dict[str, Hashed] = {}  # hashes of files that were not looked into here yet
_news: dict[str, Known] = {}
_elsewhere: dict[str, tuple[Find, ...]] = {}  # by the machine
_lock = threading.Lock()


def finds(folders: Sequence[Path]) -> Iterator[Find]:
    """Everything in the folders and their subfolders, folder by folder, in the order of the names; then what lies on
    other machines that draw."""
    for folder in folders:
        yield from _walk(folder, 0, set())
    for found in tuple(_elsewhere.values()):
        yield from found


def lies_elsewhere(machine: str, found: Sequence[Find]) -> None:
    """Take for known what lies on another machine; nothing of it any more where there is none. Its paths lead
    nowhere here."""
    with _lock:
        if found:
            _elsewhere[machine] = tuple(found)
        else:
            _elsewhere.pop(machine, None)


def recall(rows: Iterable[Known]) -> None:
    """Take for known what was known before; a file that has changed since is looked into again."""
    with _lock:
        for row in rows:
            _known.setdefault(row.path, row)


def forget() -> None:
    """Know nothing, as a program that has just begun."""
    with _lock:
        _known.clear()
        _folders.clear()
        _told.clear()
        _news.clear()
        _elsewhere.clear()


def drop(path: Path) -> None:
    """Know nothing of a file that is gone."""
    with _lock:
        for known in (_known, _news, _told):
            known.pop(str(path), None)


def news() -> tuple[Known, ...]:
    """The files identified since this was last asked."""
    with _lock:
        found = tuple(_news.values())
        _news.clear()
    return found


def digest(path: Path) -> str:
    """The first ten hex digits of a file's SHA-256, by which people know a model; remembered, together with that of
    its tensors. Takes seconds for gigabytes. Raises OSError."""
    return hashed(path).hash


def hashed(path: Path) -> Known:
    """What is known of a file, its hashes with it: computed in one reading, and remembered. Takes seconds for
    gigabytes. Raises OSError."""
    stat = path.stat()
    known = _identified(path, stat)
    if known.hash and (known.network or not _headed(path)):
        return known
    whole, network = _digests(path, stat.st_size)
    made = replace(known, hash=whole, network=network)
    _remember(made)
    return made


def _digests(path: Path, size: int) -> tuple[str, str]:
    whole, tensors = hashlib.sha256(), hashlib.sha256()
    with path.open("rb") as file:
        if _headed(path):
            length = file.read(8)
            header = file.read(min(int.from_bytes(length, "little"), size))
            whole.update(length + header)
        while piece := file.read(_PIECE):
            whole.update(piece)
            tensors.update(piece)
    return whole.hexdigest()[:10], tensors.hexdigest()[:12] if _headed(path) else ""


def hashes_of(names: Collection[str]) -> tuple[Hashed, ...]:
    """The hashes that are known of files with these names, or of LoRAs with these as aliases, whatever the case."""
    wanted = {name.casefold() for name in names if name}
    with _lock:
        rows = tuple(_known.values())
    return tuple(
        Hashed(row.path, row.size, row.modified, row.hash, row.network)
        for row in rows
        if row.hash and ({Path(row.path).stem.casefold(), row.identity.alias.casefold()} & wanted)
    )


def learn(rows: Iterable[Hashed]) -> None:
    """Take for known the hashes that another process made; of a file that is another by now they do not count."""
    for row in rows:
        known = _known.get(row.path)
        if known is None:
            with _lock:
                _told[row.path] = row
        elif not known.hash and (known.size, known.modified) == (row.size, row.modified):
            _remember(replace(known, hash=row.hash, network=row.network))


def unhashed(folders: Sequence[Path]) -> Iterator[Path]:
    """The files whose hashes are not known yet."""
    return (find.path for find in finds(folders) if find.path.is_file() and not find.hashed)


def _headed(path: Path) -> bool:
    return path.suffix.lower() == ".safetensors"


def _walk(folder: Path, depth: int, seen: set[tuple[int, int]]) -> Iterator[Find]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        place = folder.stat()
    except OSError:  # not there, or not to be read
        return
    if (place.st_dev, place.st_ino) in seen or depth > DEEPEST:  # a link in a circle
        return
    seen.add((place.st_dev, place.st_ino))
    names = {entry.name for entry in listed}
    if "model_index.json" in names or ("config.json" in names and any(Path(name).suffix in SUFFIXES for name in names)):
        odd = _readable(str(folder)) != str(folder)
        found = Identity(problem="file.name") if odd else of_folder(folder)
        shown = Path(_readable(str(folder)))
        yield Find(_name(shown), shown, found, beside_folder(shown), "")
        return
    for entry in listed:
        if entry.name.startswith("."):
            continue
        path = Path(entry.path)
        try:
            if entry.is_dir():
                yield from _walk(path, depth + 1, seen)
            elif path.suffix.lower() in SUFFIXES and entry.is_file():  # a pipe would never let us go
                yield _find(path, entry, names)
        except OSError:  # it went away while we looked
            continue


def of_folder(folder: Path) -> Identity:
    """What a diffusers folder is, looked into again where a file in it is another: half a second goes into one of
    SDXL's. Raises OSError."""
    stamp = tuple(_stamps(folder, 0))
    known = _folders.get(str(folder))
    if known is None or known[0] != stamp:
        known = stamp, identify(folder)
        with _lock:
            _folders[str(folder)] = known
    return known[1]


def _stamps(folder: Path, depth: int) -> Iterator[tuple[str, int, int]]:
    """Path, size and time of change of every file that a model's folder is told by."""
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    for entry in listed:
        if entry.is_dir():
            if depth == 0:
                yield from _stamps(Path(entry.path), 1)
        elif entry.is_file():
            stat = entry.stat()
            yield entry.path, stat.st_size, stat.st_mtime_ns


def _find(path: Path, entry: os.DirEntry[str], names: Collection[str]) -> Find:
    if (readable := _readable(entry.path)) != entry.path:
        shown = Path(readable)
        return Find(shown.stem, shown, Identity(problem="file.name"), Sidecar(), "")
    try:
        known = _identified(path, entry.stat())
    except PermissionError:
        return Find(path.stem, path, Identity(problem="file.locked"), Sidecar(), "")
    return Find(path.stem, path, known.identity, beside(path, names), known.hash, known.network)


def _readable(name: str) -> str:
    """A name as it can be written down: disks take any bytes, and those that are no text become question marks."""
    return os.fsencode(name).decode("utf-8", "replace")


def _name(folder: Path) -> str:
    """A folder's name; in a hub's cache that of the repository, not of the revision."""
    if folder.parent.name == "snapshots" and folder.parent.parent.name.startswith("models--"):
        return folder.parent.parent.name.rpartition("--")[2]
    return folder.name


def _identified(path: Path, stat: os.stat_result) -> Known:
    known = _known.get(str(path))
    if known and (known.size, known.modified) == (stat.st_size, stat.st_mtime_ns):
        return known
    made = Known(str(path), stat.st_size, stat.st_mtime_ns, identify(path))
    told = _told.get(str(path))
    if told and (told.size, told.modified) == (made.size, made.modified):
        made = replace(made, hash=told.hash, network=told.network)
    _remember(made)
    return made


def _remember(known: Known) -> None:
    with _lock:
        _known[known.path] = _news[known.path] = known
