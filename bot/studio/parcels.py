"""Everything of a person as zip files that fit a platform: what goes into which part, and the parts themselves."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot import texts
from prompts.errors import Refusal
from storage.mydata import Belongings, KeptFile

MEGABYTE = 1_000_000
# Bytes of a part, and the most that one file may have which is a part by itself. Discord takes 10 MiB from a bot.
# Telegram takes 50 MB, but the program that speaks to people is to stay small.
SIZES = {"discord": (9 * MEGABYTE, 9 * MEGABYTE), "telegram": (20 * MEGABYTE, 48 * MEGABYTE)}
OVERHEAD = 400  # bytes that a file costs beyond its own: its name twice, and two headers


@dataclass(frozen=True, slots=True)
class Parcel:
    """A part: its number of how many, its files, and on the first one everything that is no file; `left_out` names the
    files of all parts that are too large."""

    part: int
    parts: int
    files: tuple[KeptFile, ...]
    data: str
    left_out: tuple[str, ...]


def parcels(kept: Belongings, platform: str) -> list[Parcel]:
    """The parts for a platform, one at least; one for everything where no size is known."""
    data = json.dumps(kept.data, ensure_ascii=False, indent=1)
    room, most = SIZES.get(platform, (0, 0))
    left_out: list[str] = []
    held: list[list[KeptFile]] = [[]]
    full = len(zlib.compress(data.encode())) + OVERHEAD * 3
    for file in kept.files:
        size = file.size + OVERHEAD
        if room and size > most:
            left_out.append(file.name)
            continue
        if room and full and full + size > room:
            held.append([])
            full = 0
        held[-1].append(file)
        full += size
    return [
        Parcel(number, len(held), tuple(files), data if number == 1 else "", tuple(left_out) if number == 1 else ())
        for number, files in enumerate(held, 1)
    ]


async def packed(parcel: Parcel, language: str, read: Callable[[str], Awaitable[bytes]]) -> AsyncIterator[bytes]:
    """The bytes of a part's zip file, a file at a time, each read by its hash; a file that is gone by now is left
    out."""
    out = _Out()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        if parcel.data:
            made.writestr(_named("data.json"), parcel.data, zipfile.ZIP_DEFLATED)
            made.writestr(_named("README.txt"), texts.say(language, "mydata.read_me") + "\n")
            if parcel.left_out:
                made.writestr(_named("left-out.txt"), "\n".join(parcel.left_out) + "\n")
        for file in parcel.files:
            yield out.taken()
            try:
                content = await read(file.hash)
            except Refusal as refusal:
                if refusal.key != "picture.gone":
                    raise
                continue
            await asyncio.to_thread(made.writestr, _named(file.name), content)
    yield out.taken()


def _named(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])


class _Out(io.RawIOBase):
    """Something to write to that keeps only what nobody has taken yet, and cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:  # whatever has bytes
        self._written.append(bytes(content))
        return len(content)

    def taken(self) -> bytes:
        """What was written since the last time."""
        written, self._written = b"".join(self._written), []
        return written
