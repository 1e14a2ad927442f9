"""Favourites: prompts that a person saved under a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.spelling import near
from storage import tables
from storage.database import Database, new_id
from storage.pictures import PictureRow
from storage.search import containing, fold

MAX_NAME = 80  # characters: a name is shown on a button


@dataclass(frozen=True, slots=True, kw_only=True)
class Favourite:
    """A saved prompt: `text` is what the person wrote, `picture` the one it was saved from, `used` how often."""

    id: str
    person: str
    name: str
    text: str
    recipe: Recipe | None
    picture: str | None
    created: datetime
    used: int


async def save(
    db: Database, person: str, name: str, text: str, recipe: Recipe | None = None, picture: str | None = None
) -> Favourite:
    """Save a prompt. Raises Refusal "favourites.exists" for a name that is taken (whatever its case) and for a picture
    that is one already, "favourites.name_limits" for a name that is empty or too long."""
    name = _name(name)
    async with db.writing() as session:
        picture = await _there(session, picture)
        saved = await _put(db, session, person, name, text, recipe, picture)
        if saved is None:
            known = await _of_picture(session, person, picture)
            raise Refusal("favourites.exists", name=known.name if known else name)
        return saved


async def keep(db: Database, picture: PictureRow, person: str, names: Iterable[str]) -> tuple[Favourite, bool]:
    """A picture as a favourite of a person, under the first of these names that is free, and whether it is a new one:
    one that it is already stays as it is, under the name it has."""
    async with db.writing() as session:
        there = await _there(session, picture.id)
        for name in names:
            if (known := await _of_picture(session, person, there)) is not None:
                return _favourite(known), False
            text = picture.recipe.prompt.text
            saved = await _put(db, session, person, _name(name), text, picture.recipe, there)
            if saved is not None:
                return saved, True
    raise ValueError("no name is free")


async def take_back(db: Database, picture: PictureRow, person: str) -> Favourite | None:
    """A picture is no favourite of a person any more; the one it was, None where it was none."""
    async with db.writing() as session:
        row = await _of_picture(session, person, picture.id)
        if row is not None:
            await session.execute(delete_rows(tables.Favourites).where(tables.Favourites.id == row.id))
        await _mark(session, person, picture.id, False)
        return None if row is None else _favourite(row)


async def of_picture(db: Database, person: str, picture: str) -> Favourite | None:
    """The favourite that a picture is of a person, None for none."""
    async with db.session() as session:
        row = await _of_picture(session, person, picture)
        return None if row is None else _favourite(row)


async def listed(db: Database, person: str, words: str = "", limit: int = 50, offset: int = 0) -> list[Favourite]:
    """A person's favourites in whose name or text every one of `words` occurs, newest first."""
    async with db.session() as session:
        return [_favourite(row) for row in await session.scalars(listed_query(person, words, limit, offset))]


def listed_query(person: str, words: str, limit: int, offset: int) -> Select[tables.Favourites]:
    """Apart, so that a test can look at its plan."""
    favourite = tables.Favourites
    query = select(favourite).where(favourite.person == person, *containing(favourite.words, words))
    return query.order_by(favourite.created.desc(), favourite.id.desc()).limit(limit).offset(offset)


async def find_favourite(db: Database, person: str, name_or_id: str) -> Favourite:
    """The favourite of this name (whatever its case) or id, or that the picture of this id is.

    Raises Refusal "favourites.unknown", or "favourites.unknown_nearest" with the nearest name there is.
    """
    async with db.session() as session:
        return _favourite(await _find(session, person, name_or_id))


async def rename(db: Database, person: str, name_or_id: str, name: str) -> Favourite:
    """Give a favourite another name. Raises what `find` and `save` raise."""
    name = _name(name)
    try:
        async with db.writing() as session:
            row = await _find(session, person, name_or_id)
            row.name, row.folded, row.words = name, fold(name), fold(f"{name} {row.text}")
            await session.flush()
            return _favourite(row)
    except IntegrityError as error:  # the only rule that a name can break
        raise Refusal("favourites.exists", name=name) from error


