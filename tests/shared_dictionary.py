"""What the bot makes of CC-CEDICT in each new data folder, made once in this process: it takes a second or two, and
hundreds of tests have a folder of their own. It is still written to each, and read from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from prompts import pinyin
from prompts.translate import dictionary

_compact, _read_aloud = dictionary._compact, pinyin._read_aloud


@cache
def _lines(path: Path, _changed: int) -> bytes:
    return _compact(path)


@cache
def _sounds(keys: tuple[str, ...], path: Path, _changed: int) -> tuple[tuple[str, list[str]], ...]:
    return tuple(_read_aloud(keys, path))


def _compact_once(path: Path) -> bytes:
    return _lines(path, path.stat().st_mtime_ns)


def _read_aloud_once(keys: Sequence[str], path: Path) -> Iterator[tuple[str, list[str]]]:
    yield from _sounds(tuple(keys), path, path.stat().st_mtime_ns)


def share() -> None:
    """Have them made once from here on."""
    dictionary._compact, pinyin._read_aloud = _compact_once, _read_aloud_once
