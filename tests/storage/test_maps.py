"""Maps of pictures: found again, kept while something needs them, gone with what they were made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from engine.control import Control
from prompts.prompt import Note
from storage import forgetting, maps, people, pictures, uploads
from storage.database import Database
from storage.maps import KeptMap
from tests.storage.samples import drawn, png, recipe

HOW = "canny 100 200 64x64"


async def ann(db: Database, account: str = "a") -> str:
    return (await people.person_of(db, "web", account)).id


async def test_a_map_is_found_by_its_picture_and_how_it_was_made(db: Database) -> None:
    source = await uploads.add_upload(db, await ann(db), png())
    notes = (Note("map.qr_read", {"text": "你好"}),)
    made = await maps.keep(db, source, HOW, png(), notes)
    assert await maps.find(db, source, HOW) == made == KeptMap(made.hash, notes)
    assert await maps.find(db, source, "canny 50 60 64x64") is None and await maps.find(db, made.hash, HOW) is None
    again = await maps.keep(db, source, HOW, png())
    assert await maps.find(db, source, HOW) == again != made


async def test_a_map_without_its_file_is_made_again(db: Database) -> None:
    source = await uploads.add_upload(db, await ann(db), png())
    made = await maps.keep(db, source, HOW, png())
    await db.files.remove(made.hash)
    assert await maps.find(db, source, HOW) is None


async def test_maps_are_kept_for_a_day_after_they_were_asked_for(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    source = await uploads.add_upload(db, await ann(db), png())
    made = await maps.keep(db, source, HOW, png())
    began = db.now()

    def after(hours: float) -> None:
        def now() -> datetime:
            return began + timedelta(hours=hours)

        monkeypatch.setattr(db, "now", now)

    after(20)
    assert await maps.find(db, source, HOW) and await maps.tidy(db) == 0
    after(40)
    assert await maps.tidy(db) == 0 and db.files.path(made.hash).exists()
    after(45)
    assert await maps.tidy(db) == 1 and not db.files.path(made.hash).exists()
    assert await maps.find(db, source, HOW) is None


async def test_maps_go_with_their_picture(db: Database) -> None:
    row = await drawn(db, await ann(db))
    one, other = [await maps.keep(db, row.hash, f"{HOW} {number}", png()) for number in range(2)]
    far = await maps.keep(db, one.hash, "invert", png())  # a map of a map
    assert await pictures.delete(db, row.id)
    assert not any(db.files.path(kept.hash).exists() for kept in (one, other, far))
    assert await maps.find(db, row.hash, f"{HOW} 0") is None


async def test_a_map_that_a_kept_picture_was_drawn_by_stays(db: Database) -> None:
    person = await ann(db)
    row = await drawn(db, person)
    made = await maps.keep(db, row.hash, HOW, png())
    later = await drawn(db, person, replace(recipe(), controls=(Control("demo-edges", made.hash, source=row.hash),)))
    assert await pictures.delete(db, row.id)
    assert db.files.path(made.hash).exists() and await maps.find(db, row.hash, HOW) is None
    assert await pictures.delete(db, later.id)
    assert not db.files.path(made.hash).exists()


async def test_whoever_sent_the_same_picture_keeps_its_maps(db: Database) -> None:
    content, one, other = png(), await ann(db), await ann(db, "b")
    source = await uploads.add_upload(db, one, content)
    assert await uploads.add_upload(db, other, content) == source
    made = await maps.keep(db, source, HOW, png())
    await forgetting.erase(db, one)
    assert await maps.find(db, source, HOW) == made
    await forgetting.erase(db, other)
    assert await maps.find(db, source, HOW) is None and not db.files.path(made.hash).exists()


async def test_what_maps_took_counts_by_the_day_and_goes_along_with_a_person(db: Database) -> None:
    one, other = await ann(db), await ann(db, "b")
    today, before = date(2026, 5, 2), date(2026, 5, 1)
    assert await maps.seconds(db, one, today) == 0.0
    for day, seconds in ((before, 2.0), (before, 1.5)):
        await maps.charge(db, one, day, seconds)
    assert await maps.seconds(db, one, before) == 3.5
    await maps.charge(db, one, today, 4.0)
    assert await maps.seconds(db, one, today) == 4.0 and await maps.seconds(db, other, today) == 0.0
    await maps.charge(db, other, today, 1.0)
    await people.merge(db, one, other)
    assert await maps.seconds(db, one, today) == 5.0
    old, new, third = [await ann(db, name) for name in "cde"]
    await maps.charge(db, old, before, 9.0)
    await maps.charge(db, new, today, 1.0)
    await people.merge(db, old, new)
    await people.merge(db, third, old)
    assert await maps.seconds(db, third, today) == 1.0 and await maps.seconds(db, third, before) == 0.0
