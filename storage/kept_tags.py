"""Tags that somebody keeps at hand, and those that they never want to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, func, select

from prompts.blocked_tags import checked, folded
from prompts.errors import Refusal
from storage import tables
from storage.database import Database

TagList = Literal["favourite", "blocked"]
MOST = 200  # of a list: all of the blocked ones are read for every picture


@dataclass(frozen=True, slots=True)
class KeptTag:
    """A tag on a list; `source` is what it is called in Chinese, "" where that is not known."""

    tag: str
    source: str = ""

    @property
    def shown(self) -> str:
        """The tag with what it is called: "围巾 · scarf"."""
        return f"{self.source} · {self.tag}" if self.source and self.source != self.tag else self.tag


async def listed(db: Database, person: str, kind: TagList) -> Sequence[KeptTag]:
    """A list, in the order in which it was made."""
    table = tables.KeptTags
    query = select(table).where(table.person == person, table.kind == kind).order_by(table.created, table.folded)
    async with db.session() as session:
        return [KeptTag(row.tag, row.source) for row in await session.scalars(query)]


async def blocked(db: Database, person: str) -> Mapping[str, str]:
    """The words that a person never wants to see, folded, with how they are shown: a tag, and what it is called."""
    found = await listed(db, person, "blocked")
    return {folded(words): one.shown for one in found for words in (one.tag, one.source) if words}


async def add(db: Database, person: str, kind: TagList, tag: str, source: str = "") -> KeptTag:
    """Put a tag on a list. Raises Refusal `tags.word` for what is none, `tags.list_full`."""
    one = KeptTag(checked(tag), source.strip())
    await add_all(db, person, kind, (one,))
    return one


async def add_all(db: Database, person: str, kind: TagList, tags: Sequence[KeptTag], *, anew: bool = False) -> None:
    """Put tags on a list, all or none of them; `anew`: in the place of what is on it. Raises Refusal `tags.word`,
    `tags.list_full`."""
    table = tables.KeptTags
    new = {folded(checked(one.tag)): one for one in tags}
    async with db.writing() as session:
        mine = (table.person == person, table.kind == kind)
        if anew:
            await session.execute(delete(table).where(*mine))
        others = await session.scalar(select(func.count()).where(*mine, table.folded.not_in(new)))
        if (others or 0) + len(new) > MOST:
            raise Refusal("tags.list_full", limit=MOST)
        for key, one in new.items():
            row = db.insert(table).values(
                person=person, kind=kind, folded=key, tag=one.tag, source=one.source, created=db.now()
            )
            other = {name: row.excluded[name] for name in ("tag", "source")}
            await session.execute(row.on_conflict_do_update(index_elements=["person", "kind", "folded"], set_=other))


async def remove(db: Database, person: str, kind: TagList, word: str) -> KeptTag | None:
    """Take a tag off a list, by itself or by what it is called; None where it is not on it."""
    table = tables.KeptTags
    async with db.writing() as session:
        rows = (await session.scalars(select(table).where(table.person == person, table.kind == kind))).all()
        meant = next((row for row in rows if folded(word) in (row.folded, folded(row.source))), None)
        if meant is None:
            return None
        gone = KeptTag(meant.tag, meant.source)
        key = (table.person == person, table.kind == kind, table.folded == meant.folded)
        await session.execute(delete(table).where(*key))
        return gone


async def clear(db: Database, person: str, kind: TagList) -> None:
    """Empty a list."""
    table = tables.KeptTags
    async with db.writing() as session:
        await session.execute(delete(table).where(table.person == person, table.kind == kind))
