"""The tag tables of pictures, each as one person left it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from sqlalchemy import select, update

from prompts.prompt import Json
from prompts.tag_table import TagTable
from storage import tables
from storage.database import Database, new_id

KEYS = 30  # presses that may come again, after a kill say


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A tag table: whose it is, of which picture, its rows, and the keys of what was pressed last: what is delivered
    twice counts once."""

    id: str
    person: str
    picture: str
    table: TagTable
    keys: tuple[str, ...] = ()


async def opened(db: Database, person: str, picture: str, fresh: TagTable) -> KeptTable:
    """The table that a person has of a picture; where there is none yet, `fresh` from now on."""
    table = tables.TagTables
    async with db.writing() as session:
        row = db.insert(table).values(
            id=new_id(), person=person, picture=picture, content=fresh.to_json(), changed=db.now()
        )
        await session.execute(row.on_conflict_do_nothing(index_elements=["person", "picture"]))
        found = await session.scalar(select(table).where(table.person == person, table.picture == picture))
        assert found is not None
        return _kept(found)


async def get(db: Database, id: str) -> KeptTable | None:
    """A table by its id; None where it is there no more."""
    async with db.session() as session:
        row = await session.get(tables.TagTables, id)
        return None if row is None else _kept(row)


async def put(db: Database, kept: KeptTable, key: str) -> KeptTable:
    """Keep a table as it is now, after the press of this key."""
    table = tables.TagTables
    kept = replace(kept, keys=(*kept.keys, key)[-KEYS:])
    content = {**kept.table.to_json(), "keys": list(kept.keys)}
    async with db.writing() as session:
        await session.execute(update(table).where(table.id == kept.id).values(content=content, changed=db.now()))
    return kept


def _kept(row: tables.TagTables) -> KeptTable:
    content = cast(dict[str, Json], row.content)
    keys = tuple(cast(list[str], content.get("keys", [])))
    return KeptTable(row.id, row.person, row.picture, TagTable.from_json(content), keys)
