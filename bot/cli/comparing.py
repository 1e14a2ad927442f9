"""`bot.py compare`: one text drawn with several values of one, two or three things, on sheets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from rich.console import Console

from bot import texts
from bot.buttons import comparing as begun
from bot.cli.terminal import Beside, DrawnFrom, drawn, may_be_written, numbered, seated, write
from bot.settings.config import Config
from bot.studio import comparing
from bot.studio.contact_sheet import encoded
from engine.pixels.dressing import dressed
from prompts.prompt import Json


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
    begins. Raises Refusal where there is no picture."""
    may_be_written(output)
    async with seated(config, language, console, quiet=quiet) as seat:
        request = await seat.request(text, beside, DrawnFrom())
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
