from __future__ import annotations

import asyncio

from storage import people
from storage.database import Database
from storage.people import Account


async def test_a_person_is_made_on_first_sight_and_found_again(db: Database) -> None:
    first = await people.person_of(db, "telegram", "42", name="安", language="zh")
    assert (first.name, first.language) == ("安", "zh")
    assert await people.person_of(db, "telegram", "42") == first
    assert await people.get(db, first.id) == first
    assert (await people.person_of(db, "discord", "42")).id != first.id
    assert await people.get(db, "nobody") is None


async def test_many_first_messages_at_once_are_one_person(db: Database) -> None:
    met = await asyncio.gather(*(people.person_of(db, "web", "new", name="N", language="en") for _ in range(10)))
    assert len(set(met)) == 1


async def test_a_new_name_is_remembered_and_a_chosen_language_stays(db: Database) -> None:
    first = await people.person_of(db, "web", "a", name="old")
    assert first.language == ""
    second = await people.person_of(db, "web", "a", name="new", language="en")
    assert (second.id, second.name, second.language) == (first.id, "new", "en")
    await people.set_language(db, first.id, "zh")
    assert (await people.person_of(db, "web", "a", language="en")).language == "zh"


async def test_accounts(db: Database) -> None:
    person = await people.person_of(db, "web", "a")
    assert await people.accounts(db, person.id) == [Account("web", "a")]


async def test_settings(db: Database, person: str) -> None:
    assert await people.setting(db, person, "model") is None
    await people.set_setting(db, person, "model", "demo")
    await people.set_setting(db, person, "size", [512, 768])
    await people.set_setting(db, person, "model", {"name": "other", "strength": 0.5, "on": True})
    assert await people.setting(db, person, "model") == {"name": "other", "strength": 0.5, "on": True}
    await people.set_setting(db, person, "model", None)
    assert await people.settings(db, person) == {"size": [512, 768]}


async def test_settings_are_ones_own(db: Database, person: str) -> None:
    other = await people.person_of(db, "web", "other")
    await people.set_setting(db, person, "model", "demo")
    assert await people.settings(db, other.id) == {}


async def test_strange_names(db: Database) -> None:
    person = await people.person_of(db, "web", "'; --\0\ud800", name="Robert'); DROP TABLE person;--\0 \udfff 🐱")
    assert await people.person_of(db, "web", "'; --\0\ud800", name=person.name) == person
    assert person.name.endswith("🐱")
