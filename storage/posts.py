"""The cards that stand on chat platforms: posted once for a key, found again by the place where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Select, delete, select

from storage import tables
from storage.database import Database
from storage.jobs import Place


@dataclass(frozen=True, slots=True)
class Post:
    """A card where it stands; `job` is "" for a card of no job, `pictures` are the ids it shows, in order. `compared`
    where they are the cells of a job's sheet, as `at` tells."""

    place: Place
    key: str
    job: str
    pictures: tuple[str, ...]
    compared: bool = False


async def put(db: Database, place: Place, key: str, *, job: str = "", pictures: Sequence[str] = ()) -> None:
    """Remember where the card of this key stands and what it shows now."""
    row = db.insert(tables.Posts).values(
        platform=place.platform,
        key=key,
        chat=place.chat,
        message=place.message,
        job=job,
        pictures=" ".join(pictures),
        created=db.now(),
    )
    new = {name: row.excluded[name] for name in ("chat", "message", "job", "pictures")}
    async with db.writing() as session:
        await session.execute(row.on_conflict_do_update(index_elements=["platform", "key"], set_=new))


async def by_key(db: Database, platform: str, key: str) -> Post | None:
    """The card of this key, or None."""
    async with db.session() as session:
        row = await session.get(tables.Posts, (platform, key))
        return None if row is None else _post(row)


async def at(db: Database, place: Place) -> Post | None:
    """The card that stands at a place, the newest if several were put there; None for any other message."""
    query = select(tables.Posts).where(
        tables.Posts.platform == place.platform, tables.Posts.chat == place.chat, tables.Posts.message == place.message
    )
    async with db.session() as session:
        row = await session.scalar(query.order_by(tables.Posts.created.desc()).limit(1))
        if row is None:
            return None
        compared = select(tables.Jobs.comparison).where(tables.Jobs.id == row.job)
        return replace(_post(row), compared=bool(row.job) and await session.scalar(compared) is not None)


async def showing(db: Database, picture: str) -> list[Post]:
    """The cards, on any platform, that show this picture and no other."""
    async with db.session() as session:
        return [_post(row) for row in await session.scalars(showing_query(picture))]


def showing_query(picture: str) -> Select[tables.Posts]:
    """Apart, so that a test can look at its plan."""
    return select(tables.Posts).where(tables.Posts.pictures == picture)


async def removed(db: Database, place: Place) -> None:
    """Nothing stands at a place any more."""
    table = tables.Posts
    here = (table.platform == place.platform, table.chat == place.chat, table.message == place.message)
    async with db.writing() as session:
        await session.execute(delete(table).where(*here))


async def forget(db: Database, platform: str, start: str, older: timedelta) -> int:
    """Forget the cards whose key begins so, of that age and above; how many there were."""
    table = tables.Posts
    query = delete(table).where(
        table.platform == platform,
        table.key.startswith(start, autoescape=True),
        table.created < db.now() - older,
    )
    async with db.writing() as session:
        return cast(CursorResult[Any], await session.execute(query)).rowcount


def _post(row: tables.Posts) -> Post:
    return Post(Place(row.platform, row.chat, row.message), row.key, row.job, tuple(row.pictures.split()))
