"""The pictures people drew: their rows and their search."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select, true, tuple_, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.ext.asyncio import AsyncSession

from engine.job import Picture
from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.grammar import bare
from prompts.prompt import Note
from storage import tables
from storage.database import Database, new_id
from storage.search import containing, fold
from storage.spare import drop

DAY = timedelta(days=1)
Shape = Literal["landscape", "portrait", "square"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRow:
    """A picture as it is remembered: `hash` names its file, `width` and `height` are its final pixels, `seconds` the
    device time, `parent` the picture it came from, while that one is there, `adult` whether a checker saw what its
    prompt does not say, `notes` what of the files it names could not be used."""

    id: str
    person: str
    job: str | None
    hash: str
    recipe: Recipe
    width: int
    height: int
    seconds: float
    parent: str | None
    created: datetime
    favourite: bool
    adult: bool = False
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some pictures of a search, and the cursor at which the next page begins (None: that was all)."""

    pictures: tuple[PictureRow, ...]
    next: str | None


async def get(db: Database, picture_id: str) -> PictureRow | None:
    """The picture, or None."""
    async with db.session() as session:
        row = await session.get(tables.Pictures, picture_id)
        return None if row is None else of_row(row)


async def of_job(db: Database, job_id: str) -> tuple[PictureRow, ...]:
    """The pictures a job ended in, in the order they were asked for."""
    query = select(tables.Pictures).where(tables.Pictures.job == job_id)
    return tuple(await _rows(db, query.order_by(tables.Pictures.created, tables.Pictures.id)))


async def gather(db: Database, job_id: str, ids: Sequence[str]) -> None:
    """Have these pictures be those that a job ended in, in this order; they count as made now."""
    now = db.now()
    async with db.writing() as session:
        for at, picture in enumerate(ids):
            created = now + timedelta(microseconds=at)
            row = update(tables.Pictures).where(tables.Pictures.id == picture)
            await session.execute(row.values(job=job_id, created=created))


async def of_condition(db: Database, condition: ColumnElement[bool]) -> list[PictureRow]:
    """The pictures for which this is so, newest first."""
    picture = tables.Pictures
    return await _rows(db, select(picture).where(condition).order_by(picture.created.desc(), picture.id.desc()))


async def recipes_of(db: Database, hash: str) -> list[Recipe]:
    """The recipes that drew the file of this hash; none for an upload."""
    async with db.session() as session:
        rows = await session.scalars(select(tables.Pictures.recipe).where(tables.Pictures.hash == hash))
        return [Recipe.from_json(row) for row in rows]


async def adult(db: Database, hash: str) -> bool:
    """Whether a checker saw what is for adults in the file of this hash."""
    query = select(tables.Pictures.id).where(tables.Pictures.hash == hash, tables.Pictures.adult == true())
    async with db.session() as session:
        return bool(await session.scalar(select(query.exists())))


async def children(db: Database, picture_id: str) -> list[PictureRow]:
    """The pictures that came from this one, oldest first."""
    return await _rows(db, children_query(picture_id))


def children_query(picture_id: str) -> Select[tables.Pictures]:
    """Apart, so that a test can look at its plan; so are the other queries."""
    query = select(tables.Pictures).where(tables.Pictures.parent == picture_id)
    return query.order_by(tables.Pictures.created, tables.Pictures.id)


async def owned(db: Database, person: str, picture: str) -> bool:
    """Whether the file of this hash is a picture or an upload of this person."""
    drawn = select(tables.Pictures.id).where(tables.Pictures.hash == picture, tables.Pictures.person == person)
    sent = select(tables.Uploads.hash).where(tables.Uploads.hash == picture, tables.Uploads.person == person)
    async with db.session() as session:
        return bool(await session.scalar(select(drawn.exists() | sent.exists())))


