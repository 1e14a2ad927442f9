"""Comparisons: which pictures show what an axis does, each drawn once, and the sheets they are shown on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from bot.chat import Button, Card, ComparedTable, Request, Say, Shown
from bot.studio import cards, comparison_sheet
from bot.studio.comparison_sheet import ComparisonSheet
from bot.studio.contact_sheet import encoded
from bot.studio.uploads import measured
from engine.job import State
from engine.recipe import Recipe
from prompts import axes, options
from prompts.axes import AskedPicture, Axis, Value
from prompts.errors import Refusal
from prompts.infotext import reading
from prompts.prompt import Json, Options, merged
from storage import uploads, votes
from storage.database import Database
from storage.jobs import Kept
from storage.pictures import PictureRow

MOST = 100  # pictures
SQUARE = 9  # times as many pictures may be compared in a chat as one request may ask for
NUMBERED = 98  # pictures that have a button: Telegram takes a hundred, and there are others
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


def in_vain(given: Options, text: str) -> None:
    """Raises Refusal `compare.several`, `compare.unchecked` for what a text, or what stands beside it, wishes that no
    comparison does."""
    if not reading.pasted(text):  # whose fields are those of a picture that there is
        given = merged(given, (options.flags if given.raw else options.read_options)(text).options)
    if given.count and given.count > 1:
        raise Refusal("compare.several", count=given.count)
    if given.check:
        raise Refusal("compare.unchecked")


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


def kept_comparison(kept: Kept) -> Comparison | None:
    """What a job was compared by, as it reads today; None where it compares nothing, or axes are read otherwise now."""
    if kept.comparison is None or "said" not in kept.comparison:  # a lesson (bot/studio/lesson_cards.py) says none
        return None
    said, shows = str(kept.comparison["said"]), [int(str(one)) for one in cast(list[Json], kept.comparison["shows"])]
    try:
        read = axes.read(said)
    except Refusal:  # another version reads axes otherwise
        return None
    made = Comparison(said, read, axes.cells(read), kept.job.recipes, tuple(shows))
    return made if len(made.cells) == len(shows) else None


async def shown(db: Database, kept: Kept, rows: Sequence[PictureRow], card: Card) -> Card:
    """The last card of a job with its sheet instead of its pictures, and a number for each of them; as it is where
    nothing is compared, or not all of it is there any more."""
    made = kept_comparison(kept)
    content = await drawn(db, kept, rows) if card.state is State.DONE else None
    if made is None or content is None:
        return card
    sheet = await uploads.add_upload(db, kept.job.owner, content)
    told = await with_table(db, kept, made, rows, card)
    return replace(told, pictures=(Shown(sheet, sheet, *measured(content)),))


async def drawn(db: Database, kept: Kept, rows: Sequence[PictureRow]) -> bytes | None:
    """The sheet of a job's pictures; None where nothing is compared, or not all of it is there any more."""
    made = kept_comparison(kept)
    if made is None or len(rows) != len(kept.job.recipes):
        return None
    try:
        contents = [await db.files.get(row.hash) for row in rows]
    except Refusal:  # somebody took a file away
        return None
    return await asyncio.to_thread(one_sheet, made, contents)


async def with_table(db: Database, kept: Kept, made: Comparison, rows: Sequence[PictureRow], card: Card) -> Card:
    """The last card of a job as the table of its pictures, with what can be pressed under it, but for the sheet."""
    said, shows = made.said, made.shows
    numbers = tuple(  # of each picture the first place where it stands
        Button("compared_picture", row.id, label=Say("compare.number", {"number": shows.index(at) + 1}))
        for at, row in enumerate(rows)
    )
    numbered = len(numbers) <= NUMBERED
    given = await votes.of_job(db, kept.job.id)
    table = table_of(made, [cards.shown(row) for row in rows], [given[row.id] for row in rows], kept.job.id)
    vote = (Button("vote", kept.job.id, label=standing(table)),) if kept.comparison and is_shared(kept) else ()
    return replace(
        card,
        text=Say("compare.done" if numbered else "compare.done_many", {"said": said[:SAID], "count": len(rows)}),
        buttons=(*numbers, *vote) if numbered else vote,
        fields=tuple(line for line in card.fields if line.label.key == "recipe.time"),
        table=table,
    )


def cell_of(made: Comparison, rows: Sequence[PictureRow], row: PictureRow) -> int | None:
    """The first cell that a picture stands in, by its recipe; None for a picture of another job."""
    if row.recipe in made.recipes:
        return made.shows.index(made.recipes.index(row.recipe))
    at = next((at for at, one in enumerate(rows) if one.id == row.id), None)
    return None if at is None or len(rows) != len(made.recipes) else made.shows.index(at)


def is_shared(kept: Kept) -> bool:
    """Whether others see what a job compares, so that they can vote."""
    return bool(kept.comparison and kept.comparison.get("shared"))


def table_of(made: Comparison, pictures: Sequence[Shown], given: Sequence[int], job: str) -> ComparedTable:
    """The table of a comparison's pictures, with the votes of each."""
    across, down, each = (*made.axes, *_NOTHING[len(made.axes) :])
    return ComparedTable(
        tuple(_label(across, value) for value in across.values),
        tuple(_label(down, value) for value in down.values),
        tuple(_label(each, value) for value in each.values),
        tuple(pictures[at] for at in made.shows),
        tuple(given[at] for at in made.shows),
        job,
    )


def standing(table: ComparedTable) -> Say:
    """How the votes stand: which picture leads, or which do alike."""
    first = {one.id: at for at, one in reversed([*enumerate(table.cells, 1)])}
    given = {at: table.votes[at - 1] for at in sorted(first.values())}
    every, most = sum(given.values()), max(given.values())
    if not every:
        return Say("vote.none")
    ahead = [str(at) for at, count in given.items() if count == most]
    values: dict[str, str | int | float] = {"numbers": ", ".join(ahead), "votes": most, "all": every}
    return Say("vote.leads" if len(ahead) == 1 else "vote.tied", values)


def one_sheet(made: Comparison, contents: Sequence[bytes]) -> bytes:
    """All sheets of the pictures of the comparison's recipes beneath each other, as small as programs will open."""
    share = comparison_sheet.share([contents[at] for at in made.shows])
    return encoded(comparison_sheet.beneath(sheets(made, contents, share)), "PNG")


def sheets(comparison: Comparison, pictures: Sequence[bytes], share: float = 1.0) -> list[ComparisonSheet]:
    """The sheets, one for each value of the third axis, of the pictures of the comparison's recipes, each with so much
    of its sides."""
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
            share,
        )
        for at in range(count)
    ]


def _label(axis: Axis, value: Value) -> str:
    """What stands beside pictures: words that take the place of others stand by themselves."""
    return str(value) if axis.kind in ("replaced", "order", "lora") else f"{axis.title} {value}".strip()
