"""People, the accounts under which platforms know them, and what they chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from prompts.prompt import Json
from storage import tables
from storage.database import Database, new_id


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody; `language` is "zh", "en" or "" for not known yet."""

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
        row = await session.get(tables.Person, person)
        return None if row is None else _row(row)


async def accounts(db: Database, person: str) -> list[Account]:
    """The accounts of a person."""
    query = select(tables.Account).where(tables.Account.person == person)
    async with db.session() as session:
        rows = await session.scalars(query.order_by(tables.Account.platform, tables.Account.account))
        return [Account(row.platform, row.account) for row in rows]


async def set_language(db: Database, person: str, language: str) -> None:
    """Remember the language a person chose."""
    async with db.writing() as session:
        await session.execute(update(tables.Person).where(tables.Person.id == person).values(language=language))


async def setting(db: Database, person: str, key: str) -> Json:
    """A person's choice, None where there is none."""
    async with db.session() as session:
        row = await session.get(tables.Setting, (person, key))
        return None if row is None else cast(Json, row.value)


async def settings(db: Database, person: str) -> dict[str, Json]:
    """All that a person chose."""
    async with db.session() as session:
        rows = await session.scalars(select(tables.Setting).where(tables.Setting.person == person))
        return {row.key: row.value for row in rows}


async def set_setting(db: Database, person: str, key: str, value: Json) -> None:
    """Remember a choice; None forgets it."""
    async with db.writing() as session:
        if value is None:
            await session.execute(
                delete(tables.Setting).where(tables.Setting.person == person, tables.Setting.key == key)
            )
            return
        row = db.insert(tables.Setting).values(person=person, key=key, value=value)
        await session.execute(
            row.on_conflict_do_update(index_elements=["person", "key"], set_={"value": row.excluded.value})
        )


async def _person(session: AsyncSession, platform: str, account: str) -> tables.Person | None:
    joined = select(tables.Person).join(tables.Account, tables.Account.person == tables.Person.id)
    return await session.scalar(joined.where(tables.Account.platform == platform, tables.Account.account == account))


async def _meet(db: Database, platform: str, account: str, name: str, language: str) -> PersonRow:
    async with db.writing() as session:
        person = await _person(session, platform, account)
        if person is None:
            person = tables.Person(id=new_id(), name=name, language=language, created=db.now())
            session.add(person)
            await session.flush()
            session.add(tables.Account(platform=platform, account=account, person=person.id))
        else:
            person.name = name or person.name
            person.language = person.language or language
        return _row(person)


def _current(person: tables.Person, name: str, language: str) -> bool:
    return name in ("", person.name) and (bool(person.language) or not language)


def _row(person: tables.Person) -> PersonRow:
    return PersonRow(person.id, person.name, person.language)
