"""Taggers in the owner's files: an .onnx network and the list of what its answers mean, and CLIPs; told without loading
them, and found by name."""

from __future__ import annotations

import csv
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from engine.files import safetensors_header
from engine.files.detectors import RUNS_FILES
from engine.tagging import CATEGORIES, CLIP, DETECTORS, JUDGE, SeenTag, said
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.spelling import near

LABELS = ("selected_tags.csv", "tags-selected.csv")  # as those who made taggers call the list beside the network
DEPTH = 3  # folders below one of models in which taggers are looked for
MOST_ROWS, MOST_BYTES = 200_000, 64 * 2**20  # of a list: the longest known has 70,000
OPEN_CLIP = ("visual.conv1.weight", "token_embedding.weight", "text_projection")  # of a CLIP in one file


@dataclass(frozen=True, slots=True)
class TaggerFile:
    """A tagger: its name, the network, and the list of what its answers mean."""

    name: str
    network: Path
    labels: Path


@dataclass(frozen=True, slots=True)
class ClipFile:
    """A CLIP with both its halves: a folder as transformers writes it, or one file as open_clip writes it."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class UselessTagger:
    """A network in a taggers folder that cannot be used; `key` is a text key of bot/texts that says why, with its
    values."""

    path: Path
    key: str
    values: Mapping[str, str | int | float]


def runs_taggers() -> bool:
    """Whether the package is there that runs them."""
    return importlib.util.find_spec(RUNS_FILES) is not None


def taggers(folders: Sequence[Path], models: Sequence[Path] = ()) -> tuple[TaggerFile, ...]:
    """The taggers in their folders, then those that lie in folders of their own among the models; of two with one name
    the first."""
    found: dict[str, TaggerFile] = {}
    for one in (*_in(folders, range(DEPTH + 1)), *_in(models, range(1, DEPTH + 1))):
        found.setdefault(one.name.casefold(), one)
    return tuple(found.values())


def running(folders: Sequence[Path], models: Sequence[Path] = ()) -> tuple[TaggerFile, ...]:
    """The taggers that can be run here: none where the package is missing."""
    return taggers(folders, models) if runs_taggers() else ()


def useless(folders: Sequence[Path]) -> tuple[UselessTagger, ...]:
    """The networks in the taggers folders that have no list of tags, and those whose list cannot be read."""
    found: list[UselessTagger] = []
    for folder in folders:
        for depth in range(DEPTH + 1):
            for path in sorted(folder.glob("*/" * depth + "*.onnx")):
                labels = _labels(path)
                if labels is None:
                    found.append(UselessTagger(path, "tags.no_labels", {"file": path.name}))
                    continue
                try:
                    rows(labels)
                except Refusal as refusal:
                    found.append(UselessTagger(labels, refusal.key, refusal.values))
    return tuple(found)


def _in(folders: Sequence[Path], depths: range) -> Iterator[TaggerFile]:
    for folder in folders:
        for depth in depths:
            for network in sorted(folder.glob("*/" * depth + "*.onnx")):
                if network.is_file() and (labels := _labels(network)):
                    alone = depth > 0 and labels.name in LABELS
                    yield TaggerFile(network.parent.name if alone else network.stem, network, labels)


def _labels(network: Path) -> Path | None:
    """The list of a network: of its own name, or the usual one of its folder."""
    names = (f"{network.stem}.csv", *LABELS)
    return next((path for name in names if (path := network.with_name(name)).is_file()), None)


def rows(labels: Path) -> tuple[SeenTag, ...]:
    """What a tagger's answers mean, in their order, with no score yet. Raises Refusal `tags.labels`."""
    try:
        found = labels.stat()
        return _rows(labels, found.st_mtime_ns, found.st_size)
    except OSError as error:
        raise Refusal("tags.labels", file=labels.name, problem=error.strerror or "") from error


