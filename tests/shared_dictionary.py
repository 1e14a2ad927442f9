"""What the bot makes of CC-CEDICT in each new data folder, made once for all processes of a run: it takes three
seconds, and hundreds of tests and dozens of bots have a folder of their own. It is still written to each, and read from
there."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from prompts import pinyin
from prompts.translate import dictionary

FOLDER = "DANQING_TEST_SHARED"  # where a process finds what another one of the same run has made

_compact, _read_aloud = dictionary._compact, pinyin._read_aloud


def _kept(name: str, make: Callable[[], bytes]) -> bytes:
    """What is in the file of this name, which is made first where it is missing."""
    at = Path(os.environ[FOLDER]) / name
    if not at.exists():
        trial = at.with_name(f"{name}-{os.getpid()}")
        trial.write_bytes(make())
        trial.replace(at)
    return at.read_bytes()


@cache
def _lines(path: Path, _changed: int) -> bytes:
    return _kept("lines", lambda: _compact(path))


@cache
def _sounds(keys: tuple[str, ...], path: Path, _changed: int) -> tuple[tuple[str, list[str]], ...]:
    if len(keys) == 1:  # a text that somebody writes
        return tuple(_read_aloud(keys, path))
    named = f"sounds-{zlib.crc32(chr(10).join(keys).encode()):08x}"
    told = _kept(named, lambda: json.dumps(list(_read_aloud(keys, path))).encode())
    return tuple((key, said) for key, said in json.loads(told))


def _compact_once(path: Path) -> bytes:
    return _lines(path, path.stat().st_mtime_ns)


def _read_aloud_once(keys: Sequence[str], path: Path) -> Iterator[tuple[str, list[str]]]:
    yield from _sounds(tuple(keys), path, path.stat().st_mtime_ns)


def environ() -> dict[str, str]:
    """What has a process that is started, and that shares too, find it."""
    return {FOLDER: os.environ[FOLDER]} if FOLDER in os.environ else {}


def share() -> None:
    """Have them made once from here on, in this process and in those that it starts and that share, too."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = made = tempfile.mkdtemp(prefix="danqing-shared-")
        atexit.register(shutil.rmtree, made, ignore_errors=True)
    dictionary._compact, pinyin._read_aloud = _compact_once, _read_aloud_once