async def rewrite(db: Database, person: str, name_or_id: str, text: str) -> Favourite:
    """Give a favourite other words; it is no picture's any more, as none was drawn of them. Raises what `find`
    raises."""
    async with db.writing() as session:
        row = await _find(session, person, name_or_id)
        await _mark(session, person, row.picture, False)
        await session.execute(delete_rows(tables.FavouriteFiles).where(tables.FavouriteFiles.favourite == row.id))
        row.text, row.words, row.recipe, row.picture = text, fold(f"{row.name} {text}"), None, None
        await session.flush()
        return _favourite(row)


async def delete(db: Database, person: str, name_or_id: str) -> Favourite:
    """Remove a favourite and return what it was. Raises what `find` raises."""
    async with db.writing() as session:
        row = await _find(session, person, name_or_id)
        await session.execute(delete_rows(tables.Favourites).where(tables.Favourites.id == row.id))
        await _mark(session, person, row.picture, False)
        return _favourite(row)


async def touch(db: Database, favourite_id: str) -> None:
    """Count one more use."""
    favourite = tables.Favourites
    async with db.writing() as session:
        await session.execute(update(favourite).where(favourite.id == favourite_id).values(used=favourite.used + 1))


async def _there(session: AsyncSession, picture: str | None) -> str | None:
    """A picture that stays while this goes on; None where it is gone by now."""
    there = select(tables.Pictures.id).where(tables.Pictures.id == picture)
    return None if picture is None else await session.scalar(there.with_for_update(read=True, key_share=True))


async def _put(
    db: Database, session: AsyncSession, person: str, name: str, text: str, recipe: Recipe | None, picture: str | None
) -> Favourite | None:
    """A new favourite, its picture marked as one; None where the name is taken, or the picture is one already."""
    row = db.insert(tables.Favourites).values(
        id=new_id(),
        person=person,
        name=name,
        folded=fold(name),
        text=text,
        words=fold(f"{name} {text}"),
        recipe=recipe and recipe.to_json(),
        picture=picture,
        created=db.now(),
        used=0,
    )
    saved = (await session.scalars(row.on_conflict_do_nothing().returning(tables.Favourites))).first()
    if saved is None:
        return None
    session.add_all(tables.FavouriteFiles(favourite=saved.id, hash=file) for file in (recipe.files if recipe else ()))
    await _mark(session, person, picture, True)
    return _favourite(saved)


async def _of_picture(session: AsyncSession, person: str, picture: str | None) -> tables.Favourites | None:
    favourite = tables.Favourites
    if picture is None:
        return None
    return await session.scalar(select(favourite).where(favourite.person == person, favourite.picture == picture))


async def _mark(session: AsyncSession, person: str, picture: str | None, value: bool) -> None:
    """Note on a picture of one's own whether it is a favourite: history looks for that."""
    row = tables.Pictures
    await session.execute(update(row).where(row.id == picture, row.person == person).values(favourite=value))


async def _find(session: AsyncSession, person: str, name_or_id: str) -> tables.Favourites:
    favourite = tables.Favourites
    wanted = fold(name_or_id)
    mine = select(favourite).where(favourite.person == person)
    id = name_or_id.strip()
    for match in (favourite.folded == wanted, favourite.id == id, favourite.picture == id):
        if (row := await session.scalar(mine.where(match))) is not None:
            return row
    names = {row.folded: row.name for row in await session.scalars(mine)}
    shown = name_or_id.strip()[:MAX_NAME]
    if found := near(wanted, names):
        raise Refusal("favourites.unknown_nearest", name=shown, nearest=names[found])
    raise Refusal("favourites.unknown", name=shown)


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise Refusal("favourites.name_limits", limit=MAX_NAME)
    return name


def _favourite(row: tables.Favourites) -> Favourite:
    return Favourite(
        id=row.id,
        person=row.person,
        name=row.name,
        text=row.text,
        recipe=Recipe.from_json(row.recipe) if row.recipe is not None else None,
        picture=row.picture,
        created=row.created,
        used=row.used,
    )
