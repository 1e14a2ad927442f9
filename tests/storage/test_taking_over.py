from __future__ import annotations

import pytest

from engine.job import Job
from storage import dictionary, jobs, messages, people, pictures, tables, taking_over
from storage.database import Database
from storage.jobs import Place
from storage.people import Account
from tests.storage.samples import drawn, recipe

LOCAL = Place("web", "local")


async def used(db: Database) -> str:
    """Somebody who painted without a password; their id."""
    ann = await people.person_of(db, "web", "local", language="zh")
    await people.set_setting(db, ann.id, "ratio", 1.5)
    await drawn(db, ann.id)
    job = Job(id="waiting", owner=ann.id, recipes=(recipe(),))
    await jobs.add(db, job, place=LOCAL, language="zh", request_key="key")
    await messages.put(db, "line", "local", "person", {"text": "一只猫"})
    await dictionary.put(db, dictionary.of_room(LOCAL), "烟斗", "pipe", ann.id)
    return ann.id


async def test_the_first_account_with_a_password_has_all_that_was_there(db: Database) -> None:
    ann = await used(db)
    assert await taking_over.take_over(db, "local", "first")
    heir = await people.person_of(db, "web", "first")
    assert heir.id == ann and await people.accounts(db, ann) == [Account("web", "first"), Account("web", "local")]
    assert (await people.settings(db, heir.id))["ratio"] == 1.5
    assert len((await pictures.search(db, heir.id)).pictures) == 1
    assert [one.id for one in await messages.recent(db, "first")] == ["line"]
    assert await messages.recent(db, "local") == []
    assert await dictionary.words(db, heir.id, Place("web", "first")) == {"烟斗": "pipe"}
    assert [one.place.chat for one in await jobs.unanswered(db, ["web"])] == ["first"]
    assert not await taking_over.take_over(db, "local", "second")
    assert (await people.person_of(db, "web", "second")).id != ann
    assert await people.get(db, ann)


async def test_what_was_painted_without_a_password_again_waits_for_somebody_again(db: Database) -> None:
    ann = await used(db)
    await taking_over.take_over(db, "local", "first")
    await taking_over.leave_open(db, "local")  # started without a password
    assert await taking_over.take_over(db, "local", "later")
    assert (await people.person_of(db, "web", "later")).id == ann
    assert not await taking_over.take_over(db, "local", "stranger")


async def test_nothing_is_taken_over_where_others_had_a_password_or_nothing_is_there(db: Database) -> None:
    assert not await taking_over.take_over(db, "local", "first")
    await taking_over.leave_open(db, "local")
    assert await people.count(db) == 0
    friend = await people.person_of(db, "web", "friend")
    ann = await used(db)
    assert not await taking_over.take_over(db, "local", "stranger")
    assert friend.id != ann and await people.accounts(db, ann) == [Account("web", "local")]


async def test_it_happens_as_a_whole_or_not_at_all(db: Database) -> None:
    ann = await used(db)
    async with db.writing() as session:
        session.add(tables.Accounts(platform="web", account="double", person=ann))
    await taking_over.leave_open(db, "local")
    with pytest.raises(Exception, match=r"(?i)unique"):
        await taking_over.take_over(db, "local", "double")
    assert [one.id for one in await messages.recent(db, "local")] == ["line"]
    assert await people.accounts(db, ann) == [Account("web", "double"), Account("web", "local")]
    assert await taking_over.take_over(db, "local", "first")
