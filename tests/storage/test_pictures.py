from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from engine.control import Control
from engine.job import Picture, State
from engine.recipe import Source
from prompts.errors import Refusal
from storage import favourites, jobs, people, pictures, tables, uploads
from storage.database import Database
from storage.pictures import PictureRow
from tests.storage.samples import accepted, drawn, png, recipe


async def dated(db: Database, picture: PictureRow, created: datetime) -> None:
    async with db.writing() as session:
        await session.execute(update(tables.Pictures).where(tables.Pictures.id == picture.id).values(created=created))


async def found(db: Database, person: str, **asked: object) -> list[str]:
    page = await pictures.search(db, person, **asked)  # type: ignore[arg-type]
    return [picture.id for picture in page.pictures]


async def test_a_picture_is_found_by_its_id(db: Database, person: str) -> None:
    row = await drawn(db, person)
    assert await pictures.get(db, row.id) == row
    assert len(row.id) == 12
    assert await pictures.get(db, "nothing") is None


async def test_every_word_has_to_occur_somewhere(db: Database, person: str) -> None:
    cat = await drawn(db, person, recipe("一只橘猫，水彩", "an Orange Cat, watercolor", "ugly hands"))
    dog = await drawn(db, person, recipe("一只狗", "a dog, watercolor", "blurry"))
    assert await found(db, person) == [dog.id, cat.id]
    assert await found(db, person, words="橘猫") == [cat.id]
    assert await found(db, person, words="WATERCOLOR") == [dog.id, cat.id]
    assert await found(db, person, words="ＣＡＴ  ugly") == [cat.id]
    assert await found(db, person, words="dog ugly") == []


async def test_a_weight_in_a_phrase_does_not_hide_its_words(db: Database, person: str) -> None:
    hit = await drawn(db, person, recipe(positive="a (red:0.5) bus"))
    assert await found(db, person, words="red bus") == [hit.id]


@pytest.mark.parametrize("words", ["100%", "a_b", "/", "\\", "it's", '"'])
async def test_signs_stand_for_themselves(db: Database, person: str, words: str) -> None:
    hit = await drawn(db, person, recipe(positive=f"before {words} after"))
    await drawn(db, person, recipe(positive="before 100 aXb after"))
    assert await found(db, person, words=words) == [hit.id]


async def test_endless_words_are_no_trouble(db: Database, person: str) -> None:
    await drawn(db, person)
    assert await found(db, person, words="x" * 100_000) == []
    assert await found(db, person, words=" ".join(f"w{n}" for n in range(5_000))) == []
    assert await found(db, person, words=" \t ") != []


async def test_everybody_finds_only_their_own(db: Database, person: str) -> None:
    other = (await people.person_of(db, "web", "bob")).id
    mine, theirs = await drawn(db, person), await drawn(db, other)
    assert await found(db, person) == [mine.id]
    assert await found(db, other, words="cat") == [theirs.id]
    assert await pictures.owned(db, person, mine.hash)
    assert not await pictures.owned(db, person, theirs.hash)


async def test_by_model(db: Database, person: str) -> None:
    old, new = await drawn(db, person, recipe(model="old")), await drawn(db, person, recipe(model="new"))
    assert await found(db, person, model="old") == [old.id]
    assert await pictures.models_used(db, person) == ["new", "old"]
    assert await found(db, person, model="new", words="cat") == [new.id]


async def test_by_date(db: Database, person: str) -> None:
    first, second, third = [await drawn(db, person) for _ in range(3)]
    for row, day in ((first, 1), (second, 2), (third, 3)):
        await dated(db, row, datetime(2026, 5, day, 23, 59, 59, 999_999, UTC))
    assert await found(db, person, since=date(2026, 5, 2)) == [third.id, second.id]
    assert await found(db, person, until=date(2026, 5, 2)) == [second.id, first.id]
    assert await found(db, person, since=date(2026, 5, 2), until=date(2026, 5, 2)) == [second.id]
    assert await found(db, person, until=date.max, since=date.min) == [third.id, second.id, first.id]
    noon = datetime.fromisoformat("2026-05-03T12:00+08:00")
    assert await found(db, person, since=noon - timedelta(days=1), until=noon) == [second.id]


async def test_favourites_only(db: Database, person: str) -> None:
    first, second = await drawn(db, person), await drawn(db, person)
    await favourites.keep(db, first, person, ["cat"])
    assert await found(db, person, favourite=True) == [first.id]
    marked = await pictures.get(db, first.id)
    assert marked is not None
    assert marked.favourite
    await favourites.take_back(db, first, person)
    assert await found(db, person, favourite=True) == []
    assert await found(db, person) == [second.id, first.id]


async def test_pages_follow_each_other_while_new_pictures_come(db: Database, person: str) -> None:
    made = [await drawn(db, person) for _ in range(7)]
    for row in made:  # all in the same moment: the id decides
        await dated(db, row, datetime(2026, 5, 1, tzinfo=UTC))
    page = await pictures.search(db, person, limit=3)
    seen = list(page.pictures)
    while page.next:
        await drawn(db, person)
        page = await pictures.search(db, person, limit=3, before=page.next)
        seen += page.pictures
    assert [row.id for row in seen] == sorted((row.id for row in made), reverse=True)


async def test_the_last_page_says_so(db: Database, person: str) -> None:
    for _ in range(2):
        await drawn(db, person)
    assert (await pictures.search(db, person, limit=2)).next is None
    assert (await pictures.search(db, person, limit=1)).next is not None


