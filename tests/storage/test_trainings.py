"""Trainings as they are remembered: states that follow each other, pictures in order, samples and their pictures."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prompts.errors import Refusal
from storage import people, pictures, posts, trainings
from storage.database import Database
from storage.jobs import Place
from storage.trainings import KeptPicture, KeptTraining, TrainingConsent
from tests.storage.samples import drawn, png


async def draft(db: Database, person: str, id: str = "training1", key: str = "") -> KeptTraining:
    now = db.now()
    kept = KeptTraining(
        id=id, person=person, name="小红", trigger="xiaohongdq", kind="person", model="demo", wishes={"steps": 5},
        place=Place("web", "chat-1"), language="zh", created=now, changed=now,
    )  # fmt: skip
    await trainings.add(db, kept, key)
    found = await trainings.get(db, id)
    assert found
    return found


async def test_a_draft_is_written_once_and_begins_once(db: Database, person: str) -> None:
    kept = await draft(db, person, key="key-1")
    assert (kept.state, kept.wishes, kept.plan, kept.losses, kept.consent) == ("draft", {"steps": 5}, None, (), None)
    await draft(db, person, id="training1", key="key-1")
    assert not await trainings.add(db, kept, "key-1") and await trainings.of_request(db, "key-1") == kept
    assert await trainings.change(db, kept.id, {"state": "waiting", "steps": 1000}, only=("draft",))
    assert not await trainings.change(db, kept.id, {"state": "waiting"}, only=("draft",))
    await trainings.change(db, kept.id, {"losses": [0.5, 0.1, 0.3, 0.2]})
    found = (await trainings.in_states(db, ("waiting",)))[0]
    assert found.each == 3 and [round(one, 2) for one in found.losses] == [0.3, 0.2]  # a card has no room for all
    assert await trainings.losses(db, kept.id) == [0.5, 0.1, 0.3, 0.2]
    assert await trainings.end(db, kept.id, "failed", "train.memory", {"size": 3})
    assert not await trainings.end(db, kept.id, "done")
    ended = await trainings.get(db, kept.id)
    assert ended and (ended.state, ended.reason, ended.reason_values) == ("failed", "train.memory", {"size": 3})
    assert ended.ended and ended.ended - ended.created < timedelta(hours=1)


async def test_who_agreed_first_is_who_agreed(db: Database, person: str) -> None:
    kept = await draft(db, person)
    for at in ("2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"):
        await trainings.agree(db, kept.id, TrainingConsent(1, person, at))
    found = await trainings.get(db, kept.id)
    assert found and found.consent == TrainingConsent(1, person, "2026-01-01T00:00:00+00:00")


async def test_a_card_is_found_by_where_it_stands(db: Database, person: str) -> None:
    kept = await draft(db, person)
    assert await trainings.at(db, Place("web", "chat-1")) is None  # it has none yet
    await trainings.stands(db, kept.id, Place("telegram", "7", "8"))
    found = await trainings.at(db, Place("telegram", "7", "8"))
    assert found and found.id == kept.id


async def test_pictures_move_up_and_files_stay_while_they_are_needed(db: Database, person: str) -> None:
    kept, other = await draft(db, person), await draft(db, person, "training2")
    contents = [png() for _ in range(3)]
    for content in (*contents, contents[0]):
        await trainings.add_picture(db, kept.id, KeptPicture(place=0, hash="", caption="a", flags={"x": 1}), content)
    shared = await trainings.add_picture(db, other.id, KeptPicture(place=0, hash=""), contents[0])
    found = await trainings.pictures(db, kept.id)
    assert [one.place for one in found] == [1, 2, 3] and found[0].flags == {"x": 1}
    assert await trainings.bytes_of(db, person) == sum(map(len, contents)) + len(contents[0])
    assert await trainings.remove_picture(db, kept.id, 1) and not await trainings.remove_picture(db, kept.id, 9)
    assert [one.place for one in await trainings.pictures(db, kept.id)] == [1, 2]
    assert await db.files.has(shared.hash)
    await trainings.say(db, kept.id, 1, {"caption": "cat", "source": "猫"})
    assert (await trainings.pictures(db, kept.id))[0].source == "猫"
    await trainings.remove(db, kept.id)
    assert await trainings.get(db, kept.id) is None and not await db.files.has(found[1].hash)
    await trainings.remove_pictures(db, other.id)
    assert not await db.files.has(shared.hash)


async def test_two_who_find_something_in_a_picture_leave_each_other_theirs(db: Database, person: str) -> None:
    kept = await draft(db, person)
    one = await trainings.add_picture(db, kept.id, KeptPicture(place=0, hash="", flags={"twin": 3}), png())
    await trainings.flag(db, kept.id, one.hash, {"faces": []})
    await trainings.flag(db, kept.id, one.hash, {"twin": 2})
    assert (await trainings.pictures(db, kept.id))[0].flags == {"twin": 2, "faces": []}


async def test_nothing_that_spoke_of_a_training_is_remembered(db: Database, person: str) -> None:
    kept = await draft(db, person)
    await posts.put(db, Place("telegram", "7", "8"), "key-1", job=kept.id)
    await posts.put(db, Place("telegram", "7", "9"), "key-2", job="another")
    await trainings.remove(db, kept.id)
    assert await posts.by_key(db, "telegram", "key-1") is None
    assert await posts.by_key(db, "telegram", "key-2") is not None


async def test_a_picture_for_a_training_that_was_just_deleted_is_refused_and_not_kept(
    db: Database, person: str
) -> None:
    kept, content = await draft(db, person), png()
    await trainings.remove(db, kept.id)
    with pytest.raises(Refusal, match=r"train\.gone"):
        await trainings.add_picture(db, kept.id, KeptPicture(place=0, hash=""), content)
    assert not [picture async for picture in db.files.each()]


async def test_samples_lose_a_picture_that_is_deleted(db: Database, person: str) -> None:
    kept = await draft(db, person)
    row = await drawn(db, person)
    await trainings.add_samples(db, kept.id, -1, "class", 2)
    await trainings.add_samples(db, kept.id, 10, row.job or "", 1)
    assert [(one.step, one.picture) for one in await trainings.samples(db, kept.id)] == [(10, "")]
    await trainings.drawn(db, row.job or "", [row.id])
    [sample] = await trainings.samples(db, kept.id)
    assert (sample.picture, sample.hash, sample.width, sample.height) == (row.id, row.hash, 8, 6)
    assert await trainings.of_sample(db, row.job or "") == (kept.id, 10)
    assert set(await trainings.sample_jobs(db, kept.id)) == {row.job, "class"}
    await pictures.delete(db, row.id)
    assert (await trainings.samples(db, kept.id))[0].hash == ""


async def test_two_people_who_are_one_have_all_of_both(db: Database, person: str) -> None:
    other = (await people.person_of(db, "web", "bob")).id
    kept = await draft(db, other)
    await people.merge(db, person, other)
    assert [one.id for one in await trainings.of_person(db, person, ("draft",))] == [kept.id]
