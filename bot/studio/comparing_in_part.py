"""Comparisons of which some pictures are missing: given up on the way, and drawn to their end later."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image, ImageDraw, ImageFont

from bot import texts
from bot.chat import Button, Card, Say, Shown
from bot.studio import cards, comparing
from bot.studio.comparing import Comparison
from bot.studio.comparison_sheet import FONT
from bot.studio.uploads import measured
from engine.job import State
from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import jobs, pictures, uploads
from storage.database import Database
from storage.jobs import Kept
from storage.pictures import PictureRow

EMPTY, INK = (235, 235, 235), (110, 110, 110)
OF = "of"  # in what a job keeps: the comparison that it draws the rest of


def keeps(kept: Kept | None) -> bool:
    """Whether what is finished of a job stays when it is given up."""
    return kept is not None and kept.comparison is not None and "said" in kept.comparison


def rest_of(kept: Kept) -> dict[str, Json]:
    """What a job keeps that draws the rest of a comparison: it has no sheet of its own."""
    assert kept.comparison
    return {"said": kept.comparison["said"], "shows": [], OF: kept.job.id}


async def whole(db: Database, kept: Kept) -> Kept:
    """The comparison that a job is, or draws the rest of."""
    if kept.comparison and OF in kept.comparison:
        return await jobs.get(db, str(kept.comparison[OF])) or kept
    return kept


def missing(kept: Kept, rows: Sequence[PictureRow]) -> tuple[Recipe, ...]:
    """The recipes of a job that none of these pictures is drawn by."""
    there = {row.recipe.code for row in rows}
    return tuple(recipe for recipe in kept.job.recipes if recipe.code not in there)


async def shown(db: Database, kept: Kept, rows: Sequence[PictureRow], card: Card) -> Card:
    """The last card of a job with its sheet instead of its pictures, also where it was given up before all were drawn,
    or drew what had been missing of another; as it is where nothing is compared."""
    if not keeps(kept):
        return card
    whole, rows = await _joined(db, kept, rows)
    if whole is None:
        return card
    if whole is not kept and card.state is not State.FAILED:
        card = cards.ended(whole.job, rows, "", {}, kept.spoiler or whole.spoiler, kept.took)
        card = replace(card, job=kept.job.id)
    if card.state is State.CANCELLED and rows:
        return await _in_part(db, whole, rows, card)
    return await comparing.shown(db, whole, rows, card)


async def _joined(db: Database, kept: Kept, rows: Sequence[PictureRow]) -> tuple[Kept | None, Sequence[PictureRow]]:
    """The comparison that a job is, with its pictures; where it draws the rest of another, that one, which has these
    pictures from now on; None where that is gone."""
    if not kept.comparison or OF not in kept.comparison:
        return kept, rows
    whole = await jobs.get(db, str(kept.comparison[OF]))
    if whole is None:
        return None, rows
    every = (*await pictures.of_job(db, whole.job.id), *rows)
    by_code = {row.recipe.code: row for row in reversed(every)}
    own = [by_code[recipe.code] for recipe in whole.job.recipes if recipe.code in by_code]
    if rows:
        await pictures.gather(db, whole.job.id, [row.id for row in own])
    if len(own) == len(whole.job.recipes):
        await jobs.complete(db, whole.job.id)
        whole = replace(whole, job=replace(whole.job, state=State.DONE))
    return whole, own


async def _in_part(db: Database, kept: Kept, rows: Sequence[PictureRow], card: Card) -> Card:
    """The card of a comparison of which not all is drawn: its sheet with empty cells, numbers for those that are."""
    made = comparing.kept_comparison(kept)
    if made is None:
        return card
    by_code = {row.recipe.code: row for row in rows}
    known = [by_code.get(recipe.code) for recipe in made.recipes]
    try:
        contents = [None if row is None else await db.files.get(row.hash) for row in known]
    except Refusal:  # somebody took a file away
        return card
    word = texts.say(kept.language, "compare.not_drawn")
    content = await asyncio.to_thread(_sheet, made, contents, word, (rows[0].width, rows[0].height))
    sheet = await uploads.add_upload(db, kept.job.owner, content)
    numbers = tuple(
        Button("compared_picture", row.id, label=Say("compare.number", {"number": made.shows.index(at) + 1}))
        for at, row in enumerate(known)
        if row is not None
    )
    values: dict[str, str | int | float] = {"said": made.said[: comparing.SAID], "count": len(numbers)}
    return replace(
        card,
        text=Say("compare.in_part", values | {"all": len(made.recipes)}),
        state=State.DONE,  # as a platform takes it: there is something to see
        pictures=(Shown(sheet, sheet, *measured(content)),),
        buttons=(Button("compare_rest", kept.job.id), *(numbers if len(numbers) < comparing.NUMBERED else ())),
        fields=tuple(line for line in card.fields if line.label.key == "recipe.time"),
    )


def _sheet(made: Comparison, contents: Sequence[bytes | None], word: str, usual: tuple[int, int]) -> bytes:
    """The sheets beneath each other, with the word in cells that have no picture, each as large as those with a
    recipe of its size, or as is `usual`."""
    sizes: dict[tuple[int, int], tuple[int, int]] = {}
    for recipe, content in zip(made.recipes, contents, strict=True):
        if content:
            sizes[recipe.width, recipe.height] = measured(content)
    filled = [
        content or _empty(word, sizes.get((recipe.width, recipe.height), usual))
        for recipe, content in zip(made.recipes, contents, strict=True)
    ]
    return comparing.one_sheet(made, filled)


def _empty(word: str, size: tuple[int, int]) -> bytes:
    image = Image.new("RGB", size, EMPTY)
    font = ImageFont.truetype(str(FONT), max(10, min(size) // 8))
    while font.size > 8 and font.getlength(word) > size[0] - 4:
        font = font.font_variant(size=font.size - 1)
    ImageDraw.Draw(image).text((size[0] / 2, size[1] / 2), word, INK, font, anchor="mm")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