@pytest.mark.parametrize("cursor", ["", "x", "2026-01-01_abc", "'; DROP TABLE picture", "9" * 5000])
async def test_a_cursor_that_is_none(db: Database, person: str, cursor: str) -> None:
    with pytest.raises(Refusal, match=r"history\.cursor"):
        await pictures.search(db, person, before=cursor)


async def test_deleting_takes_the_file_along(db: Database, person: str) -> None:
    row = await drawn(db, person)
    small = await db.files.thumbnail(row.hash)
    assert small
    assert await pictures.delete(db, row.id)
    assert not await pictures.delete(db, row.id)
    assert await pictures.get(db, row.id) is None
    assert [path for path in db.files.folder.rglob("*") if path.is_file()] == []


async def test_a_file_stays_while_another_picture_has_it(db: Database, person: str) -> None:
    content = png()
    first, second = await drawn(db, person, content=content), await drawn(db, person, content=content)
    await pictures.delete(db, first.id)
    assert await db.files.get(second.hash) == content
    await pictures.delete(db, second.id)
    assert not await db.files.has(second.hash)


async def test_a_file_stays_while_a_recipe_draws_over_it(db: Database, person: str) -> None:
    parent = await drawn(db, person)
    child = await drawn(db, person, recipe(source=parent.hash), parent=parent.id)
    await pictures.delete(db, parent.id)
    orphan = await pictures.get(db, child.id)
    assert orphan is not None
    assert orphan.parent is None
    assert await db.files.has(parent.hash)
    await pictures.delete(db, child.id)
    assert not await db.files.has(parent.hash)
    assert not await db.files.has(child.hash)


async def test_a_file_stays_while_a_job_waits_to_draw_over_it(db: Database, person: str) -> None:
    parent = await drawn(db, person)
    one = await accepted(db, person, recipe(source=parent.hash))
    await pictures.delete(db, parent.id)
    assert await db.files.has(parent.hash)
    rows = await jobs.end(db, one.id, State.DONE, pictures=[Picture(png=png(), recipe=one.recipes[0], seconds=1.0)])
    await jobs.answered(db, one.id)
    await pictures.delete(db, rows[0].id)
    assert not await db.files.has(parent.hash)


async def test_a_file_stays_while_a_favourite_draws_over_it(db: Database, person: str) -> None:
    parent = await drawn(db, person)
    saved = await favourites.save(db, person, "mine", "text", recipe(source=parent.hash), parent.id)
    assert saved.picture == parent.id
    await pictures.delete(db, parent.id)
    assert (await favourites.find_favourite(db, person, "mine")).picture is None
    assert await db.files.has(parent.hash)


async def test_masks_and_maps_stay_as_long_as_what_was_drawn_from_them(db: Database, person: str) -> None:
    over, mask, shape, where, unused = [await uploads.add_upload(db, person, png()) for _ in range(5)]
    made = replace(
        recipe(), source=Source(over, 0.5, mask=mask), controls=(Control("net", shape, mask=where), Control("b", shape))
    )
    row = await drawn(db, person, made)
    await favourites.save(db, person, "mine", "text", replace(recipe(), controls=(Control("net", shape),)))
    async with db.writing() as session:
        await session.execute(update(tables.Uploads).values(created=db.now() - timedelta(days=2)))
    assert await uploads.tidy(db) == 1
    assert not await db.files.has(unused)
    assert all([await db.files.has(one) for one in (over, mask, shape, where)])
    assert await pictures.owned(db, person, shape)  # so it can be drawn with again after years
    await pictures.delete(db, row.id)
    assert [await db.files.has(one) for one in (over, mask, shape, where)] == [False, False, True, False]
    await favourites.delete(db, person, "mine")
    assert await uploads.tidy(db) == 1
    assert not await db.files.has(shape)


async def test_uploads_stay_a_day_and_then_while_they_are_needed(db: Database, person: str) -> None:
    unused, used = await uploads.add_upload(db, person, png()), await uploads.add_upload(db, person, png())
    assert await uploads.add_upload(db, person, await db.files.get(used)) == used
    assert await pictures.owned(db, person, used)
    child = await drawn(db, person, recipe(source=used))
    assert await uploads.tidy(db) == 0
    async with db.writing() as session:
        await session.execute(update(tables.Uploads).values(created=db.now() - timedelta(days=2)))
    assert await uploads.tidy(db) == 1
    assert [await db.files.has(file) for file in (unused, used)] == [False, True]
    await pictures.delete(db, child.id)
    assert not await db.files.has(used)
    assert not await pictures.owned(db, person, used)


async def test_deleting_and_drawing_the_same_content_at_once_loses_no_file(db: Database, person: str) -> None:
    content = png()
    for _ in range(5):
        row = await drawn(db, person, content=content)
        one = await accepted(db, person)
        picture = Picture(png=content, recipe=one.recipes[0], seconds=1.0)
        _, kept = await asyncio.gather(
            pictures.delete(db, row.id), jobs.end(db, one.id, State.DONE, pictures=[picture])
        )
        assert await db.files.get(kept[0].hash) == content
        await pictures.delete(db, kept[0].id)
        assert not await db.files.has(kept[0].hash)


async def test_the_size_is_the_files_own(db: Database, person: str, tmp_path: Path) -> None:
    assert (await drawn(db, person, content=png(size=(31, 17)))).width == 31
    assert (await drawn(db, person, content=b"not a png")).width == 64
