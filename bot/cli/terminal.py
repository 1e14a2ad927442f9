"""How the command line draws a text."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from rich.console import Console

from bot import texts
from bot.app import studio
from bot.buttons import checking
from bot.chat import Card, Person, Request, Say, Upload
from bot.cli.prompt_table import prompt_table
from bot.commands import imagine
from bot.commands.table import command_of
from bot.desk import StudioDesk
from bot.platforms.console import ConsoleChat
from bot.settings.config import Config
from bot.studio import cards, uploads
from bot.studio.cards import recipe_fields
from bot.studio.findings import lengths
from bot.studio.studio import Studio, new_id
from engine.job import State
from engine.pixels.dressing import dressed
from prompts import axes
from prompts.errors import Refusal
from prompts.grammar import networks
from prompts.options import flags, loras_written
from prompts.prompt import Json, LoraUse, Options
from storage import jobs, pictures
from storage.jobs import Place
from storage.pictures import PictureRow


@dataclass(frozen=True, slots=True)
class Beside:
    """What options beside a text say that only texts know elsewhere."""

    options: Options
    negative: str
    loras: tuple[LoraUse, ...]


def beside(words: Sequence[str]) -> Beside:
    """What the rest of a command line says, read as the options of a text. Raises Refusal for words that are none, and
    for an unknown option."""
    line = " ".join(f'"{word}"' if re.search(r"[\s,，、。；]", word) else word for word in words)
    rest, loras, _ = networks(loras_written(line))
    asked = flags(rest)
    if asked.text.strip() or asked.kept:
        raise Refusal("cli.extra_words", words=(asked.text.strip() or asked.kept)[:80])
    return Beside(asked.options, asked.negative, loras)


@dataclass(frozen=True, slots=True)
class DrawnFrom:
    """The files that a text comes with: a picture to draw over, those of the controls that the options ask for, and a
    map that is painted for regions."""

    image: Path | None = None
    guides: Sequence[Path] = ()
    regions_map: Path | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody at this machine before a studio: the page's own person, so that there is one history for both."""

    studio: Studio
    person: Person
    chat: ConsoleChat
    key: str

    async def request(self, text: str, beside: Beside, drawn_from: DrawnFrom) -> Request:
        """What they ask for. Raises Refusal for a file that is no picture."""
        maps = await _checked(drawn_from.regions_map)
        return Request(
            person=self.person,
            place=Place("console", self.key),
            text=text,
            key=f"console:{self.key}",
            files=await _checked(drawn_from.image),
            guides=await _checked(*drawn_from.guides),
            region_map=maps[0] if maps else None,
            options=beside.options,
            negative=beside.negative,
            loras=beside.loras,
        )


@asynccontextmanager
async def seated(config: Config, language: str, console: Console, *, quiet: bool) -> AsyncIterator[Seat]:
    """A studio for one command; what is being drawn when it is interrupted is given up."""
    async with studio(config) as made:
        # What draws here is no NVIDIA card for most: the noise of torch's own generator is what scripts compare with.
        made.rules = replace(made.rules, draw=replace(made.rules.draw, rng="CPU"))
        person = await made.person("web", "local", language=language)
        chat = ConsoleChat(console, language, quiet=quiet)
        await made.open([chat], StudioDesk(made), resume=False)  # what an interrupted command left is nobody's any more
        try:
            yield Seat(made, person, chat, new_id())
        except asyncio.CancelledError:  # Ctrl-C
            if chat.job:
                await jobs.end(made.db, chat.job, State.CANCELLED)
                await jobs.answered(made.db, chat.job)
            raise
        finally:
            await chat.close()


async def drawn(seat: Seat) -> tuple[Card, Sequence[PictureRow]]:
    """The last card of what was submitted, and its pictures. Raises Refusal where there are none."""
    await seat.studio.queue.start()
    card = await seat.chat.answer
    if card.state is not State.DONE:
        raise Refusal(card.text.key, **card.text.values)
    return card, await pictures.of_job(seat.studio.db, seat.chat.job)


def may_be_written(output: Path | None) -> None:
    """Raises Refusal where no picture could be written there."""
    if output is not None and output.suffix.lower() not in ("", ".png"):
        raise Refusal("cli.out_kind", file=output.name)
    if output is not None and not output.absolute().parent.is_dir():
        raise Refusal("cli.no_folder", folder=str(output.absolute().parent))