@lru_cache(maxsize=8)
def _rows(labels: Path, modified: int, size: int) -> tuple[SeenTag, ...]:
    found: list[SeenTag] = []
    try:
        if size > MOST_BYTES:
            raise ValueError(f"{size} bytes")
        with labels.open(encoding="utf-8-sig", newline="") as file:
            read = csv.DictReader(file)
            if not {"name", "category"} <= set(read.fieldnames or ()):
                raise ValueError("name, category?")
            for number, row in enumerate(read, start=2):
                name, category = row["name"], row["category"]
                if not (name and name.strip()) or not (category and category.strip().isdecimal()):
                    raise ValueError(f"line {number}")
                if len(found) == MOST_ROWS:
                    raise ValueError(f"> {MOST_ROWS}")
                found.append(SeenTag(said(name), 0.0, CATEGORIES.get(int(category), "general")))
        if not found:
            raise ValueError("0")
    except (ValueError, csv.Error) as error:  # not UTF-8 is one, too
        problem = "UTF-8?" if isinstance(error, UnicodeDecodeError) else str(error)[:80]
        raise Refusal("tags.labels", file=labels.name, problem=problem) from error
    return tuple(found)


# --- CLIPs ---


def clips(folders: Sequence[Path]) -> tuple[ClipFile, ...]:
    """The CLIPs in these folders that know pictures and texts."""
    found: dict[str, ClipFile] = {}
    for folder in folders:
        for config in sorted(folder.glob("*/config.json")):
            if _is_clip(config):
                found.setdefault(config.parent.name.casefold(), ClipFile(config.parent.name, config.parent))
        for path in (*sorted(folder.glob("*.safetensors")), *sorted(folder.glob("*/open_clip*.safetensors"))):
            if _is_open_clip(path):
                name = path.parent.name if path.parent != folder else path.stem
                found.setdefault(name.casefold(), ClipFile(name, path))
    return tuple(found.values())


def is_clip(path: Path) -> bool:
    """Whether a folder or a file is a CLIP that knows pictures and texts."""
    return _is_clip(path / "config.json") if path.is_dir() else _is_open_clip(path)


def _is_clip(config: Path) -> bool:
    """Whether a folder holds a CLIP with its weights."""
    try:
        if config.stat().st_size > 2**20:
            return False
        content = cast(dict[str, Json], json.loads(config.read_text("utf-8")))
        whole = content.get("model_type") == "clip" and "text_config" in content and "vision_config" in content
    except (OSError, ValueError, AttributeError):
        return False
    return whole and (config.parent / "model.safetensors").is_file()


def _is_open_clip(path: Path) -> bool:
    try:
        header = safetensors_header.read_header(path)
    except (OSError, ValueError, Refusal):
        return False
    return all(name in header.tensors for name in OPEN_CLIP)


# --- what reads ---


def readers(taggers_in: Sequence[Path], models: Sequence[Path]) -> tuple[str, ...]:
    """The names of all that can read here: taggers, CLIPs, what this project brings."""
    own = [one.name for one in running(taggers_in, models)]
    return (*own, *(CLIP + one.name for one in clips(models)), DETECTORS, JUDGE)


def chosen(name: str, taggers_in: Sequence[Path], models: Sequence[Path]) -> TaggerFile | ClipFile | str:
    """What a reader's name stands for: a tagger's, a CLIP's, "clip" for the first of those; without a name the first
    tagger, else the detectors. Raises Refusal `tags.no_reader` with the names there are, `tags.no_clip`, and
    `tags.absent` where a file needs a package that is missing."""
    wanted = name.strip().casefold().removesuffix(".onnx")
    if wanted in (DETECTORS, JUDGE):
        return wanted
    named = {one.name.casefold(): one for one in taggers(taggers_in, models)}
    if not wanted:
        return next(iter(named.values()), DETECTORS) if runs_taggers() else DETECTORS
    if wanted in named:
        if not runs_taggers():
            raise Refusal("tags.absent", name=named[wanted].name, package=RUNS_FILES)
        return named[wanted]
    seen = {one.name.casefold(): one for one in clips(models)}  # only now: the heads of all models are read for them
    if wanted in ("clip", CLIP):
        if not seen:
            raise Refusal("tags.no_clip")
        return next(iter(seen.values()))
    if (clip := wanted.removeprefix(CLIP)) in seen:
        return seen[clip]
    known = readers(taggers_in, models)
    raise Refusal("tags.no_reader", name=name[:60], known=", ".join(known), near=near(name, known))
