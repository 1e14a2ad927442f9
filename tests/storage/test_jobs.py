from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from engine.job import Lane, Picture, State
from prompts.errors import Refusal
from prompts.prompt import Note
from storage import jobs, pictures
from storage.database import Database
from storage.jobs import Place
from tests.storage.samples import PLACE, accepted, drawn, job, png, recipe


async def test_a_job_comes_back_as_it_was(db: Database, person: str) -> None:
    one = job(person, recipe(seed=1), recipe(seed=2, source="ab" * 32))
    assert await jobs.add(db, one, place=PLACE, language="en", request_key="update-1")
    kept = await jobs.get(db, one.id)
    assert kept is not None
    assert (kept.job, kept.place, kept.language, kept.request_key) == (one, PLACE, "en", "update-1")
    assert (kept.parent, kept.error_key, kept.error_values, kept.answered) == (None, "", {}, False)
    assert kept.created.tzinfo is UTC
    assert abs(kept.created - datetime.now(UTC)) < timedelta(seconds=10)
    assert await jobs.get(db, "nothing") is None


async def test_the_lane_is_kept(db: Database, person: str) -> None:
    from dataclasses import replace

    one = replace(job(person), lane=Lane.BACKGROUND)
    await jobs.add(db, one, place=PLACE, language="zh", request_key="")
    kept = await jobs.get(db, one.id)
    assert kept is not None
    assert kept.job.lane is Lane.BACKGROUND


async def test_one_update_delivered_many_times_at_once_makes_one_job(db: Database, person: str) -> None:
    added = await asyncio.gather(
        *(jobs.add(db, job(person), place=PLACE, language="zh", request_key="same") for _ in range(8))
    )
    assert sorted(added) == [False] * 7 + [True]
    assert len(await jobs.unanswered(db, ["web"])) == 1


async def test_jobs_without_a_key_are_all_different(db: Database, person: str) -> None:
    for _ in range(2):
        assert await jobs.add(db, job(person), place=PLACE, language="zh", request_key="")
    assert [kept.request_key for kept in await jobs.of_person(db, person)] == ["", ""]


async def test_an_owner_who_is_nobody_is_a_mistake_of_ours(db: Database) -> None:
    with pytest.raises(IntegrityError):
        await jobs.add(db, job("nobody"), place=PLACE, language="zh", request_key="k")


async def test_the_message_of_the_answer_is_remembered(db: Database, person: str) -> None:
    one = await accepted(db, person)
    await jobs.posted(db, one.id, Place("web", "chat-1", "message-9"))
    kept = await jobs.get(db, one.id)
    assert kept is not None
    assert kept.place == Place("web", "chat-1", "message-9")


async def test_unanswered_jobs_come_oldest_first_whatever_their_state(db: Database, person: str) -> None:
    waiting, running, done, answered, elsewhere = [
        await accepted(db, person, place=Place(platform, "c")) for platform in ("web", "web", "web", "web", "telegram")
    ]
    await jobs.attempt(db, running.id, 1, State.RUNNING)
    await jobs.end(db, done.id, State.FAILED, error_key="model.damaged", error_values={"model": "x"})
    await jobs.end(db, answered.id, State.CANCELLED)
    await jobs.answered(db, answered.id)

    found = await jobs.unanswered(db, ["web"])
    assert [kept.job.id for kept in found] == [waiting.id, running.id, done.id]
    assert [kept.job.state for kept in found] == [State.WAITING, State.RUNNING, State.FAILED]
    assert (found[1].job.attempt, found[2].error_key, found[2].error_values) == (1, "model.damaged", {"model": "x"})
    assert [kept.job.id for kept in await jobs.unanswered(db, ["telegram", "discord"])] == [elsewhere.id]
    assert await jobs.unanswered(db, []) == []


async def test_a_persons_jobs_come_newest_first(db: Database, person: str) -> None:
    made = [await accepted(db, person) for _ in range(4)]
    assert [kept.job.id for kept in await jobs.of_person(db, person, limit=3)] == [m.id for m in made[:0:-1]]


async def test_the_end_keeps_the_pictures_in_their_order(db: Database, person: str) -> None:
    recipes = [recipe(seed=seed) for seed in range(4)]
    one = await accepted(db, person, *recipes)
    files = [Picture(png=png(size=(64, 48)), recipe=made, seconds=2.25) for made in recipes]
    rows = await jobs.end(db, one.id, State.DONE, pictures=files)
    assert [row.recipe for row in rows] == recipes
    assert [row.hash for row in rows] == [file.hash for file in files]
    assert {(row.person, row.job, row.width, row.height, row.seconds) for row in rows} == {
        (person, one.id, 64, 48, 2.25)
    }
    assert await pictures.of_job(db, one.id) == rows
    assert [await db.files.get(row.hash) for row in rows] == [file.png for file in files]


async def test_how_long_it_was_drawn_is_remembered_beside_what_it_cost(db: Database, person: str) -> None:
    one = await accepted(db, person, recipe(seed=1), recipe(seed=2))
    assert (kept := await jobs.get(db, one.id)) and kept.took == 0
    files = [Picture(png=png(), recipe=made, seconds=2.0) for made in one.recipes]
    await jobs.end(db, one.id, State.DONE, pictures=files, took=2.5)
    assert (kept := await jobs.get(db, one.id)) and kept.took == 2.5
    assert (await jobs.spent(db, kept.created, person)).seconds == 4.0


