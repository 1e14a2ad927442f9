"""Forgetting: nothing of somebody stays in any row or file, nothing of anybody else goes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from engine.control import Control
from prompts.tag_table import TagTable
from storage import (
    dictionary,
    facts,
    favourites,
    forgetting,
    kept_tags,
    leaving,
    maps,
    messages,
    mydata,
    people,
    pictures,
    posts,
    refusals,
    rules,
    shares,
    tables,
    tag_tables,
    trainings,
    translations,
    uploads,
    votes,
    wishes,
)
from storage.database import Database
from storage.jobs import Place
from storage.leaving import Leave
from storage.pictures import PictureRow
from storage.trainings import KeptPicture, KeptTraining
from storage.wishes import Wish
from tests.storage.samples import accepted, drawn, png, recipe

MARKS = ("Annabel", "424242424242", "annsbrowser", "紫藤花下的旅人", "wisteria wanderer", "藤花诗", "藤椒色", "紫藤花")
TRAINING = "wistariavine"


async def everything(db: Database, telegram: str = "424242424242") -> tuple[str, set[str]]:
    """Somebody with something in every table, and words by which all of it is found."""
    person = (await people.person_of(db, "telegram", telegram, name="Annabel", language="zh")).id
    other = (await people.person_of(db, "web", "annsbrowser", name="Annabel")).id
    await people.merge(db, person, other)
    await people.set_setting(db, person, "model", "Annabel's model")
    source = await uploads.add_upload(db, person, png())
    shape = await uploads.add_upload(db, person, png())
    await maps.keep(db, source, "canny", png())
    await maps.charge(db, person, db.now().date(), 2.5)
    made = recipe("紫藤花下的旅人", "wisteria wanderer", source=source)
    made = replace(made, controls=(Control("demo-edges", shape),))
    row = await drawn(db, person, made)
    await db.files.thumbnail(row.hash)
    await favourites.save(db, person, "藤花诗", "紫藤花下的旅人", made, row.id)
    await dictionary.put(db, dictionary.of_person(person), "藤椒色", "green", person)
    await dictionary.put(db, dictionary.of_room(Place("telegram", "-77")), "藤椒色", "green", person)
    await messages.put(db, "m-1", "annsbrowser", "person", {"text": "紫藤花下的旅人"})
    await posts.put(db, Place("telegram", "-77", "5"), "telegram-1", job=row.job or "", pictures=[row.id])
    await posts.put(db, Place("telegram", telegram, "6"), "telegram-2")
    await posts.put(db, Place("discord", "9", "app/token"), "open:discord-1", job=telegram)
    await shares.share(db, row.id)
    await rules.put(db, rules.of_person(person), "pictures", 5)
    await refusals.add(db, person)
    await votes.cast(db, row.job or "", person, row.id)
    await kept_tags.add(db, person, "blocked", "wisteria wanderer", "紫藤花下的旅人")
    await tag_tables.opened(db, person, row.id, TagTable.of(made.prompt))
    await wishes.keep(db, Wish(person=person, text="紫藤花下的旅人", files=(source,), reply_to=row.id))
    await translations.Translations(db).keep("argos", "紫藤花", "wisteria")
    await facts.set_fact(db, f"telegram.photo.{row.id}", "file-1")
    await learning(db, person, row)
    await leaving.plan(db, Leave(person, db.now(), Place("telegram", telegram), "zh"))
    await accepted(db, person, made, place=Place("telegram", telegram))
    return person, {person, row.id, row.hash, row.job or "", source, shape, *MARKS, TRAINING, "藤萝", "tengluo", "藤蔓"}


async def learning(db: Database, person: str, sample: PictureRow) -> None:
    """A training of somebody's, with a picture and a sample."""
    now = db.now()
    kept = KeptTraining(
        id=TRAINING, person=person, name="藤萝", trigger="tengluo", kind="thing", model="demo", created=now, changed=now
    )
    await trainings.add(db, kept, "")
    await trainings.add_picture(db, TRAINING, KeptPicture(place=0, hash="", caption="vine", source="藤蔓"), png())
    await trainings.add_samples(db, TRAINING, 10, sample.job or "", 1)
    await trainings.drawn(db, sample.job or "", [sample.id])


