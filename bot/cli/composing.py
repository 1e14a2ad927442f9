"""What the assistant makes of texts, told on the command line: of one as a table or JSON, of lines as a row of JSON
each."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import TextIOWrapper

from rich.console import Console

from bot.cli.prompt_table import prompt_table
from bot.settings.config import Config
from bot.studio.findings import lengths, look
from bot.studio.translators import local_words, translators
from bot.texts import say
from engine.files import catalog
from engine.files.named_here import here
from prompts.clip_tokens import meter
from prompts.compose import compose, to_public_json
from prompts.doctor import Finding
from prompts.errors import Refusal
from prompts.infotext import reading
from prompts.prompt import Json, Options, Prompt, merged
from prompts.safety import judge
from prompts.safety.signs import verdict
from prompts.tag_neighbours import called
from prompts.tag_table import TagTable
from prompts.translate.chain import close
from prompts.translate.personal_dictionary import with_personal
from storage.sqlite_file import begun

LOADING = 600.0  # seconds that a local reader may take to be loaded: a command is over before a second wish

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Composed:
    prompt: Prompt
    options: Options
    findings: tuple[Finding, ...]
    embeddings: Mapping[str, int]

    def to_json(self) -> dict[str, Json]:
        counts: list[Json] = list(meter(self.prompt.positive, embeddings=self.embeddings))
        unwanted: list[Json] = list(meter(self.prompt.negative, embeddings=self.embeddings))
        told: dict[str, Json] = {"tokens": counts, "negative_tokens": unwanted}
        tags: list[Json] = [*tag_rows(self.prompt, self.embeddings)]
        told |= {"findings": [one.to_json() for one in self.findings], "tags": tags}
        return to_public_json(self.prompt, self.options) | told


def tag_rows(prompt: Prompt, embeddings: Collection[str]) -> Iterator[Json]:
    """The rows of a prompt's tag table: side, kind, text, weight, part, and what each is called in Chinese."""
    for row in TagTable.of(prompt, embeddings).rows:
        name = row.source or ("" if row.sign or row.lora else called(row.text))
        yield {
            "side": row.side,
            "kind": row.kind,
            "text": row.text,
            "weight": row.weight,
            "part": row.part,
            "chinese": name,
            "off": row.off,
            "locked": row.locked,
        }


_Composing = Callable[[str], Awaitable[_Composed]]


async def show(composing: _Composing, text: str, language: str, out: Console, *, as_json: bool) -> None:
    """Prints what becomes of a text. Raises Refusal where nothing does."""
    made = await composing(text)
    if as_json:
        _print_json(made.to_json())
    else:
        out.print(prompt_table(made.prompt, language, made.embeddings, made.findings))


async def show_lines(composing: _Composing, language: str) -> None:
    """Prints a row of JSON for every line of the standard input, whatever stands in it and in the others."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    for line in sys.stdin:
        try:
            row = (await composing(line.rstrip("\n"))).to_json()
        except Refusal as refusal:
            row = {"error": say(language, refusal.key, **refusal.values), "key": refusal.key}
            row |= {"notes": [note.to_json() for note in refusal.notes]} if refusal.notes else {}
        except Exception as error:  # a mistake of ours ends no run of a thousand lines
            _log.debug("a line failed", exc_info=error)
            row = {
                "error": say(language, "cli.unexpected", problem=f"{type(error).__name__}: {error}"),
                "key": "cli.unexpected",
            }
        _print_json(row)


@asynccontextmanager
async def composing(
    config: Config, model: str | None, negative: str, raw: bool, sentence: str | None = None
) -> AsyncIterator[_Composing]:
    """What makes prompts of texts as the settings have it, each changed by the sentence if there is one, refusing what
    is never drawn."""
    folders = config.engine.folders
    drawing = catalog.model(catalog.models(folders), model or config.engine.model, folders)
    asked = translators(config, patience=LOADING)
    chain = with_personal(await local_words(config), asked)
    wildcards = (config.data.folder / "wildcards",)

    async def composed(text: str) -> _Composed:
        text = reading.as_block(text)
        text_says = judge.signs_of_text(text, wildcards) | judge.unwanted(negative, wildcards)
        text_says |= judge.signs_of_text(sentence or "", wildcards)
        if verdict(text_says) == "never":
            raise Refusal("access.minors")
        made, options = await compose(
            text, translators=chain, negative=negative, raw=raw, family=drawing.presets, wildcards=wildcards
        )
        if pasted := reading.pasted(text):
            async with _known_files(config):
                found_here = await asyncio.to_thread(here, pasted.infotext, made, options, config.engine.folders)
            made, options = found_here.prompt, found_here.options
        if sentence is not None:
            from prompts.edit.edited import edit  # only now: its many patterns take a while to compile

            edited = await edit(made, sentence, translators=chain, family=drawing.presets)
            made, options = edited.prompt, merged(options, edited.options)
        made_says = judge.signs(made, folders=wildcards)
        if verdict(made_says) == "never":
            raise Refusal("access.minors")
        made = judge.decent(made, made_says)
        found = tuple(look(made, drawing, config.engine.folders))
        counted = lengths(drawing, config.engine.folders, made)
        return _Composed(made, replace(options, raw=options.raw or raw), found, counted)

    try:
        yield composed
    finally:
        await close(asked)


@asynccontextmanager
async def _known_files(config: Config) -> AsyncIterator[None]:
    """With what was found out about the model files in earlier runs, and keeping what is found out in this one: hashes
    of gigabytes are computed once. Without a database, for this run alone."""
    if not begun(config.storage.address, config.data.folder):
        yield
        return
    from bot.models import model_files  # only now: SQLAlchemy takes a third of a second
    from storage.database import Database

    try:
        db = await Database.open(config.storage.address, config.data.folder, config.storage.bucket)
    except Refusal as refusal:
        _log.warning("what is known of the model files cannot be read: %s", refusal)
        yield
        return
    try:
        await model_files.recall(db)
        yield
        await model_files.remember(db)
    finally:
        await db.close()


def _print_json(value: Json) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)
