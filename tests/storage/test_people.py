from __future__ import annotations

import asyncio

import pytest

from storage import dictionary, favourites, jobs, people, pictures, rules, uploads
from storage.database import Database
from storage.people import Account
from tests.storage.samples import PLACE, drawn, png


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


async def test_two_people_become_one(db: Database) -> None:
    ann = (await people.person_of(db, "discord", "1", name="Ann", language="zh")).id
    bob = (await people.person_of(db, "telegram", "2", name="ann on telegram", language="en")).id
    for person, model in ((ann, "demo"), (bob, "other")):
        await people.set_setting(db, person, "model", model)
        await favourites.save(db, person, "Cat", f"cat of {person}")
        await dictionary.put(db, dictionary.of_person(person), "天青色", f"celadon {person}", person)
        await uploads.add_upload(db, person, png(7))
        await drawn(db, person)
    [shared] = (await pictures.search(db, ann)).pictures
    for person in (bob, ann):
        await favourites.keep(db, shared, person, [f"one picture of {person}"])
    await people.set_setting(db, bob, "count", 2)
    await dictionary.put(db, dictionary.of_person(bob), "月白", "moon white", bob)
    await dictionary.put(db, dictionary.of_room(PLACE), "黛", "dark blue", bob)
    await rules.put(db, rules.of_person(bob), "blocked", True)

    await people.merge(db, ann, bob)

    assert await people.get(db, bob) is None
    assert await people.accounts(db, ann) == [Account("discord", "1"), Account("telegram", "2")]
    assert (await people.person_of(db, "telegram", "2")).id == ann
    assert await people.settings(db, ann) == {"model": "demo", "count": 2}
    assert {one.name: one.text for one in await favourites.listed(db, ann)} == {
        "Cat": f"cat of {ann}",
        "Cat 2": f"cat of {bob}",
        f"one picture of {ann}": shared.recipe.prompt.text,
    }
    assert (await favourites.find_favourite(db, ann, "cat 2")).text == f"cat of {bob}"
    assert await dictionary.words(db, ann) == {"天青色": f"celadon {ann}", "月白": "moon white"}
    word = await dictionary.get(db, dictionary.of_room(PLACE), "黛")
    assert word and word.person == ann
    assert len((await pictures.search(db, ann)).pictures) == 2
    assert len(await jobs.of_person(db, ann)) == 2
    assert await rules.of(db, [rules.of_person(ann)]) == {rules.of_person(ann): {"blocked": True}}


async def test_nobody_is_merged_with_themselves_or_nobody(db: Database, person: str) -> None:
    for other in (person, "nobody"):
        with pytest.raises(KeyError):
            await people.merge(db, person, other)
    assert await people.get(db, person) is not None


async def test_people_are_found_without_being_made(db: Database, person: str) -> None:
    assert await people.find_person(db, "web", "nobody") is None
    found = await people.find_person(db, "web", "ann")
    assert found and found.id == person and await people.count(db) == 1
