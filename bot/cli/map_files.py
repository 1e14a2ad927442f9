"""`python bot.py map`: what a preprocessor makes of a picture, without a chat or a database."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot import texts
from bot.settings.config import Config
from engine.files import annotators
from engine.maps import making
from engine.pixels.source_picture import opened
from engine.preprocessors import PREPROCESSORS, PURE, Number, preprocessor
from engine.queue.queue import Queue
from engine.wire import MakeMap
from prompts.errors import Refusal
from prompts.prompt import Note

PICTURE, MASK = "picture", "mask"  # what the files are called on their way


@dataclass(frozen=True, slots=True)
class MapWish:
    """What is asked for on the command line: files, size (None: the picture's own), numbers below 0 for the usual."""

    name: str
    picture: Path | None
    out: Path | None
    size: tuple[int, int] | None = None
    low: float = -1.0
    high: float = -1.0
    seed: int = 0
    fit: str = ""
    mask: Path | None = None
    text: str = ""


def show(config: Config, language: str, out: Console) -> None:
    """Print the preprocessors there are: names, the nets they are for, numbers, and what is missing."""
    there = {row.name for row in annotators.available(config.engine.folders)}
    heads = ("map.head.name", "map.head.said", "map.head.nets", "map.head.numbers", "map.head.needs")
    table = Table(*(texts.say(language, head) for head in heads))
    for row in PREPROCESSORS.values():
        named = (("--low", row.low), ("--high", row.high))
        numbers = "\n".join(_number(option, number, language) for option, number in named if number)
        words = " / ".join(row.files)
        needs = "" if row.name in there else texts.say(language, "map.needs_file", words=words)
        table.add_row(row.name, row.zh if language.startswith("zh") else row.en, ", ".join(row.kinds), numbers, needs)
    out.print(table)


def _number(option: str, number: Number, language: str) -> str:
    said = number.zh if language.startswith("zh") else number.en
    return f"{option} {number.usual:g} ({number.least:g}–{number.most:g}) {said}"


async def make(config: Config, wish: MapWish, language: str, out: Console) -> None:
    """Make a map, write it, and say where it lies and what was done. Raises Refusal."""
    row = preprocessor(wish.name)
    row.numbers(wish.low, wish.high)
    path = _target(wish, row.name)
    files = {name: _read(file) for name, file in ((PICTURE, wish.picture), (MASK, wish.mask)) if file}
    if wish.text and not row.written:
        raise Refusal("map.no_text", name=row.name)
    if PICTURE not in files and not wish.text:
        raise Refusal("map.no_picture")
    size = wish.size or (opened(files[PICTURE]).size if PICTURE in files else (768, 768))
    if row.needs == PURE:
        made = await asyncio.to_thread(_here, wish, files, size)
    else:
        annotators.chosen(row, config.engine.folders)  # before a worker is started for nothing
        made = await _by_worker(config, wish, files, size)
    content, notes = made
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Refusal("cli.not_written", file=str(path), reason=error.strerror or "") from error
    out.print(str(path), markup=False, soft_wrap=True)
    for note in notes:
        out.print(f"· {texts.say(language, note.key, **note.values)}", markup=False, soft_wrap=True)


def _target(wish: MapWish, name: str) -> Path:
    """The file to write: beside the picture where none was named."""
    path = wish.out
    if path is None:
        path = wish.picture.with_name(f"{wish.picture.stem}-{name}.png") if wish.picture else Path(f"{name}.png")
    if path.suffix.lower() != ".png":
        raise Refusal("cli.out_kind", file=path.name)
    if not path.absolute().parent.is_dir():
        raise Refusal("cli.no_folder", folder=str(path.absolute().parent))
    return path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refusal("cli.not_read", file=str(path), reason=error.strerror or "") from error


Made = tuple[bytes, tuple[Note, ...]]


def _here(wish: MapWish, files: Mapping[str, bytes], size: tuple[int, int]) -> Made:
    """Made in this process: nothing heavy has to be started for it."""
    if wish.text:
        made = making.code(wish.text, size)
    else:
        image, mask = (opened(files[name]) if name in files else None for name in (PICTURE, MASK))
        assert image is not None
        numbers = wish.low, wish.high, wish.seed
        made = making.made(preprocessor(wish.name), image, size, *numbers, fit=wish.fit, mask=mask)
    return making.png(made.image), made.notes


async def _by_worker(config: Config, wish: MapWish, files: Mapping[str, bytes], size: tuple[int, int]) -> Made:
    from bot.app import pool  # only now: it brings the whole program along

    async def file(name: str) -> bytes:
        return files[name]

    async def heard(news: object) -> None:
        """Nothing is drawn here."""

    bare = config.model_copy(update={"engine": config.engine.model_copy(update={"model": ""})})  # nothing is drawn
    queue = Queue(pool(bare), heard, file, per_person=1, in_all=1)
    await queue.start()
    try:
        mask = MASK if MASK in files else ""
        asked = MakeMap("map", wish.name, PICTURE, *size, wish.low, wish.high, wish.seed, wish.fit, mask)
        answer = await queue.make_map(asked)
    finally:
        await queue.close()
    return answer.blob, answer.notes