async def search(
    db: Database,
    person: str,
    *,
    words: str = "",
    model: str = "",
    since: date | None = None,
    until: date | None = None,
    favourite: bool | None = None,
    instead: Sequence[str] = (),
    shape: Shape | None = None,
    size: tuple[int, int] | None = None,
    before: str | None = None,
    limit: int = 30,
) -> Page:
    """A person's own pictures, newest first.

    Every one of `words` occurs (whatever its case) in what the person wrote, the English prompt or the negative; or
    every one of another text of `instead` does. `favourite` asks for favourites alone, or for the others alone.
    `since` and `until` are days in UTC, both included, or moments (aware datetimes, `until` excluded). `size` is
    width and height in pixels. `before` is the `next` of the page before. Raises Refusal "history.cursor" for a
    `before` that is none.
    """
    query = search_query(
        person,
        words=words,
        model=model,
        since=since,
        until=until,
        favourite=favourite,
        instead=instead,
        shape=shape,
        size=size,
        before=before,
        limit=limit,
    )
    found = await _rows(db, query)
    page = tuple(found[:limit])
    return Page(page, cursor(page[-1]) if len(found) > limit and page else None)


def search_query(
    person: str,
    *,
    words: str,
    model: str,
    since: date | None,
    until: date | None,
    favourite: bool | None,
    before: str | None,
    limit: int,
    instead: Sequence[str] = (),
    shape: Shape | None = None,
    size: tuple[int, int] | None = None,
) -> Select[tables.Pictures]:
    """One row more than `limit`, to know whether more follow."""
    picture = tables.Pictures
    conditions: list[ColumnElement[bool]] = [picture.person == person]
    if words:
        conditions.append(says(words, instead))
    if model:
        conditions.append(picture.model == model)
    if favourite is not None:
        conditions.append(picture.favourite == (true() if favourite else false()))
    if shape:
        conditions.append(_SHAPES[shape])
    if size:
        conditions += [picture.width == size[0], picture.height == size[1]]
    if since is not None:
        conditions.append(picture.created >= _moment(since))
    if until is not None and (isinstance(until, datetime) or until < date.max):
        conditions.append(picture.created < (_moment(until) if isinstance(until, datetime) else _moment(until + DAY)))
    if before is not None:
        created, picture_id = position(before)
        place = tuple_(literal(created, tables.UtcTime), literal(picture_id, tables.CleanText))
        conditions.append(tuple_(picture.created, picture.id) < place)
    return select(picture).where(and_(*conditions)).order_by(picture.created.desc(), picture.id.desc()).limit(limit + 1)


def says(words: str, instead: Sequence[str] = ()) -> ColumnElement[bool]:
    """That every one of these words stands in what is looked through of a picture, or every one of another text."""
    picture = tables.Pictures
    return or_(*(and_(true(), *containing(picture.words, one)) for one in (words, *instead)))


_SHAPES: dict[Shape, ColumnElement[bool]] = {
    "landscape": tables.Pictures.width > tables.Pictures.height,
    "portrait": tables.Pictures.width < tables.Pictures.height,
    "square": tables.Pictures.width == tables.Pictures.height,
}


async def sizes_made(db: Database, person: str, limit: int = 20) -> list[tuple[int, int]]:
    """Width and height of the pictures a person has, the commonest first."""
    picture = tables.Pictures
    query = select(picture.width, picture.height).where(picture.person == person)
    query = query.group_by(picture.width, picture.height).order_by(func.count().desc(), picture.width, picture.height)
    async with db.session() as session:
        return [(row.width, row.height) for row in await session.execute(query.limit(limit))]


async def models_used(db: Database, person: str) -> list[str]:
    """The names of the models a person drew with, the latest used first."""
    async with db.session() as session:
        return list(await session.scalars(models_query(person)))


def models_query(person: str) -> Select[str]:
    picture = tables.Pictures
    query = select(picture.model).where(picture.person == person).group_by(picture.model)
    return query.order_by(func.max(picture.created).desc(), picture.model)


