"""People, the accounts under which platforms know them, and what they chose."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from prompts.prompt import Json
from storage import barred, dictionary, rules, tables
from storage.database import Database, new_id
from storage.search import fold


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody; `language` is "" where it is not known yet."""

    id: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Account:
    """A platform and the id under which it knows somebody."""

    platform: str
    account: str


async def person_of(db: Database, platform: str, account: str, *, name: str = "", language: str = "") -> PersonRow:
    """The person behind an account, made on first sight; a new name is remembered.

    `language` counts for somebody who has none yet: a choice made by `set_language` stays.
    """
    name = tables.clean(name)  # so that it compares with the one that is kept
    async with db.session() as session:
        found = await _person(session, platform, account)
    if found is not None and _current(found, name, language):
        return _row(found)
    try:
        return await _meet(db, platform, account, name, language)
    except IntegrityError:  # on PostgreSQL two first messages can come at once; the other one made the account
        return await _meet(db, platform, account, name, language)


async def get(db: Database, person: str) -> PersonRow | None:
    """The person of this id, or None."""
    async with db.session() as session:
        row = await session.get(tables.Persons, person)
        return None if row is None else _row(row)


async def accounts(db: Database, person: str) -> list[Account]:
    """The accounts of a person."""
    query = select(tables.Accounts).where(tables.Accounts.person == person)
    async with db.session() as session:
        rows = await session.scalars(query.order_by(tables.Accounts.platform, tables.Accounts.account))
        return [Account(row.platform, row.account) for row in rows]


async def find_person(db: Database, platform: str, account: str) -> PersonRow | None:
    """The person behind an account, or None for one never seen."""
    async with db.session() as session:
        person = await _person(session, platform, account)
        return None if person is None else _row(person)


async def count(db: Database) -> int:
    """How many people there are."""
    async with db.session() as session:
        return await session.scalar(select(func.count()).select_from(tables.Persons)) or 0


async def merge(db: Database, kept: str, gone: str) -> None:
    """Make one person of two: all that is the second's becomes the first's, and only the first remains.

    Where both have something of the same name (a setting, a word, a rule), the first's holds; a favourite is
    numbered. One transaction. Raises KeyError where either is not there.
    """
    async with db.writing() as session:
        await db.lock(session)
        found = select(tables.Persons).where(tables.Persons.id.in_((kept, gone))).order_by(tables.Persons.id)
        both = {row.id: row for row in await session.scalars(found.with_for_update())}
        if kept == gone or len(both) < 2:
            raise KeyError(gone)
        both[kept].language = both[kept].language or both[gone].language
        both[kept].name = both[kept].name or both[gone].name
        await _drop_doubles(session, kept, gone)
        await _rename_favourites(session, kept, gone)
        whole = (tables.Accounts, tables.Jobs, tables.Pictures, tables.Favourites, tables.OwnWords, tables.Wishes)
        for table in (*whole, tables.Trainings):
            await session.execute(update(table).where(table.person == gone).values(person=kept))
        await _move(session, tables.Settings, tables.Settings.person, tables.Settings.key, kept, gone)
        await _move(session, tables.Uploads, tables.Uploads.person, tables.Uploads.hash, kept, gone)
        await _move(session, tables.Votes, tables.Votes.person, tables.Votes.job, kept, gone)
        words, rule = tables.OwnWords, tables.ScopedRules
        await _move(session, words, words.owner, words.folded, dictionary.of_person(kept), dictionary.of_person(gone))
        await _move(session, rule, rule.scope, rule.key, rules.of_person(kept), rules.of_person(gone))
        tag, touched = tables.KeptTags, tables.TagTables
        await _move(session, tag, tag.person, tag.kind + " " + tag.folded, kept, gone)
        await _move(session, touched, touched.person, touched.picture, kept, gone)
        await _add_refusals(session, kept, gone)
        await _add_map_seconds(session, kept, gone)
        await session.flush()
        await session.execute(delete(tables.Persons).where(tables.Persons.id == gone))


async def _add_map_seconds(session: AsyncSession, kept: str, gone: str) -> None:
    """Count to one person what the other's maps took on the last day of either."""
    theirs = await session.get(tables.MapSeconds, gone)
    ours = await session.get(tables.MapSeconds, kept)
    if theirs is None:
        return
    if ours is None:
        session.add(tables.MapSeconds(person=kept, day=theirs.day, seconds=theirs.seconds))
    elif ours.day == theirs.day:
        ours.seconds += theirs.seconds
    elif ours.day < theirs.day:
        ours.day, ours.seconds = theirs.day, theirs.seconds


