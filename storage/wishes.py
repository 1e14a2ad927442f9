"""What somebody asked for and a button may come back to: a text that was not drawn as it is, with what was said beside
it, to be put right; a search, to show its next page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import delete, update

from prompts.prompt import Options
from storage import tables
from storage.database import Database, new_id

KEPT = timedelta(days=30)  # longer than anybody scrolls back to mend something


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asked for: the text, the negative and options beside it, the hashes of the files it came with, and
    the picture that it answers."""

    person: str
    text: str
    negative: str = ""
    options: Options = field(default_factory=Options)
    files: Sequence[str] = ()
    reply_to: str | None = None


async def keep(db: Database, wish: Wish) -> str:
    """Remember a wish and return its id."""
    row = tables.Wishes(
        id=new_id(),
        person=wish.person,
        text=wish.text,
        negative=wish.negative,
        options=wish.options.to_json(),
        files=" ".join(wish.files),
        reply_to=wish.reply_to,
        created=db.now(),
    )
    async with db.writing() as session:
        session.add(row)
        return row.id


async def get(db: Database, wish_id: str) -> Wish | None:
    """The wish, None where it is there no more."""
    async with db.session() as session:
        row = await session.get(tables.Wishes, wish_id)
    if row is None:
        return None
    return Wish(
        person=row.person,
        text=row.text,
        negative=row.negative,
        options=Options(**cast(dict[str, Any], row.options)),
        files=row.files.split(),
        reply_to=row.reply_to,
    )


async def fulfil(db: Database, wish_id: str) -> None:
    """Remember of a wish only that it was fulfilled: its text is empty from here on."""
    async with db.writing() as session:
        await session.execute(update(tables.Wishes).where(tables.Wishes.id == wish_id).values(text=""))


async def tidy(db: Database) -> None:
    """Forget old wishes. To be called now and then."""
    async with db.writing() as session:
        await session.execute(delete(tables.Wishes).where(tables.Wishes.created < db.now() - KEPT))
