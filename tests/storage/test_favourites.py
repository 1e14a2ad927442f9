from __future__ import annotations

import asyncio

import pytest

from prompts.errors import Refusal
from storage import favourites, people, pictures
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


async def test_one_picture_is_one_favourite(db: Database, person: str) -> None:
    picture, other = await drawn(db, person), await drawn(db, person)
    first, new = await favourites.keep(db, picture, person, ["cat", "cat · 1"])
    assert (first.name, first.picture, new) == ("cat", picture.id, True)
    again = await asyncio.gather(*(favourites.keep(db, picture, person, ["another"]) for _ in range(3)))
    assert again == [(first, False)] * 3
    with pytest.raises(Refusal) as refused:
        await favourites.save(db, person, "another", "text", picture=picture.id)
    assert refused.value.values == {"name": "cat"}
    second, _ = await favourites.keep(db, other, person, ["Cat", "cat · 2"])
    assert second.name == "cat · 2"
    assert len(await favourites.listed(db, person)) == 2
    for name in ("one", "two"):  # there may be any number without a picture
        await favourites.save(db, person, name, "text")


async def test_a_favourite_taken_back_is_none(db: Database, person: str) -> None:
    picture = await drawn(db, person)
    kept, _ = await favourites.keep(db, picture, person, ["cat"])
    assert await favourites.of_picture(db, person, picture.id) == kept
    assert await favourites.take_back(db, picture, person) == kept
    assert await favourites.take_back(db, picture, person) is None
    assert await favourites.of_picture(db, person, picture.id) is None
    again, new = await favourites.keep(db, picture, person, ["cat"])
    assert new and again.name == "cat"


async def test_the_mark_on_a_picture_is_its_owners(db: Database, person: str) -> None:
    async def marked() -> bool:
        row = await pictures.get(db, picture.id)
        return row is not None and row.favourite

    picture, admin = await drawn(db, person), (await people.person_of(db, "web", "admin")).id
    await favourites.keep(db, picture, admin, ["theirs"])
    assert not await marked()
    await favourites.keep(db, picture, person, ["mine"])
    assert await marked()
    await favourites.delete(db, person, "mine")
    assert not await marked()
