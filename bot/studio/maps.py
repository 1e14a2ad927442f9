"""Maps for nets, made of people's pictures by preprocessors: each once, then kept."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

from engine.files.annotators import chosen
from engine.maps.making import VERSION
from engine.preprocessors import PURE, USUAL, Preprocessor, preprocessor
from engine.queue.queue import Queue
from engine.wire import MakeMap, Mapped
from storage import maps, uploads
from storage.database import Database
from storage.maps import KeptMap

Size = tuple[int, int]
Numbers = tuple[float, float]
MASKED = "inpaint_only"  # the one that looks at a mask


async def kept(
    db: Database,
    queue: Queue,
    folders: Sequence[Path],
    picture: str,
    name: str,
    numbers: Numbers = (USUAL, USUAL),
    size: Size = (512, 512),
    *,
    seed: int = 0,
    fit: str = "",
    mask: str = "",
    person: str = "",
) -> KeptMap:
    """What a preprocessor makes of a kept picture (by hash) at the size that is drawn, with notes on what was done;
    found again where it was made before. `numbers` are its low and high, below 0 the usual ones; `seed` is the
    recipe's, `fit` how the picture is laid on the size ("", "fill", "stretch"), `mask` a kept picture that is white
    where to draw again. Who asks has made sure that the picture is the `person`'s, who is charged the seconds that it
    took. Raises Refusal."""
    row = preprocessor(name)
    low, high = row.numbers(*numbers)
    seed = seed if row.seeded else 0
    mask = mask if row.name == MASKED else ""
    network = await asyncio.to_thread(_network, row, folders)
    width, height = size
    how = f"{row.name} {low:g} {high:g} {width}x{height} {fit or 'cut'} {seed} {mask or '-'} {network} v{VERSION}"
    if found := await maps.find(db, picture, how):
        return found
    # A number that there is not is left at the usual one, which is what it is told as.
    low, high = (value if number else USUAL for value, number in ((low, row.low), (high, row.high)))
    wish = MakeMap(_id(), row.name, picture, width, height, low, high, seed, fit, mask)
    answer = await _made(db, queue, person, wish)
    return await maps.keep(db, picture, how, answer.blob, answer.notes)


async def code(db: Database, queue: Queue, person: str, text: str, size: Size) -> KeptMap:
    """A QR code with this text as a map, kept as a file that the person sent, with a note on whether it can be read.
    Raises Refusal."""
    answer = await _made(db, queue, person, MakeMap(_id(), "qr", "", *size, text=text))
    return KeptMap(await uploads.add_upload(db, person, answer.blob), answer.notes)


async def _made(db: Database, queue: Queue, person: str, wish: MakeMap) -> Mapped:
    """The map, whose seconds count to what the person has a day."""

    async def charge(seconds: float) -> None:
        if person:
            await maps.charge(db, person, db.now().date(), seconds)

    return await queue.make_map(wish, person, charge)


def _id() -> str:
    return secrets.token_hex(8)


def _network(row: Preprocessor, folders: Sequence[Path]) -> str:
    """By what an owner's network is told from others; "-" where it is done without. Raises Refusal for one that there
    is not."""
    path = chosen(row, folders) if row.needs != PURE else None
    if path is None:
        return "-"
    found = path.stat()
    return f"{path.name} {found.st_size} {found.st_mtime_ns}"