async def test_what_was_noted_while_it_was_drawn_stays_with_the_picture(db: Database, person: str) -> None:
    one = await accepted(db, person, recipe(seed=1), recipe(seed=2))
    note = Note("note.lora_partly", {"name": "墨", "count": "3"})
    files = [
        Picture(png=png(), recipe=made, seconds=2.0, notes=said)
        for made, said in zip(one.recipes, [(note,), ()], strict=True)
    ]
    await jobs.end(db, one.id, State.DONE, pictures=files)
    assert [row.notes for row in await pictures.of_job(db, one.id)] == [(note,), ()]


async def test_an_ended_job_stays_as_it_ended(db: Database, person: str) -> None:
    one = await accepted(db, person)
    picture = Picture(png=png(), recipe=one.recipes[0], seconds=1.0)
    first = await jobs.end(db, one.id, State.DONE, pictures=[picture])
    again = await jobs.end(db, one.id, State.FAILED, pictures=[picture], error_key="engine.failed")
    await jobs.attempt(db, one.id, 2, State.RUNNING)
    kept = await jobs.get(db, one.id)
    assert kept is not None
    assert first == again
    assert (kept.job.state, kept.job.attempt, kept.error_key) == (State.DONE, 0, "")


async def test_two_ends_at_once_keep_each_picture_once(db: Database, person: str) -> None:
    one = await accepted(db, person)
    picture = Picture(png=png(), recipe=one.recipes[0], seconds=1.0)
    ends = await asyncio.gather(*(jobs.end(db, one.id, State.DONE, pictures=[picture]) for _ in range(5)))
    assert len(set(ends)) == 1
    assert len((await pictures.search(db, person)).pictures) == 1


async def test_two_different_ends_at_once_leave_no_file_over(db: Database, person: str) -> None:
    one = await accepted(db, person)
    ends = [Picture(png=png(), recipe=one.recipes[0], seconds=1.0) for _ in range(4)]
    rows = await asyncio.gather(*(jobs.end(db, one.id, State.DONE, pictures=[picture]) for picture in ends))
    assert len(set(rows)) == 1
    assert [path.stem for path in db.files.folder.rglob("*.png")] == [rows[0][0].hash]


async def test_the_end_of_an_unknown_job_or_no_end_is_a_mistake(db: Database, person: str) -> None:
    with pytest.raises(KeyError):
        await jobs.end(db, "unknown", State.DONE)
    one = await accepted(db, person)
    with pytest.raises(ValueError, match="no end"):
        await jobs.end(db, one.id, State.RUNNING)


async def test_pictures_know_the_parent_of_their_job(db: Database, person: str) -> None:
    parent = await drawn(db, person)
    child = await drawn(db, person, parent=parent.id)
    assert child.parent == parent.id
    assert await pictures.children(db, parent.id) == [child]


async def test_a_parent_deleted_while_its_child_is_drawn_is_forgotten(db: Database, person: str) -> None:
    parent = await drawn(db, person)
    one = await accepted(db, person, parent=parent.id)
    await pictures.delete(db, parent.id)
    kept = await jobs.get(db, one.id)
    assert kept is not None
    assert kept.parent is None
    late = await accepted(db, person, parent=parent.id)  # pressed on a picture that is gone
    picture = Picture(png=png(), recipe=late.recipes[0], seconds=1.0)
    assert (await jobs.end(db, late.id, State.DONE, pictures=[picture]))[0].parent is None


async def test_no_row_without_its_file(db: Database, person: str) -> None:
    """The file cannot be written: the job is still open, and there are no rows."""
    one = await accepted(db, person)
    picture = Picture(png=png(), recipe=one.recipes[0], seconds=1.0)
    in_the_way = db.files.path(picture.hash).parent
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_bytes(b"")
    fits = Picture(png=png(), recipe=one.recipes[0], seconds=1.0)
    with pytest.raises(Refusal, match=r"storage\.readonly"):
        await jobs.end(db, one.id, State.DONE, pictures=[fits, picture])
    assert not await db.files.has(fits.hash)
    kept = await jobs.get(db, one.id)
    assert kept is not None
    assert kept.job.state is State.WAITING
    assert (await pictures.search(db, person)).pictures == ()
    in_the_way.unlink()
    assert len(await jobs.end(db, one.id, State.DONE, pictures=[picture])) == 1


async def test_text_that_databases_do_not_take(db: Database, person: str) -> None:
    strange = recipe(text="half \ud83d pair \0 and nul \U0001f431")
    one = await accepted(db, person, strange)
    kept = await jobs.get(db, one.id)
    assert kept is not None
    assert kept.job.recipes == (strange,)
    rows = await jobs.end(db, one.id, State.DONE, pictures=[Picture(png=png(), recipe=strange, seconds=1.0)])
    assert (await pictures.search(db, person, words="\U0001f431 half")).pictures == rows


async def test_what_a_day_has_cost(db: Database, person: str) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    await drawn(db, person)
    await accepted(db, person, recipe(), recipe(), recipe())
    failed = await accepted(db, person, recipe())
    await jobs.end(db, failed.id, State.FAILED)
    given = await jobs.spent(db, before, person)
    assert (given.pictures, given.seconds) == (4, 1.5)
    assert await jobs.spent(db, before) == given
    assert await jobs.spent(db, before, "somebody else") == jobs.Spent(0, 0.0)
    assert await jobs.spent(db, datetime.now(UTC) + timedelta(seconds=1), person) == jobs.Spent(0, 0.0)
    asked = await jobs.last_asked(db, person)
    assert asked and asked > before and await jobs.last_asked(db, "somebody else") is None
    assert await jobs.known(db, f"key-{failed.id}") and not await jobs.known(db, "another")


async def test_a_spoiler_is_remembered(db: Database, person: str) -> None:
    one = job(person)
    await jobs.add(db, one, place=PLACE, language="en", request_key="veiled", spoiler=True)
    kept = await jobs.get(db, one.id)
    assert kept and kept.spoiler