async def draw(
    config: Config,
    text: str,
    beside: Beside,
    drawn_from: DrawnFrom,
    output: Path | None,
    language: str,
    console: Console,
    *,
    quiet: bool,
) -> None:
    """Draw a text through the whole road, write the pictures, print the recipe; a greeting or a command ("/help draw")
    is answered in words. Raises Refusal where there is no picture."""
    may_be_written(output)
    async with seated(config, language, console, quiet=quiet) as seat:
        made = seat.studio
        called = text.strip() and not beside.options.raw
        command, rest = command_of(text) if called else (imagine.COMMAND, text)
        answer = await command.run(made, await seat.request(text, beside, drawn_from), rest)
        if answer is not None:
            lying = [made.db.files.place(one.hash) for one in answer.pictures]
            unused = beside != Beside(Options(), "", ()) or output
            lying += [texts.say(language, "cli.beside")] if unused and command is not imagine.COMMAND else []
            if any(button.action == "compare" for button in answer.buttons):  # there is nothing to press here
                lying.append(" ".join(["python bot.py compare", *map(shlex.quote, axes.parted(rest))]))
            _tell(console, answer, lying, language, as_json=quiet)
            return
        card, found = await drawn(seat)
        written: list[tuple[PictureRow, Path]] = []
        for index, row in enumerate(found):
            path = numbered(output or Path(f"{row.id}.png"), index)
            await asyncio.to_thread(write, path, dressed(await made.db.files.get(row.hash), card.papers))
            written.append((row, path))
        sheet = await _sheet(made, card, found, output)
        kept = await jobs.get(made.db, card.job or "")  # which knows of one that a favourite asked for, too
        wanted = kept is not None and kept.check
        checks = await _checks(seat, found) if wanted else []
    if quiet:
        results: list[Json] = [
            {"file": str(path), "seed": row.recipe.seed, "seconds": row.seconds, "recipe": row.recipe.to_json()}
            for row, path in written
        ]
        for result, check in zip(results, checks, strict=False):
            cast(dict[str, Json], result)["check"] = _said(language, check.text)
        told: dict[str, Json] = {"sheet": str(sheet), "answer": _said(language, card.text)} if sheet else {}
        print(json.dumps({"pictures": results, **told}, ensure_ascii=False))
        return
    if card.prompt:
        model = await made.model(written[0][0].recipe.model)
        console.print(prompt_table(card.prompt, language, lengths(model, config.engine.folders, card.prompt)))
    for row, path in written:
        for line in recipe_fields(row.recipe)[1:]:  # the text itself was typed a moment ago
            console.print(f"{_said(language, line.label)}: {_said(language, line.value)}", markup=False)
        console.print(texts.say(language, "console.written", file=str(path)), markup=False, style="bold")
    if sheet:
        console.print(_said(language, card.text), markup=False)
        console.print(texts.say(language, "console.written", file=str(sheet)), markup=False, style="bold")
    for check in checks:
        _tell(console, check, (), language, as_json=False)


async def _sheet(studio: Studio, card: Card, found: Sequence[PictureRow], output: Path | None) -> Path | None:
    """Where the sheet was written on which the answer shows its pictures; None where it shows them as they are."""
    if not card.pictures or any(one.id == row.id for one in card.pictures for row in found):
        return None
    path = output.with_stem(f"{output.stem}-sheet") if output else Path(f"{card.job}.png")
    await asyncio.to_thread(write, path, await studio.db.files.get(card.pictures[0].hash))
    return path


async def _checks(seat: Seat, rows: Sequence[PictureRow]) -> list[Card]:
    """What of the prompt is in each picture, or why nobody can say."""
    found = []
    for row in rows:
        try:
            found.append(await checking.of_picture(seat.studio, seat.person, row))
        except Refusal as refusal:
            found.append(cards.error(refusal))
    return found


def _tell(console: Console, card: Card, files: Sequence[str], language: str, *, as_json: bool) -> None:
    """Print a card that is no picture of a job: its words, where its pictures lie, and what its buttons stand for where
    that can be typed here."""
    lines = [_said(language, card.text)]
    lines += [f"{_said(language, line.label)}: {_said(language, line.value)}" for line in card.fields]
    lines += files
    for button in card.buttons:
        label = _said(language, button.label) if button.label else ""
        if button.action == "example":
            lines.append(f'python bot.py imagine "{label}"')
        elif button.action == "help":
            topic = "" if button.target == "topics" else f" {button.target}"
            lines.append(f'python bot.py imagine "/help{topic}"  {label}')
    if as_json:
        print(json.dumps({"answer": lines[0], "lines": lines[1:]}, ensure_ascii=False))
    else:
        console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _said(language: str, what: Say | str) -> str:
    return what if isinstance(what, str) else texts.say(language, what.key, **what.values)


def numbered(path: Path, index: int) -> Path:
    """The first picture gets the name asked for, the others a number."""
    return path if index == 0 else path.with_stem(f"{path.stem}-{index + 1}")


def write(path: Path, content: bytes) -> None:
    """Raises Refusal `cli.not_written`, and leaves no half of a file."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Refusal("cli.not_written", file=str(path), reason=error.strerror or "") from error


async def _checked(*paths: Path | None) -> tuple[Upload, ...]:
    return tuple([await asyncio.to_thread(uploads.checked, _upload(one)) for one in paths if one])


def _upload(path: Path) -> Upload:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refusal("cli.not_read", file=str(path), reason=error.strerror or "") from error
    return Upload(path.name, content)
