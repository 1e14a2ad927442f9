"""A person's own pictures found by a copy of one: by the recipe or the text in the file, else by what it looks like."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from PIL import Image
from sqlalchemy import ColumnElement, select, update

from engine.pixels import likeness, papers, png_recipe
from engine.pixels.parameters import parameters
from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.infotext import reading
from prompts.infotext.infotext import Infotext
from storage import tables
from storage.database import Database
from storage.pictures import PictureRow, of_condition

AT_ONCE = 32  # pictures looked at between two writes
REST = 0.2  # seconds between two looks at older pictures, so that nobody waits for the processor
EVERY = 600.0  # seconds between two rounds
CANDIDATES = 12  # pictures with the nearest prints that are looked at again


@dataclass(frozen=True, slots=True)
class Copies:
    """Pictures of which a file is a copy, the likeliest first; `sure` where the file itself says so."""

    pictures: tuple[PictureRow, ...] = ()
    sure: bool = False


async def copies(db: Database, person: str, content: bytes, limit: int) -> Copies:
    """The pictures of this person, of nobody else, that a file is a copy of."""
    if own := await _by_papers(db, person, content):
        return Copies(tuple(own[:limit]), sure=True)
    asked = await asyncio.to_thread(_readings, content)
    if asked is None:
        return Copies()
    while await fill(db, tables.Pictures.person == person):
        pass
    readings, signs = asked
    picture = tables.Pictures
    async with db.session() as session:
        rows = await session.execute(select(picture.id, picture.likeness).where(picture.person == person))
        prints = [(row.id, row.likeness) for row in rows]
    near = await asyncio.to_thread(
        lambda: sorted((far, id) for id, kept in prints if (far := likeness.distance(kept, signs)) <= likeness.NEAR)
    )
    found = []
    for row in await of_condition(db, picture.id.in_([id for _, id in near[:CANDIDATES]])):
        with suppress(Refusal):  # its file is gone
            image = await db.files.get(row.hash)
            agreed = await asyncio.to_thread(_agreement, readings, image)
            if agreed >= likeness.SAME:
                found.append((agreed, row))
    found.sort(key=lambda one: (-one[0], one[1].created))
    return Copies(tuple(row for _, row in found[:limit]))


async def fill(db: Database, among: ColumnElement[bool] | None = None) -> int:
    """Remember what some pictures look like of which that is not known yet, the newest first; how many they were."""
    picture = tables.Pictures
    query = select(picture.id, picture.hash).where(picture.likeness == "")
    query = query if among is None else query.where(among)
    async with db.session() as session:
        rows = list(await session.execute(query.order_by(picture.created.desc(), picture.id).limit(AT_ONCE)))
    made: dict[str, str] = {}
    for row in rows:
        made[row.id] = likeness.UNREADABLE
        with suppress(Refusal):
            content = await db.files.get(row.hash)
            made[row.id] = await asyncio.to_thread(likeness.print_of, content)
    if made:
        async with db.writing() as session:
            for id, kept in made.items():
                await session.execute(update(picture).where(picture.id == id).values(likeness=kept))
    return len(made)


async def watch(db: Database) -> None:
    """Look at new pictures and, in time, at those of earlier versions."""
    while True:
        more = 0
        with suppress(Refusal):  # the disk is full: they are looked at when somebody asks
            more = await fill(db)
        await asyncio.sleep(REST if more else EVERY)


async def _by_papers(db: Database, person: str, content: bytes) -> list[PictureRow]:
    picture = tables.Pictures
    mine = picture.person == person
    own, said = await asyncio.to_thread(_papers, content)
    if own is not None:
        like = await of_condition(db, mine & (picture.model == own.model) & _seeded(own.seed))
        if found := [row for row in like if row.recipe.code == own.code]:
            return found
    for infotext in said:
        seed = infotext.fields.get("Seed", "")
        if seed.isdecimal():
            like = await of_condition(db, mine & _seeded(int(seed)))
            if found := [row for row in like if await asyncio.to_thread(_says, row.recipe, infotext)]:
                return found
    return []


def _seeded(seed: int) -> ColumnElement[bool]:
    return cast(ColumnElement[bool], tables.Pictures.recipe["seed"].as_float() == float(seed))


def _papers(content: bytes) -> tuple[Recipe | None, list[Infotext]]:
    return png_recipe.read_recipe(content), list(papers.infotexts(content))


def _says(recipe: Recipe, infotext: Infotext) -> bool:
    """Whether an infotext is that of a recipe: with the same words, and the same size."""
    own = reading.read(parameters(recipe))
    return (
        own is not None
        and own.positive.strip() == infotext.positive.strip()
        and own.fields.get("Size") == infotext.fields.get("Size")
    )


def _readings(content: bytes) -> tuple[Sequence[Image.Image], tuple[int, ...]] | None:
    image = likeness.opened(content)
    if image is None:
        return None
    readings = likeness.readings(image)
    return readings, likeness.signs(readings)


def _agreement(readings: Sequence[Image.Image], content: bytes) -> float:
    image = likeness.opened(content)
    return likeness.agreement(readings, image) if image else 0.0