async def _add_refusals(session: AsyncSession, kept: str, gone: str) -> None:
    """Count to one person what was refused to the other."""
    theirs = await session.get(tables.Refused, gone)
    ours = await session.get(tables.Refused, kept)
    if theirs is None:
        return
    if ours is None:
        session.add(tables.Refused(person=kept, count=theirs.count, last=theirs.last))
        return
    ours.count, ours.last = ours.count + theirs.count, max(ours.last, theirs.last)


async def _move(
    session: AsyncSession,
    table: type[tables.Base],
    owner: InstrumentedAttribute[str],
    name: ColumnElement[str] | InstrumentedAttribute[str],
    kept: str,
    gone: str,
) -> None:
    """Give the rows of one owner to another who has none of that name; the rest go."""
    taken = select(name).where(owner == kept).scalar_subquery()
    await session.execute(
        update(table).where(owner == gone, name.not_in(taken)).values({owner.key: kept}),
        execution_options={"synchronize_session": False},
    )
    await session.execute(delete(table).where(owner == gone), execution_options={"synchronize_session": False})


async def _drop_doubles(session: AsyncSession, kept: str, gone: str) -> None:
    """One picture is one favourite: of those that both have, the first's."""
    favourite = tables.Favourites
    both = select(favourite.picture).where(favourite.person == kept, favourite.picture.is_not(None))
    await session.execute(
        delete(favourite).where(favourite.person == gone, favourite.picture.in_(both.scalar_subquery())),
        execution_options={"synchronize_session": False},
    )


async def _rename_favourites(session: AsyncSession, kept: str, gone: str) -> None:
    """Number the names that both have, as "cat 2"."""
    favourite = tables.Favourites
    taken = set(await session.scalars(select(favourite.folded).where(favourite.person.in_((kept, gone)))))
    first = select(favourite.folded).where(favourite.person == kept)
    for row in await session.scalars(
        select(favourite).where(favourite.person == gone, favourite.folded.in_(first.scalar_subquery()))
    ):
        names = (f"{row.name} {number}" for number in itertools.count(2))
        row.name = next(name for name in names if fold(name) not in taken)
        row.folded = fold(row.name)
        row.words = fold(f"{row.name} {row.text}")
        taken.add(row.folded)
    await session.flush()


async def set_language(db: Database, person: str, language: str) -> None:
    """Remember the language a person chose."""
    async with db.writing() as session:
        await session.execute(update(tables.Persons).where(tables.Persons.id == person).values(language=language))


async def setting(db: Database, person: str, key: str) -> Json:
    """A person's choice, None where there is none."""
    async with db.session() as session:
        row = await session.get(tables.Settings, (person, key))
        return None if row is None else cast(Json, row.value)


async def settings(db: Database, person: str) -> dict[str, Json]:
    """All that a person chose."""
    async with db.session() as session:
        rows = await session.scalars(select(tables.Settings).where(tables.Settings.person == person))
        return {row.key: row.value for row in rows}


async def set_setting(db: Database, person: str, key: str, value: Json) -> None:
    """Remember a choice; None forgets it."""
    async with db.writing() as session:
        if value is None:
            await session.execute(
                delete(tables.Settings).where(tables.Settings.person == person, tables.Settings.key == key)
            )
            return
        row = db.insert(tables.Settings).values(person=person, key=key, value=value)
        await session.execute(
            row.on_conflict_do_update(index_elements=["person", "key"], set_={"value": row.excluded.value})
        )


async def _person(session: AsyncSession, platform: str, account: str) -> tables.Persons | None:
    joined = select(tables.Persons).join(tables.Accounts, tables.Accounts.person == tables.Persons.id)
    return await session.scalar(joined.where(tables.Accounts.platform == platform, tables.Accounts.account == account))


async def _meet(db: Database, platform: str, account: str, name: str, language: str) -> PersonRow:
    async with db.writing() as session:
        person = await _person(session, platform, account)
        if person is None:
            person = tables.Persons(id=new_id(), name=name, language=language, created=db.now())
            session.add(person)
            await session.flush()
            session.add(tables.Accounts(platform=platform, account=account, person=person.id))
            await barred.come_back(db, session, platform, account, person.id)
        else:
            person.name = name or person.name
            person.language = person.language or language
        return _row(person)


def _current(person: tables.Persons, name: str, language: str) -> bool:
    return name in ("", person.name) and (bool(person.language) or not language)


def _row(person: tables.Persons) -> PersonRow:
    return PersonRow(person.id, person.name, person.language)
