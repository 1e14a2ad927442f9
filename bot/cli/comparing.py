"""`bot.py compare`: one text drawn with several values of one, two or three things, on sheets; or two pictures by their
codes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from rich.console import Console

from bot import texts
from bot.buttons import comparing as begun
from bot.buttons import versus
from bot.chat import Say
from bot.cli.terminal import Beside, DrawnFrom, Seat, drawn, may_be_written, numbered, seated, write
from bot.settings.config import Config
from bot.studio import comparing
from bot.studio.contact_sheet import encoded
from engine.pixels.dressing import dressed
from prompts.prompt import Json, Options


async def compare(
    config: Config,
    text: str,
    said: str,
    beside: Beside,
    output: Path | None,
    language: str,
    console: Console,
    *,
    quiet: bool,
) -> None:
    """Draw a text with every value that is said of the axes, and write the sheets: what it will be is told before it
    begins. Of two codes it tells what differs in their recipes, on the sheet are their pictures. Raises Refusal where
    there is no picture."""
    may_be_written(output)
    async with seated(config, language, console, quiet=quiet) as seat:
        codes = [text.strip().casefold(), said.strip().casefold()]
        if all(map(versus.CODE.fullmatch, codes)):
            await _two(seat, codes, output, language, console, quiet=quiet)
            return
        request = await seat.request(text, beside, DrawnFrom())
        comparing.in_vain(request.options, text)
        made = await comparing.compared(begun.anew(seat.studio), request, text, said, comparing.MOST)
        columns, rows, count = made.shape
        if not quiet:
            seconds = seat.studio.queue.estimate.together(made.recipes)
            sketch = {"columns": columns, "rows": rows, "sheets": count, "count": len(made.recipes), "seconds": seconds}
            console.print(texts.say(language, "compare.sketch", **sketch), markup=False)
        await seat.studio.submit(request, made.recipes)
        card, found = await drawn(seat)
        contents = [await seat.studio.db.files.get(row.hash) for row in found]
        sheets = await asyncio.to_thread(comparing.sheets, made, contents)
        cells: list[Json] = []
        for index, sheet in enumerate(sheets):
            path = numbered(output or Path(f"{seat.chat.job}.png"), index)
            await asyncio.to_thread(write, path, dressed(encoded(sheet.image, "PNG"), card.papers))
            for place, box in enumerate(sheet.boxes, start=index * columns * rows):
                row = found[made.shows[place]]
                values: dict[str, Json] = dict(made.values(place))
                cells.append({"values": values, "box": list(box), "sheet": str(path), "recipe": row.recipe.to_json()})
            if not quiet:
                console.print(texts.say(language, "console.written", file=str(path)), markup=False, style="bold")
        if quiet:
            print(json.dumps({"cells": cells}, ensure_ascii=False))


async def _two(
    seat: Seat, codes: list[str], output: Path | None, language: str, console: Console, *, quiet: bool
) -> None:
    """Write the sheet of two pictures, and tell what differs in their recipes."""
    request = await seat.request("", Beside(Options(), "", ()), DrawnFrom())
    rows = [await versus.found(seat.studio, request, code) for code in codes]
    path = output or Path(f"{'-'.join(codes)}.png")
    await asyncio.to_thread(write, path, await versus.drawn(seat.studio.db, rows))
    lines = [
        [_words(line.label, language), _words(line.value, language)]
        for line in versus.differences(rows[0].recipe, rows[1].recipe)
    ]
    if quiet:
        print(json.dumps({"differences": lines, "sheet": str(path)}, ensure_ascii=False))
        return
    key = "versus.differ" if lines else "versus.same"
    told = [texts.say(language, key, count=len(lines)), *(f"{label}: {value}" for label, value in lines)]
    console.print("\n".join(told), markup=False)
    console.print(texts.say(language, "console.written", file=str(path)), markup=False, style="bold")


def _words(said: Say | str, language: str) -> str:
    return said if isinstance(said, str) else texts.say(language, said.key, **said.values)
