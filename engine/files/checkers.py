"""The files that tell whether a picture is one for adults: Stable Diffusion's safety checker, and taggers that rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.files.taggers import DEPTH, TaggerFile, rows, runs_taggers, taggers
from engine.tagging import ADULT
from prompts.errors import Refusal

FOLDER = "safety_checker"  # as in a diffusers model; `feature_extractor` beside it says how pictures are brought to it


def checkers(folders: Sequence[Path], taggers_in: Sequence[Path] = ()) -> tuple[Path | TaggerFile, ...]:
    """The safety checkers' folders and the taggers that can be run here: those among the models, and those in taggers
    folders that are named here because the owner wants them to look at every picture."""
    found: list[Path | TaggerFile] = list(_safety_checkers(folders))
    return (*found, *(_rating(taggers_in, folders) if runs_taggers() else ()))


def _rating(taggers_in: Sequence[Path], models: Sequence[Path]) -> tuple[TaggerFile, ...]:
    """The taggers that rate; all where none does, so that nobody thinks that pictures were looked at."""
    found = taggers(taggers_in, models)
    return tuple(one for one in found if _rates(one)) or found


def _rates(tagger: TaggerFile) -> bool:
    try:
        return any(tag.name.casefold() in ADULT for tag in rows(tagger.labels))
    except Refusal:
        return True  # and fails when it is to look, which is told


def _safety_checkers(folders: Sequence[Path]) -> Iterator[Path]:
    configs = (
        one for folder in folders for depth in range(DEPTH) for one in _below(folder, depth, f"{FOLDER}/config.json")
    )
    yield from dict.fromkeys(one.parent for one in configs)


def _below(folder: Path, depth: int, name: str) -> list[Path]:
    return sorted(folder.glob("*/" * depth + name))
