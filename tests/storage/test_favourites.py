from __future__ import annotations

import asyncio

import pytest

from prompts.errors import Refusal
from storage import favourites, people
from storage.database import Database
from tests.storage.samples import drawn, recipe


async def test_a_favourite_comes_back_as_it_was(db: Database, person: str) -> None:
    picture = await drawn(db, person)
    saved = await favourites.save(db, person, "  Orange   Cat ", "一只橘猫 --ar 3:2", recipe(), picture.id)
    assert (saved.name, saved.text, saved.recipe, saved.used) == ("Orange Cat", "一只橘猫 --ar 3:2", recipe(), 0)
    assert await favourites.find_favourite(db, person, "ORANGE cat") == saved
    assert await favourites.find_favourite(db, person, saved.id) == saved
    plain = await favourites.save(db, person, "plain", "text", picture="gone")
    assert (plain.recipe, plain.picture) == (None, None)


async def test_a_name_is_taken_once_per_person(db: Database, person: str) -> None:
    await favourites.save(db, person, "Cat", "a")
    with pytest.raises(Refusal, match=r"favourites\.exists") as refused:
        await favourites.save(db, person, "ｃａｔ", "b")
    assert refused.value.values == {"name": "ｃａｔ"}
    other = (await people.person_of(db, "web", "other")).id
    assert (await favourites.save(db, other, "Cat", "c")).text == "c"


async def test_the_same_name_saved_twice_at_once(db: Database, person: str) -> None:
    results = await asyncio.gather(
        *(favourites.save(db, person, "cat", str(n)) for n in range(5)), return_exceptions=True
    )
    assert [type(result) for result in results].count(Refusal) == 4


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
async def test_names_that_are_none(db: Database, person: str, name: str) -> None:
    with pytest.raises(Refusal, match=r"favourites\.name_limits"):
        await favourites.save(db, person, name, "text")


async def test_an_unknown_name_gets_the_nearest(db: Database, person: str) -> None:
    with pytest.raises(Refusal, match=r"^favourites\.unknown "):
        await favourites.find_favourite(db, person, "anything")
    await favourites.save(db, person, "Sunset harbour", "text")
    with pytest.raises(Refusal) as refused:
        await favourites.find_favourite(db, person, "sunset harbor")
    assert refused.value.key == "favourites.unknown_nearest"
    assert refused.value.values == {"name": "sunset harbor", "nearest": "Sunset harbour"}
    with pytest.raises(Refusal, match=r"favourites\.unknown"):
        await favourites.find_favourite(db, person, "x" * 100_000)


async def test_listing_and_searching(db: Database, person: str) -> None:
    for name, text in (("cat", "一只猫"), ("dog", "a DOG 100%"), ("bird", "a bird")):
        await favourites.save(db, person, name, text)
    assert [f.name for f in await favourites.listed(db, person)] == ["bird", "dog", "cat"]
    assert [f.name for f in await favourites.listed(db, person, limit=1, offset=1)] == ["dog"]
    assert [f.name for f in await favourites.listed(db, person, "Dog 100%")] == ["dog"]
    assert [f.name for f in await favourites.listed(db, person, "猫")] == ["cat"]


async def test_renaming(db: Database, person: str) -> None:
    cat = await favourites.save(db, person, "cat", "text")
    await favourites.save(db, person, "dog", "text")
    renamed = await favourites.rename(db, person, "cat", "Kitten")
    assert (renamed.id, renamed.name) == (cat.id, "Kitten")
    assert await favourites.listed(db, person, "kitten") == [renamed]
    assert (await favourites.rename(db, person, "kitten", "KITTEN")).name == "KITTEN"
    with pytest.raises(Refusal, match=r"favourites\.exists"):
        await favourites.rename(db, person, "kitten", "dog")
    with pytest.raises(Refusal, match=r"favourites\.name_limits"):
        await favourites.rename(db, person, "kitten", " ")


async def test_using_and_deleting(db: Database, person: str) -> None:
    cat = await favourites.save(db, person, "cat", "text")
    await asyncio.gather(*(favourites.touch(db, cat.id) for _ in range(5)))
    assert (await favourites.find_favourite(db, person, "cat")).used == 5
    other = (await people.person_of(db, "web", "other")).id
    with pytest.raises(Refusal, match=r"favourites\.unknown"):
        await favourites.delete(db, other, cat.id)
    assert (await favourites.delete(db, person, "Cat")).id == cat.id
    assert await favourites.listed(db, person) == []
