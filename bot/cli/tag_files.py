"""`python bot.py tags`: the tags of pictures in files, without a chat or a database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from bot import texts
from bot.buttons import papers
from bot.chat import Say, Upload
from bot.settings.config import Config
from bot.studio import tag_cards, uploads
from bot.studio.tag_options import CaptionStyle
from engine.files import taggers
from engine.queue.queue import Queue
from engine.tagging import PictureTags, Thresholds, caption, threshold
from engine.wire import ReadTags
from prompts.errors import Refusal


@dataclass(frozen=True, slots=True)
class TagFilesWish:
    """What is asked for on the command line; `captions` writes a text file beside each picture, in this style."""

    files: Sequence[Path]
    reader: str = ""
    general: float | None = None
    character: float | None = None
    rating: float | None = None
    mcut: bool = False
    captions: bool = False
    style: CaptionStyle = field(default_factory=CaptionStyle)

    def limits(self, usual: Thresholds) -> Thresholds:
        """The thresholds that were said, else the usual ones. Raises Refusal `tags.threshold`."""
        said = {"general": self.general, "character": self.character, "rating": self.rating}
        values = {name: getattr(usual, name) if one is None else threshold(name, one) for name, one in said.items()}
        return Thresholds(**values, mcut=self.mcut)


async def show(config: Config, wish: TagFilesWish, language: str, out: Console, *, as_json: bool) -> None:
    """Print the tags of each file, as a table or a JSON object a line, or write captions. Raises Refusal."""
    usual = Thresholds(config.tags.general, config.tags.character, config.tags.rating)
    limits, reader = wish.limits(usual), wish.reader or config.tags.reader
    for path in wish.files:  # before a worker is started for nothing; what they hold together may be too much to keep
        await asyncio.to_thread(_read, path)
    if wish.captions:
        _apart(wish.files)
    taggers.chosen(reader, config.engine.taggers, config.engine.folders)
    async with TagQueue(config, lambda name: _read(wish.files[int(name)])) as queue:
        for number, path in enumerate(wish.files):
            asked = ReadTags(
                f"tags{number}", str(number), reader, limits.general, limits.character, limits.rating, limits.mcut
            )
            found = PictureTags.from_json((await queue.read_tags(asked)).tags)
            if wish.captions:
                _write(path, found, wish.style, language, out, quiet=as_json)
            if as_json:
                _print(path, found, await asyncio.to_thread(_read, path))
            elif not wish.captions:
                _table(path, found, language, out)


def _apart(files: Sequence[Path]) -> None:
    """Refuse pictures whose captions would be one file: trainings find a caption by the picture's name alone."""
    known: dict[Path, Path] = {}
    for path in files:
        other = known.setdefault(path.absolute().with_suffix(".txt"), path)
        if other.absolute() != path.absolute():
            raise Refusal("cli.one_caption", file=str(path), other=str(other), caption=path.with_suffix(".txt").name)


def _read(path: Path) -> bytes:
    """The picture in a file, as the bot may use it. Raises Refusal `cli.not_read`, `upload.…`."""
    try:
        return uploads.checked(Upload(path.name, path.read_bytes())).content
    except OSError as error:
        raise Refusal("cli.not_read", file=str(path), reason=error.strerror or "") from error


class TagQueue:
    """A queue for pictures of which `read` gives the files by the names that they are asked for with, and a worker that
    has loaded no model."""

    def __init__(self, config: Config, read: Callable[[str], bytes]) -> None:
        from bot.app import pool  # only now: it brings the whole program along

        async def file(name: str) -> bytes:
            return await asyncio.to_thread(read, name)

        async def heard(news: object) -> None:
            """Nothing is drawn here."""

        bare = config.model_copy(update={"engine": config.engine.model_copy(update={"model": ""})})
        self._queue = Queue(pool(bare), heard, file, per_person=1, in_all=1)

    async def __aenter__(self) -> Queue:
        await self._queue.start()
        return self._queue

    async def __aexit__(self, *_: object) -> None:
        await self._queue.close()


def _print(path: Path, found: PictureTags, content: bytes) -> None:
    paper = papers.read(content)
    recipe = paper.recipe.to_json() if paper.recipe else None
    prompt = paper.recipe.prompt.positive if paper.recipe else paper.infotext.positive if paper.infotext else ""
    told = {"file": str(path), **tag_cards.as_json(found), "prompt": prompt, "recipe": recipe}
    print(json.dumps(told, ensure_ascii=False), flush=True)


def _table(path: Path, found: PictureTags, language: str, out: Console) -> None:
    card = tag_cards.told(found, language)
    out.print(f"{path}: {texts.say(language, card.text.key, **card.text.values)}", markup=False, soft_wrap=True)
    for line in card.fields:
        value = texts.say(language, line.value.key, **line.value.values) if isinstance(line.value, Say) else line.value
        out.print(texts.say(language, line.label.key, **line.label.values), style="bold", markup=False)
        out.print(value, markup=False, soft_wrap=True)


def _write(path: Path, found: PictureTags, style: CaptionStyle, language: str, out: Console, *, quiet: bool) -> None:
    names = [one.name for one in found.shown]
    text = caption(names, trigger=style.trigger, underscores=style.underscores, escaped=style.escaped)
    file = path.with_suffix(".txt")
    try:
        file.write_text(f"{text}\n", "utf-8")
    except OSError as error:
        raise Refusal("cli.not_written", file=str(file), reason=error.strerror or "") from error
    if not quiet:
        out.print(texts.say(language, "console.written", file=str(file)), markup=False, soft_wrap=True)
