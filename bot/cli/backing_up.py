"""`python bot.py backup` and `restore`: what is asked of the settings, and what is said."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from bot.settings.config import BESIDE, Config
from prompts.errors import Refusal
from storage import backup, restore
from storage.errors import refusing
from storage.leader import Lead

Say = Callable[..., str]
MEGABYTE = 1e6


async def save(config: Config, settings: Path | None, file: Path, *, replace: bool, say: Say) -> str:
    """Write a backup, and return what to say of it."""
    _end_tidily()
    given = settings or (BESIDE if BESIDE.is_file() else None)
    bucket = config.storage.bucket
    found = await backup.write(config.storage.address, config.data.folder, given, file, replace=replace, bucket=bucket)
    return say(
        "backup.written", file=str(file), rows=found.rows, files=found.files, size=f"{found.size / MEGABYTE:.1f}"
    )


def settle_settings(file: Path, settings: Path | None) -> None:
    """Put the settings of a backup where they are read from, unless there are some."""
    kept, place = restore.settings_in(file), settings or BESIDE
    if kept is not None and not place.exists():
        _write(place, kept)


def other_settings(file: Path, settings: Path | None) -> Path | None:
    """Put the settings of a backup beside those that are there; where they lie, None where they are the same."""
    kept, place = restore.settings_in(file), settings or BESIDE
    if kept is None or place.read_bytes() == kept:
        return None
    beside = place.with_name(f"{place.stem}.restored{place.suffix}")
    _write(beside, kept)
    return beside


def _write(target: Path, content: bytes) -> None:
    with refusing(str(target), files=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        with backup.whole(target) as part:
            part.write_bytes(content)


async def bring_back(config: Config, file: Path, *, replace: bool, say: Say) -> str:
    """Restore a backup, and return what to say of it. Raises Refusal `storage.held`, `storage.led` while a bot runs."""
    _end_tidily()
    lead = await Lead.take(config.storage.address, config.data.folder, _led, lambda reason: None)
    try:
        found = await restore.restore(
            file, config.storage.address, config.data.folder, replace=replace, bucket=config.storage.bucket
        )
    finally:
        await lead.close()
    return say("backup.restored", where=str(config.data.folder), rows=found.rows, files=found.files)


def _led(where: str) -> NoReturn:
    raise Refusal("storage.led", where=where)


def _end_tidily() -> None:
    """Have SIGTERM end the program as Ctrl+C does: what is half written is taken away."""

    def told(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, told)
