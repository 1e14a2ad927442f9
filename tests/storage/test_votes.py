"""Votes: one a person, changed and taken back; they go with pictures and people."""

from __future__ import annotations

from storage import people, pictures, votes
from storage.database import Database
from tests.storage.samples import drawn, recipe


async def test_a_vote_is_one_a_person_and_may_change(db: Database, person: str) -> None:
    first = await drawn(db, person, recipe("a cat", "a cat"))
    job = first.job or ""
    other = (await people.person_of(db, "web", "bob")).id
    second = await drawn(db, person, recipe("a dog", "a dog"))
    await votes.cast(db, job, person, first.id)
    await votes.cast(db, job, other, first.id)
    assert await votes.of_job(db, job) == {first.id: 2}
    await votes.cast(db, job, other, second.id)
    assert await votes.of_job(db, job) == {first.id: 1, second.id: 1}
    assert await votes.of_person(db, job, other) == second.id
    await votes.withdraw(db, job, other, first.id)  # which theirs is not for any more
    assert await votes.of_job(db, job) == {first.id: 1, second.id: 1}
    await votes.withdraw(db, job, other, second.id)
    assert await votes.of_job(db, job) == {first.id: 1} and await votes.of_person(db, job, other) == ""
    await votes.cast(db, job, other, second.id)
    await people.merge(db, person, other)  # of two people who are one, the first one's holds
    assert await votes.of_job(db, job) == {first.id: 1}
    await pictures.delete(db, first.id)
    assert await votes.of_job(db, job) == {}