async def bytes_of(db: Database, folder: Path) -> bytes:
    """All rows as text, the names of all files, and everything in them."""
    found = []
    async with db.session() as session:
        for table in tables.Base.metadata.tables.values():
            found.append("\n".join(map(str, (await session.execute(select(table))).all())).encode())
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join([*found, *(str(path).encode() for path in paths), *(path.read_bytes() for path in paths)])


def test_every_table_has_a_word_about_erasing() -> None:
    """A new table needs a row in `ERASED` that says what becomes of somebody in it."""
    assert {table.__tablename__ for table in forgetting.ERASED} == set(tables.Base.metadata.tables)


def test_what_is_left_to_the_row_of_the_person_goes_with_it() -> None:
    for table, how in forgetting.ERASED.items():
        if how is not forgetting._with_the_person:
            continue
        keys = [
            key for key in tables.Base.metadata.tables[table.__tablename__].foreign_keys if key.ondelete == "CASCADE"
        ]
        assert keys, table


async def test_nothing_of_somebody_stays_anywhere_in_the_data_folder(db: Database, tmp_path: Path) -> None:
    person, marks = await everything(db)
    before = await bytes_of(db, tmp_path)
    assert [mark for mark in marks if mark.encode() not in before] == []
    async with db.session() as session:  # nothing is tested where nothing is
        empty = [
            table.__tablename__
            for table in forgetting.ERASED
            if (await session.execute(select(tables.Base.metadata.tables[table.__tablename__]))).first() is None
        ]
    assert sorted(empty) == ["barred", "known_file"]
    assert await forgetting.erase(db, person)
    await forgetting.scrub(db)
    after = await bytes_of(db, tmp_path)
    assert [mark for mark in marks if mark.encode() in after] == []
    assert not [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()]
    assert not await forgetting.erase(db, person)


async def test_old_versions_of_rows_are_gone_from_the_file_too(db: Database, tmp_path: Path) -> None:
    """What was deleted or changed before anybody asked to be forgotten."""
    person, _ = await everything(db)
    for number in range(50):
        await messages.put(db, "m-1", "annsbrowser", "person", {"text": f"紫藤花下的旅人 {number}" * 50})
    await favourites.delete(db, person, "藤花诗")
    await forgetting.erase(db, person)
    await forgetting.scrub(db)
    assert "紫藤花" not in (await bytes_of(db, tmp_path)).decode("utf-8", "replace")


async def test_others_keep_what_is_theirs(db: Database) -> None:
    ann, _ = await everything(db)
    bob = (await people.person_of(db, "telegram", "7", name="Bob")).id
    theirs = (await pictures.search(db, ann)).pictures[0]
    same = await drawn(db, bob, recipe("一只橘猫"), content=await db.files.get(theirs.hash))
    sent = png()
    await uploads.add_upload(db, ann, sent)
    kept = await uploads.add_upload(db, bob, sent)
    over = await drawn(db, bob, recipe("一只狗", source=theirs.recipe.source.picture if theirs.recipe.source else ""))
    child = await drawn(db, bob, recipe("一只鸟"), parent=theirs.id)
    await messages.put(db, "m-2", "bobs", "bot", {"pictures": [{"id": theirs.id}]})
    await messages.put(db, "m-3", "bobs", "bot", {"pictures": [{"id": same.id}]})
    await posts.put(db, Place("telegram", "-77", "8"), "telegram-3", pictures=[same.id])
    await translations.Translations(db).keep("argos", "向日葵", "sunflower")
    await dictionary.put(db, dictionary.of_room(Place("telegram", "-77")), "天青色", "celadon", bob)
    await rules.put(db, rules.of_person(bob), "pictures", 3)
    await forgetting.erase(db, ann)
    assert {row.id for row in (await pictures.search(db, bob)).pictures} == {same.id, over.id, child.id}
    assert await db.files.has(same.hash) and await db.files.has(kept) and await db.files.has(over.hash)
    assert (await pictures.get(db, child.id)) and not (await pictures.get(db, child.id)).parent  # type: ignore[union-attr]
    assert await messages.get(db, "m-2") is None and await messages.get(db, "m-3") is not None
    assert await posts.by_key(db, "telegram", "telegram-3") is not None
    assert await translations.Translations(db).recall("argos", "向日葵") == "sunflower"
    assert await dictionary.words(db, bob, Place("telegram", "-77")) == {"天青色": "celadon"}
    assert (await rules.of(db, [rules.of_person(bob)]))[rules.of_person(bob)] == {"pictures": 3}


