"""Votes for the pictures of a comparison: one a person, who may change it."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import delete, select

from storage import tables
from storage.database import Database


async def cast(db: Database, job: str, person: str, picture: str) -> None:
    """Have somebody's vote among a job's pictures be for this one, whatever it was for before."""
    row = db.insert(tables.Votes).values(job=job, person=person, picture=picture, created=db.now())
    new = {name: row.excluded[name] for name in ("picture", "created")}
    async with db.writing() as session:
        await session.execute(row.on_conflict_do_update(index_elements=["job", "person"], set_=new))


async def withdraw(db: Database, job: str, person: str, picture: str) -> None:
    """Take somebody's vote back, if it is for this picture."""
    table = tables.Votes
    theirs = (table.job == job, table.person == person, table.picture == picture)
    async with db.writing() as session:
        await session.execute(delete(table).where(*theirs))


async def of_job(db: Database, job: str) -> Counter[str]:
    """How many votes each picture of a job has, those with none left out."""
    async with db.session() as session:
        return Counter(await session.scalars(select(tables.Votes.picture).where(tables.Votes.job == job)))


async def of_person(db: Database, job: str, person: str) -> str:
    """The picture that somebody's vote is for; "" without one."""
    async with db.session() as session:
        row = await session.get(tables.Votes, (job, person))
        return "" if row is None else row.picture
