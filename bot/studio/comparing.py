"""Comparisons: which pictures show what an axis does, each drawn once, and the sheets they are shown on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.chat import Request
from bot.studio import comparison_sheet
from bot.studio.comparison_sheet import ComparisonSheet
from bot.studio.recipes import merged
from bot.studio.studio import Studio
from engine.recipe import Recipe
from prompts import axes
from prompts.axes import Axis, Value
from prompts.errors import Refusal

MOST = 100  # pictures


@dataclass(frozen=True, slots=True)
class Comparison:
    """The axes, one value of each for every cell (sheet by sheet, row by row), the recipes that are drawn, and which of
    them each cell shows: what an axis does not change is drawn once."""

    axes: tuple[Axis, ...]
    cells: tuple[tuple[Value, ...], ...]
    recipes: tuple[Recipe, ...]
    shows: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many columns, rows and sheets there are."""
        columns, rows, sheets = (len(axis.values) for axis in (*self.axes, *_NOTHING[len(self.axes) :]))
        return columns, rows, sheets

    def values(self, cell: int) -> dict[str, Value]:
        """What a cell has of each axis, by the axes' titles."""
        return {axis.title: value for axis, value in zip(self.axes, self.cells[cell], strict=True)}


_NOTHING = (Axis("", "", "", ("",)),) * axes.MOST_AXES


async def compared(studio: Studio, request: Request, text: str, said: str) -> Comparison:
    """What a text is compared by. All is drawn with one seed, unless seeds are compared. Raises Refusal for axes that
    are none (`compare.…`), for more pictures than may be, and for what cannot be drawn."""
    read = axes.read(said)
    cells = axes.cells(read)
    if len(cells) > MOST:
        raise Refusal("compare.too_many", count=len(cells), limit=MOST)
    recipes: list[Recipe] = []
    shows: list[int] = []
    # What is added to a short text goes by its words: where these are compared, nothing else is to differ.
    plain = any(axis.kind in ("replaced", "order") for axis in read)
    given = replace(request.options, count=1, plain=request.options.plain or plain)
    for values in cells:
        asked = axes.asked(text, read, values)
        own = replace(request, options=merged(given, asked.options), loras=(*request.loras, *asked.loras))
        [recipe] = await studio.recipes(own, asked.text)
        if given.seed is None and asked.options.seed is None:
            given = replace(given, seed=recipe.seed)
        if recipe not in recipes:
            recipes.append(recipe)
        shows.append(recipes.index(recipe))
    return Comparison(read, cells, tuple(recipes), tuple(shows))


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
