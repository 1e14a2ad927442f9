"""The readers in processes of their own that the settings name: a language model on this machine, Argos Translate."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bot.settings.config import Config
from prompts.translate.own_process import OwnProcess, Program

ROOT = Path(__file__).resolve().parents[2]  # `python -m engine.reading` is found from here
READER = "1"  # what the process does with a clause; another number forgets what an older one said
COMMAND = (sys.executable, "-m", "engine.reading")


def models(config: Config) -> Path:
    """Where language models lie that were fetched from a hub."""
    return config.data.folder / "readers"


def model(config: Config) -> Path | None:
    """The folder of the language model that reads whole clauses, missing perhaps; None where the settings want none."""
    named = config.translate.model
    if config.translate.service != "local" or not named:
        return None
    folder = Path(named).expanduser()
    return folder if folder.is_dir() else models(config) / named.rstrip("/").rpartition("/")[2]


def holds_model(folder: Path) -> bool:
    """Whether a folder looks like a language model's, without reading it."""
    return (folder / "config.json").is_file()


def library() -> str:
    """The version of Argos Translate, "" where it is not installed."""
    try:
        return version("argostranslate")
    except PackageNotFoundError:
        return ""


def programs(config: Config) -> Iterator[Program]:
    """What is started, in the order in which it is asked."""
    if folder := model(config):
        size = sum(file.stat().st_size for file in folder.glob("*.safetensors")) if folder.is_dir() else 0
        command = (*COMMAND, "model", "--folder", str(folder.absolute()))
        yield Program(f"local {READER} {folder.name} {size}", folder.name, "local", command, ROOT, instructed=True)
    if config.translate.argos == "library" and library():
        packages = ",".join(sorted(_packages()))
        name = f"argostranslate {READER} {library()} {packages}"
        yield Program(name, "Argos Translate", "argos", (*COMMAND, "argos"), ROOT)


def own_readers(config: Config, patience: float | None = None) -> tuple[OwnProcess, ...]:
    """The translators that ask them; `patience` is for how many seconds the first clause waits while they are loaded,
    where that is another time than the one for a clause."""
    return tuple(OwnProcess(one, config.translate.timeout, patience=patience) for one in programs(config))


def _packages() -> Iterator[str]:
    """The packages in Argos Translate's folder: with others, it says other things."""
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    folder = Path(os.environ.get("ARGOS_PACKAGES_DIR") or home / "argos-translate" / "packages")
    if folder.is_dir():
        yield from (one.name for one in folder.iterdir() if one.is_dir())
