"""Dictionaries of one's own: what a word is in English, for a person everywhere and for everybody in a room."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy import delete as delete_rows

from prompts.errors import Refusal
from prompts.spelling import near
from prompts.translate.personal_dictionary import WORD, checked, key
from storage import tables
from storage.database import Database
from storage.jobs import Place

MOST = 500  # words of one dictionary: all of them are read for every request, in about a millisecond


@dataclass(frozen=True, slots=True)
class Word:
    """An entry; `person` is whoever wrote it."""

    word: str
    english: str
    person: str


def of_person(person: str) -> str:
    """The owner of a person's words."""
    return f"person {person}"


def of_room(place: Place) -> str:
    """The owner of the words that hold for everybody in a room."""
    return f"room {place.platform} {place.chat}"


async def words(db: Database, person: str, place: Place | None = None) -> dict[str, str]:
    """Everything that a person's own dictionary and the room's say, Chinese to English; the person's own goes first.
    The Chinese is as `prompts.translate.personal_dictionary.key` makes it."""
    owners = [of_person(person)] if place is None else [of_room(place), of_person(person)]
    async with db.session() as session:
        rows = (await session.execute(words_query(owners))).all()
    found: dict[str, str] = {}
    for owner in owners:
        found.update({row.folded: row.english for row in rows if row.owner == owner})
    return found


def words_query(owners: list[str]) -> Select[str, str, str]:
    """Apart, so that a test can look at its plan."""
    table = tables.OwnWords
    return select(table.owner, table.folded, table.english).where(table.owner.in_(owners))


async def put(db: Database, owner: str, word: str, english: str, person: str) -> Word:
    """Write a word down, in the place of what it was before.

    Raises Refusal `dictionary.word` or `.english` where it cannot be one, `.full` when there are too many.
    """
    word, english = checked(word, english)
    table = tables.OwnWords
    async with db.writing() as session:
        mine = table.owner == owner
        others = await session.scalar(select(func.count()).where(mine, table.folded != key(word)))
        if (others or 0) >= MOST:
            raise Refusal("dictionary.full", limit=MOST)
        row = db.insert(table).values(
            owner=owner, folded=key(word), word=word, english=english, person=person, created=db.now()
        )
        new = {name: row.excluded[name] for name in ("word", "english", "person", "created")}
        await session.execute(row.on_conflict_do_update(index_elements=["owner", "folded"], set_=new))
    return Word(word, english, person)


async def get(db: Database, owner: str, word: str) -> Word | None:
    """The entry of a word in whatever script, or None."""
    async with db.session() as session:
        row = await session.get(tables.OwnWords, (owner, key(word)))
        return None if row is None else Word(row.word, row.english, row.person)


async def listed(db: Database, owner: str, limit: int = 50, offset: int = 0) -> tuple[list[Word], int]:
    """Some of a dictionary's entries, in the order of their characters, and how many there are."""
    table = tables.OwnWords
    async with db.session() as session:
        query = select(table).where(table.owner == owner).order_by(table.folded).limit(limit).offset(offset)
        rows = (await session.scalars(query)).all()
        count = await session.scalar(select(func.count()).where(table.owner == owner))
        return [Word(row.word, row.english, row.person) for row in rows], count or 0


async def delete(db: Database, owner: str, word: str) -> Word:
    """Remove a word and return what it was. Raises Refusal `dictionary.unknown`, or `.unknown_nearest` with the
    nearest word there is."""
    table = tables.OwnWords
    async with db.writing() as session:
        row = await session.get(table, (owner, key(word)))
        if row is not None:
            await session.execute(delete_rows(table).where(table.owner == owner, table.folded == row.folded))
            return Word(row.word, row.english, row.person)
        known = {each.folded: each.word for each in await session.scalars(select(table).where(table.owner == owner))}
    shown = word.strip()[:WORD]
    if found := near(key(shown), known):
        raise Refusal("dictionary.unknown_nearest", word=shown, nearest=known[found])
    raise Refusal("dictionary.unknown", word=shown)