async def test_a_block_outlives_the_person_as_a_hash(db: Database, tmp_path: Path) -> None:
    person, marks = await everything(db)
    await rules.put(db, rules.of_person(person), "blocked", True)
    await forgetting.erase(db, person)
    await forgetting.scrub(db)
    after = await bytes_of(db, tmp_path)
    assert [mark for mark in marks if mark.encode() in after] == []
    for platform, account in (("telegram", "424242424242"), ("web", "annsbrowser")):
        again = await people.person_of(db, platform, account)
        scope = rules.of_person(again.id)
        assert (await rules.of(db, [scope]))[scope] == {"blocked": True}
    async with db.session() as session:
        assert (await session.execute(select(tables.Barred))).first() is None  # an ordinary block again
    stranger = rules.of_person((await people.person_of(db, "telegram", "8")).id)
    assert (await rules.of(db, [stranger]))[stranger] == {}


async def test_a_block_lifted_before_is_not_kept(db: Database) -> None:
    person, _ = await everything(db)
    await rules.put(db, rules.of_person(person), "blocked", True)
    await rules.put(db, rules.of_person(person), "blocked", None)
    await forgetting.erase(db, person)
    again = rules.of_person((await people.person_of(db, "telegram", "424242424242")).id)
    assert (await rules.of(db, [again]))[again] == {}


async def test_leaving_is_planned_once_and_can_be_taken_back(db: Database, person: str) -> None:
    here, now = Place("web", "ann"), db.now()
    first = await leaving.plan(db, Leave(person, now + timedelta(days=3), here, "zh-TW"))
    again = await leaving.plan(db, Leave(person, now + timedelta(days=9), Place("web", "x"), "en"))
    assert first == again == await leaving.planned(db, person)
    assert await leaving.due(db, now) == [] and await leaving.due(db, now + timedelta(days=3)) == [first]
    assert await leaving.take_back(db, person) and not await leaving.take_back(db, person)
    assert await leaving.planned(db, person) is None


async def test_deleted_rows_are_overwritten_in_the_file(db: Database, person: str) -> None:
    if not db.sqlite:
        pytest.skip("SQLite's own")
    async with db.session() as session:
        assert (await session.execute(text("PRAGMA secure_delete"))).scalar() == 1


def test_every_table_has_a_word_about_taking_along() -> None:
    """A new table needs a row in `mydata.TAKEN`: what people get of it, or that nothing of them is in it."""
    assert {table.__tablename__ for table in mydata.TAKEN} == set(tables.Base.metadata.tables)


async def test_everything_of_somebody_is_taken_along(db: Database) -> None:
    person, marks = await everything(db)
    kept = await mydata.of_person(db, person)
    assert [name for name, rows in kept.data.items() if not rows] == []
    said = json.dumps(kept.data, ensure_ascii=False)
    assert [mark for mark in marks - {"紫藤花"} if mark not in said] == []
    assert {file.name.partition("/")[0] for file in kept.files} == {"pictures", "uploads", "trainings"}
    assert (await mydata.of_person(db, "nobody")).files == ()


async def test_what_was_interrupted_is_done_again(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash after the files are gone, and one before the disk is scrubbed."""
    person, marks = await everything(db)

    async def crash(*_: object) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setitem(forgetting.ERASED, tables.Persons, crash)  # type: ignore[arg-type]
        with pytest.raises(RuntimeError, match="power"):
            await forgetting.erase(db, person)
    assert await people.get(db, person) and await leaving.planned(db, person), "still to be forgotten"
    with monkeypatch.context() as broken:
        broken.setattr(Database, "scrub", crash)
        assert await forgetting.erase(db, person)
        with pytest.raises(RuntimeError, match="power"):
            await forgetting.scrub(db)
    await forgetting.scrub(db)
    after = await bytes_of(db, tmp_path)
    assert [mark for mark in marks if mark.encode() in after] == []
