"""The files that tell whether a picture is one for adults: Stable Diffusion's safety checker, and taggers that rate."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.files.detectors import RUNS_FILES

FOLDER = "safety_checker"  # as in a diffusers model; `feature_extractor` beside it says how pictures are brought to it
TAGS = "selected_tags.csv"  # what a tagger's answers mean, beside its .onnx file
DEPTH = 3  # folders below a models folder in which they are looked for


def checkers(folders: Sequence[Path]) -> tuple[Path, ...]:
    """The safety checkers' folders and the taggers' files that can be run here."""
    found = list(_safety_checkers(folders))
    return (*found, *(taggers(folders) if runs_taggers() else ()))


def taggers(folders: Sequence[Path]) -> tuple[Path, ...]:
    """The taggers in these folders, each in a folder of its own, whether they can be run or not."""
    listed = (tags for folder in folders for depth in range(1, DEPTH + 1) for tags in _below(folder, depth, TAGS))
    return tuple(dict.fromkeys(network for tags in listed for network in sorted(tags.parent.glob("*.onnx"))[:1]))


def runs_taggers() -> bool:
    """Whether the package is there that runs them."""
    return importlib.util.find_spec(RUNS_FILES) is not None


def _safety_checkers(folders: Sequence[Path]) -> Iterator[Path]:
    configs = (
        one for folder in folders for depth in range(DEPTH) for one in _below(folder, depth, f"{FOLDER}/config.json")
    )
    yield from dict.fromkeys(one.parent for one in configs)


def _below(folder: Path, depth: int, name: str) -> list[Path]:
    return sorted(folder.glob("*/" * depth + name))
