"""The prompts that somebody drew, each once, with the newest picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, case, func, literal, select, true, tuple_

from storage import pictures, tables
from storage.database import Database
from storage.pictures import PictureRow


@dataclass(frozen=True, slots=True)
class DrawnPrompt:
    """What somebody wrote (`text`), the newest `picture` of it, how many there are (`count`), and whether one of them
    is a favourite."""

    picture: PictureRow
    count: int
    favourite: bool

    @property
    def text(self) -> str:
        return self.picture.recipe.prompt.text


@dataclass(frozen=True, slots=True)
class PromptPage:
    """Some prompts of a search, and the cursor at which the next page begins (None: that was all)."""

    prompts: tuple[DrawnPrompt, ...]
    next: str | None


async def search(
    db: Database,
    person: str,
    *,
    words: str = "",
    instead: Sequence[str] = (),
    favourite: bool = False,
    before: str | None = None,
    limit: int = 30,
) -> PromptPage:
    """A person's own prompts, the latest drawn first; `words`, `instead` and `before` as of `pictures.search`, with
    `favourite` those alone of which a picture is one. Raises Refusal "history.cursor"."""
    query = search_query(person, words=words, instead=instead, favourite=favourite, before=before, limit=limit)
    async with db.session() as session:
        rows = (await session.execute(query)).all()
    found = [DrawnPrompt(pictures.of_row(row), count, bool(kept)) for row, count, kept in rows]
    page = tuple(found[:limit])
    return PromptPage(page, pictures.cursor(page[-1].picture) if len(found) > limit else None)


def search_query(
    person: str, *, words: str, instead: Sequence[str], favourite: bool, before: str | None, limit: int
) -> Select[tables.Pictures, int, int]:
    """One row more than `limit`, to know whether more follow."""
    picture = tables.Pictures
    text = picture.recipe[("prompt", "text")].as_string()
    newest_first = (picture.created.desc(), picture.id.desc())
    each = (
        select(
            picture.id,
            func.row_number().over(partition_by=text, order_by=newest_first).label("place"),
            func.count().over(partition_by=text).label("count"),
            func.max(case((picture.favourite == true(), 1), else_=0)).over(partition_by=text).label("kept"),
        )
        .where(picture.person == person, pictures.says(words, instead))
        .subquery()
    )
    conditions = [each.c.place == 1]
    if favourite:
        conditions.append(each.c.kept == 1)
    if before is not None:
        created, picture_id = pictures.position(before)
        at = tuple_(literal(created, tables.UtcTime), literal(picture_id, tables.CleanText))
        conditions.append(tuple_(picture.created, picture.id) < at)
    query = select(picture, each.c.count, each.c.kept).join(each, each.c.id == picture.id).where(and_(*conditions))
    return query.order_by(*newest_first).limit(limit + 1)
