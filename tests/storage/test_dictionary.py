from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete

from prompts.errors import Refusal
from storage import dictionary, people, tables
from storage.database import Database
from storage.dictionary import Word, of_person, of_room
from storage.jobs import Place

ROOM = Place("discord", "server-1")


async def test_ones_own_word_goes_before_the_rooms(db: Database, person: str) -> None:
    other = (await people.person_of(db, "web", "other")).id
    assert await dictionary.words(db, person, ROOM) == {}
    await dictionary.put(db, of_room(ROOM), "天青色", "pale green", other)
    await dictionary.put(db, of_room(ROOM), "汉服", "hanfu", other)
    await dictionary.put(db, of_person(person), "天青色", "celadon", person)
    assert await dictionary.words(db, person, ROOM) == {"天青色": "celadon", "汉服": "hanfu"}
    assert await dictionary.words(db, person) == {"天青色": "celadon"}
    assert await dictionary.words(db, person, Place("discord", "server-2")) == {"天青色": "celadon"}
    assert await dictionary.words(db, other, ROOM) == {"天青色": "pale green", "汉服": "hanfu"}


async def test_both_scripts_are_one_word(db: Database, person: str) -> None:
    mine = of_person(person)
    await dictionary.put(db, mine, "漢 服", " hanfu ,, silk", person)
    assert await dictionary.get(db, mine, "汉服") == Word("漢服", "hanfu, silk", person)
    await dictionary.put(db, mine, "汉服", "robe", person)  # what was written last holds
    assert await dictionary.listed(db, mine) == ([Word("汉服", "robe", person)], 1)
    assert await dictionary.words(db, person) == {"汉服": "robe"}
    assert await dictionary.delete(db, mine, "漢服") == Word("汉服", "robe", person)
    assert await dictionary.words(db, person) == {}


async def test_listing_goes_by_characters(db: Database, person: str) -> None:
    for word in ("丙", "甲", "乙"):
        await dictionary.put(db, of_person(person), word, "x", person)
    found, count = await dictionary.listed(db, of_person(person), limit=2)
    assert count == 3 and len(found) == 2
    more, _ = await dictionary.listed(db, of_person(person), limit=2, offset=2)
    assert {one.word for one in (*found, *more)} == {"甲", "乙", "丙"}


async def test_what_cannot_be_a_word(db: Database, person: str) -> None:
    for word, english, key in (("cat", "dog", "word"), ("猫", "狗", "english"), ("猫", "<lora:x:1>", "english")):
        with pytest.raises(Refusal, match=rf"dictionary\.{key}"):
            await dictionary.put(db, of_person(person), word, english, person)


async def test_a_dictionary_is_full_some_time(db: Database, person: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionary, "MOST", 2)
    mine = of_person(person)
    for word in ("甲", "乙"):
        await dictionary.put(db, mine, word, "x", person)
    with pytest.raises(Refusal, match=r"dictionary\.full"):
        await dictionary.put(db, mine, "丙", "x", person)
    await dictionary.put(db, mine, "乙", "y", person)  # what is there may change
    await dictionary.put(db, of_room(ROOM), "丙", "x", person)


async def test_the_nearest_word_is_named(db: Database, person: str) -> None:
    with pytest.raises(Refusal, match=r"dictionary\.unknown"):
        await dictionary.delete(db, of_person(person), "天青")
    await dictionary.put(db, of_person(person), "天青色", "celadon", person)
    with pytest.raises(Refusal) as caught:
        await dictionary.delete(db, of_person(person), "天青")
    assert (caught.value.key, caught.value.values["nearest"]) == ("dictionary.unknown_nearest", "天青色")


async def test_many_write_at_once(db: Database, person: str) -> None:
    await asyncio.gather(*(dictionary.put(db, of_person(person), "猫", f"cat {n}", person) for n in range(8)))
    assert (await dictionary.listed(db, of_person(person)))[1] == 1


async def test_words_go_with_whoever_wrote_them(db: Database, person: str) -> None:
    await dictionary.put(db, of_person(person), "猫", "cat", person)
    await dictionary.put(db, of_room(ROOM), "狗", "dog", person)
    async with db.writing() as session:
        await session.execute(delete(tables.Persons).where(tables.Persons.id == person))
    assert await dictionary.words(db, person, ROOM) == {}
