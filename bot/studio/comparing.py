"""Comparisons: which pictures show what an axis does, each drawn once, and the sheets they are shown on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from bot.chat import Button, Card, Request, Say, Shown
from bot.studio import comparison_sheet
from bot.studio.comparison_sheet import ComparisonSheet
from bot.studio.contact_sheet import encoded
from bot.studio.uploads import measured
from engine.job import State
from engine.recipe import Recipe
from prompts import axes
from prompts.axes import AskedPicture, Axis, Value
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import uploads
from storage.database import Database
from storage.jobs import Kept
from storage.pictures import PictureRow

MOST = 100  # pictures
SQUARE = 9  # times as many pictures may be compared in a chat as one request may ask for
NUMBERED = 25  # pictures that have a button: Discord takes no more
SAID = 200  # characters of what was said that a card tells


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was said, the axes that it says, one value of each for every cell (sheet by sheet, row by row), the recipes
    that are drawn, and which of them each cell shows: what an axis does not change is drawn once."""

    said: str
    axes: tuple[Axis, ...]
    cells: tuple[tuple[Value, ...], ...]
    recipes: tuple[Recipe, ...]
    shows: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many columns, rows and sheets there are."""
        columns, rows, sheets = (len(axis.values) for axis in (*self.axes, *_NOTHING[len(self.axes) :]))
        return columns, rows, sheets

    def to_json(self) -> dict[str, Json]:
        """What a job keeps of it beside its recipes."""
        return {"said": self.said, "shows": list(self.shows)}

    def values(self, cell: int) -> dict[str, Value]:
        """What a cell has of each axis, by the axes' titles."""
        return {axis.title: value for axis, value in zip(self.axes, self.cells[cell], strict=True)}


_NOTHING = (Axis("", "", "", ("",)),) * axes.MOST_AXES


# The recipes of a request with what a cell asks for beside it.
RecipesOf = Callable[[Request, AskedPicture], Awaitable[Sequence[Recipe]]]


async def compared(recipes_of: RecipesOf, request: Request, text: str, said: str, most: int) -> Comparison:
    """What a text is compared by, in at most so many pictures. All is drawn with one seed, unless seeds are compared.
    Raises Refusal for axes that are none, more pictures than that or several to draw over (`compare.…`), and for what
    cannot be drawn."""
    read = axes.read(said)
    cells = axes.cells(read)
    if len(cells) > most:
        raise Refusal("compare.too_many", count=len(cells), limit=most)
    recipes: list[Recipe] = []
    shows: list[int] = []
    # What is added to a short text goes by its words: where these are compared, nothing else is to differ.
    plain = any(axis.kind in ("replaced", "order") for axis in read)
    given = replace(request.options, count=1, plain=request.options.plain or plain)
    for values in cells:
        asked = axes.asked(text, read, values, raw=given.raw)
        made = await recipes_of(replace(request, options=given), asked)
        if len(made) > 1:
            raise Refusal("compare.one_picture", count=len(made))
        recipe = made[0]
        if given.seed is None and asked.options.seed is None:
            given = replace(given, seed=recipe.seed)
        if recipe not in recipes:
            recipes.append(recipe)
        shows.append(recipes.index(recipe))
    return Comparison(said, read, cells, tuple(recipes), tuple(shows))


async def shown(db: Database, kept: Kept, rows: Sequence[PictureRow], card: Card) -> Card:
    """The last card of a job with its sheet instead of its pictures, and a number for each of them; as it is where
    nothing is compared, or not all of it is there any more."""
    if kept.comparison is None or card.state is not State.DONE or len(rows) != len(kept.job.recipes):
        return card
    said, shows = str(kept.comparison["said"]), [int(str(one)) for one in cast(list[Json], kept.comparison["shows"])]
    try:
        read = axes.read(said)
        contents = [await db.files.get(row.hash) for row in rows]
    except Refusal:  # another version reads axes otherwise, or somebody took a file away
        return card
    made = Comparison(said, read, axes.cells(read), kept.job.recipes, tuple(shows))
    if len(made.cells) != len(shows):
        return card
    content = await asyncio.to_thread(_one_sheet, made, contents)
    sheet = await uploads.add_upload(db, kept.job.owner, content)
    numbers = tuple(  # of each picture the first place where it stands
        Button("compared_picture", row.id, label=Say("compare.number", {"number": shows.index(at) + 1}))
        for at, row in enumerate(rows)
    )
    numbered = len(numbers) <= NUMBERED
    return replace(
        card,
        text=Say("compare.done" if numbered else "compare.done_many", {"said": said[:SAID], "count": len(rows)}),
        pictures=(Shown(sheet, sheet, *measured(content)),),
        buttons=numbers if numbered else (),
        fields=tuple(line for line in card.fields if line.label.key == "recipe.time"),
    )


def _one_sheet(made: Comparison, contents: Sequence[bytes]) -> bytes:
    return encoded(comparison_sheet.beneath(sheets(made, contents)), "PNG")


def sheets(comparison: Comparison, pictures: Sequence[bytes]) -> list[ComparisonSheet]:
    """The sheets, one for each value of the third axis, of the pictures of the comparison's recipes."""
    columns, rows, count = comparison.shape
    across, down, each = (*comparison.axes, *_NOTHING[len(comparison.axes) :])
    shown = [pictures[at] for at in comparison.shows]
    size = columns * rows
    return [
        comparison_sheet.lay_out(
            shown[at * size : (at + 1) * size],
            [_label(across, value) for value in across.values],
            [_label(down, value) for value in down.values],
            _label(each, each.values[at]),
        )
        for at in range(count)
    ]


def _label(axis: Axis, value: Value) -> str:
    """What stands beside pictures: words that take the place of others stand by themselves."""
    return str(value) if axis.kind in ("replaced", "order", "lora") else f"{axis.title} {value}".strip()