async def delete(db: Database, picture_id: str) -> bool:
    """Remove a picture, and its file when nothing else needs it; False when there is none such.

    What was made from it stays, without a parent.
    """
    async with db.writing() as session:
        row = await session.get(tables.Pictures, picture_id)
        if row is None:
            return False
        needed = select(tables.PictureFiles.hash).where(tables.PictureFiles.picture == picture_id)
        files = [row.hash, *await session.scalars(needed)]
        # By hand, not by the ORM: the foreign keys set the children's parent and the favourites' picture to nothing.
        await session.execute(delete_rows(tables.Pictures).where(tables.Pictures.id == picture_id))
        await session.execute(update(tables.Jobs).where(tables.Jobs.parent == picture_id).values(parent=None))
    await drop(db, files)
    return True


async def write(
    db: Database, session: AsyncSession, drawn: Sequence[Picture], *, person: str, job: str | None, parent: str | None
) -> tuple[PictureRow, ...]:
    """Rows for pictures whose files are written, inside the caller's transaction."""
    if not drawn:
        return ()
    await db.lock(session)
    if parent is not None:  # it may have been deleted while its child was drawn
        there = select(tables.Pictures.id).where(tables.Pictures.id == parent)
        parent = await session.scalar(there.with_for_update(read=True, key_share=True))
    rows: list[tables.Pictures] = []
    for picture in drawn:
        # Again, should another picture of the same content have been deleted since: costs a look, not a write.
        file = await db.files.put(picture.png)
        recipe = picture.recipe
        width, height = _size(picture)
        rows.append(
            tables.Pictures(
                id=new_id(),
                person=person,
                job=job,
                hash=file,
                recipe=recipe.to_json(),
                model=recipe.model,
                width=width,
                height=height,
                seconds=picture.seconds,
                parent=parent,
                favourite=False,
                created=db.now(),
                words=_words(recipe),
                adult=picture.adult,
                notes=[note.to_json() for note in picture.notes],
            )
        )
    session.add_all(rows)
    await session.flush()
    named = [(row.id, file) for row, picture in zip(rows, drawn, strict=True) for file in picture.recipe.files]
    session.add_all(tables.PictureFiles(picture=picture_id, hash=file) for picture_id, file in named)
    await session.flush()
    return tuple(map(of_row, rows))


def _moment(day: date) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, time.min, UTC)


def cursor(row: PictureRow) -> str:
    """Where the page behind a picture begins."""
    return f"{row.created.isoformat()}_{row.id}"


def position(said: str) -> tuple[datetime, str]:
    """When the picture before a page was made, and its id, from `cursor`. Raises Refusal "history.cursor"."""
    created, _, picture_id = said.partition("_")
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        raise Refusal("history.cursor") from None
    if moment.tzinfo is None:
        raise Refusal("history.cursor")
    return moment, picture_id


def _words(recipe: Recipe) -> str:
    prompt = recipe.prompt
    english = [bare(fragment.text) for fragment in (*prompt.fragments, *prompt.negatives)]
    return fold(" ".join([prompt.text, *english]))


def _size(picture: Picture) -> tuple[int, int]:
    """Pixels from the PNG's own header (https://www.w3.org/TR/png-3/#11IHDR), without decoding it."""
    if picture.png[:8] == b"\x89PNG\r\n\x1a\n" and len(picture.png) >= 24:
        width, height = struct.unpack(">II", picture.png[16:24])
        return width, height
    factor = picture.recipe.upscale.factor if picture.recipe.upscale else 1.0
    return round(picture.recipe.width * factor), round(picture.recipe.height * factor)


async def _rows(db: Database, query: Select[tables.Pictures]) -> list[PictureRow]:
    async with db.session() as session:
        return [of_row(row) for row in await session.scalars(query)]


def of_row(row: tables.Pictures) -> PictureRow:
    """A picture as its row of the table has it."""
    return PictureRow(
        id=row.id,
        person=row.person,
        job=row.job,
        hash=row.hash,
        recipe=Recipe.from_json(row.recipe),
        width=row.width,
        height=row.height,
        seconds=row.seconds,
        parent=row.parent,
        created=row.created,
        favourite=row.favourite,
        adult=row.adult,
        notes=tuple(map(Note.from_json, row.notes)),
    )
