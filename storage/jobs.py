"""Jobs: written before the person is told "accepted", remembered until answered and after."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Select, case, delete, false, func, select, update

from engine.job import Job, Lane, Picture, State
from engine.policy import Policy, policy
from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import tables
from storage.database import Database
from storage.files import DRAWN
from storage.pictures import PictureRow, of_job, write
from storage.spare import drop
from storage.tables import OPEN

Unasked = Literal["refuse", "spoiler", "allow"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer stands: `message` is the platform's id of it, "" until it is posted."""

    platform: str
    chat: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A job as it is remembered: where, in which language and to which request it is the answer; `parent` is the
    picture a button was pressed under; `error_key` with `error_values` say why it failed; `spoiler` veils what it
    ends in, `unasked` says what becomes of a picture in which a checker sees what nobody asked for, `quiet` says little
    of it, `papers` is what the files of its pictures say of themselves, `comparison` what they are compared by,
    `check` whether they are looked at for what was asked for; `took`
    are the seconds it was drawn by the clock, 0 where nobody knows."""

    job: Job
    place: Place
    language: str
    request_key: str
    parent: str | None
    error_key: str = ""
    error_values: Mapping[str, Json] = field(default_factory=dict)
    answered: bool
    created: datetime
    spoiler: bool = False
    took: float = 0.0
    unasked: Unasked = "refuse"
    quiet: bool = False
    papers: Policy = "embed"
    comparison: Mapping[str, Json] | None = None
    check: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """What a person's jobs since some moment are: pictures asked for that were not given up, device-seconds used."""

    pictures: int
    seconds: float


async def add(
    db: Database,
    job: Job,
    *,
    place: Place,
    language: str,
    request_key: str,
    parent: str | None = None,
    spoiler: bool = False,
    unasked: Unasked = "refuse",
    quiet: bool = False,
    papers: Policy = "embed",
    comparison: Mapping[str, Json] | None = None,
    check: bool = False,
) -> bool:
    """Write an accepted job; False when a request of this key is known already (nothing is written then).

    An empty key is nobody's and can be used again. The owner has to be a person of storage/people.py.
    """
    sources = dict.fromkeys(file for recipe in job.recipes for file in recipe.files)
    statement = db.insert(tables.Jobs).values(
        id=job.id,
        person=job.owner,
        request_key=request_key or None,
        recipes=[recipe.to_json() for recipe in job.recipes],
        sources=" ".join(sources),
        lane=job.lane.value,
        state=job.state.value,
        attempt=job.attempt,
        platform=place.platform,
        chat=place.chat,
        message=place.message,
        language=language,
        parent=parent,
        error_key="",
        error_values={},
        answered=False,
        created=db.now(),
        spoiler=spoiler,
        unasked=unasked,
        quiet=quiet,
        papers=papers,
        comparison=None if comparison is None else dict(comparison),
        check_drawn=check,
    )
    async with db.writing() as session:
        written = await session.execute(
            statement.on_conflict_do_nothing(index_elements=["request_key"]).returning(tables.Jobs.id)
        )
        return written.first() is not None


async def posted(db: Database, job_id: str, place: Place) -> None:
    """Remember where the answer stands."""
    async with db.writing() as session:
        await session.execute(
            update(tables.Jobs)
            .where(tables.Jobs.id == job_id)
            .values(platform=place.platform, chat=place.chat, message=place.message)
        )


async def attempt(db: Database, job_id: str, attempt: int, state: State) -> None:
    """Remember that a worker started the job or died over it; an ended job stays as it ended."""
    async with db.writing() as session:
        await session.execute(
            update(tables.Jobs)
            .where(tables.Jobs.id == job_id, tables.Jobs.state.in_(OPEN))
            .values(attempt=attempt, state=state.value)
        )


async def end(
    db: Database,
    job_id: str,
    state: State,
    *,
    pictures: Sequence[Picture] = (),
    error_key: str = "",
    error_values: Mapping[str, Json] | None = None,
    took: float = 0.0,
    unkept: float = 0.0,
) -> tuple[PictureRow, ...]:
    """End a job, drawn for `took` seconds by the clock, and keep its pictures, all or nothing; returns their rows in
    order. `unkept` are the device-seconds of pictures that are not kept, which its person has had all the same.

    A job that has ended stays as it ended, and the rows of then are returned. Where the pictures' store is away, that
    is waited for. Raises KeyError for an unknown job, Refusal when the files or the rows cannot be written: the job is
    then still open.
    """
    if state.value in OPEN:
        raise ValueError(f"{state} is no end")
    end = _End(state, tuple(pictures), error_key, dict(error_values or {}), took, unkept)
    return await db.files.patiently(lambda: _end(db, job_id, end), DRAWN)


@dataclass(frozen=True, slots=True)
class _End:
    state: State
    pictures: tuple[Picture, ...]
    error_key: str
    error_values: dict[str, Json]
    took: float
    unkept: float


async def _end(db: Database, job_id: str, end: _End) -> tuple[PictureRow, ...]:
    pictures = end.pictures
    kept = await get(db, job_id)
    if kept is None:
        raise KeyError(job_id)
    if kept.job.state.value not in OPEN:
        return await of_job(db, job_id)
    try:
        for picture in pictures:
            await db.files.put(picture.png)
        async with db.writing() as session:
            row = await session.scalar(select(tables.Jobs).where(tables.Jobs.id == job_id).with_for_update())
            if row is not None and row.state in OPEN:
                row.state, row.error_key, row.error_values = end.state.value, end.error_key, end.error_values
                row.seconds, row.took = end.unkept + sum(picture.seconds for picture in pictures), end.took
                return await write(db, session, pictures, person=row.person, job=job_id, parent=row.parent)
    except Refusal:
        with suppress(Refusal):  # on a full disk the files that still fitted are in the way
            await drop(db, [picture.hash for picture in pictures])
        raise
    await drop(db, [picture.hash for picture in pictures])  # somebody else was first to end it
    return await of_job(db, job_id)


async def complete(db: Database, job_id: str) -> None:
    """Note that all pictures of a job are there after all, which was given up before."""
    async with db.writing() as session:
        given_up = tables.Jobs.id == job_id, tables.Jobs.state == State.CANCELLED.value
        await session.execute(update(tables.Jobs).where(*given_up).values(state=State.DONE.value))


async def lessons(db: Database, picture: str) -> list[str]:
    """The ids of the jobs whose answer shows this picture beside their own, which was made of it."""
    async with db.session() as session:
        return list(await session.scalars(lessons_query(picture)))


def lessons_query(picture: str) -> Select[str]:
    """Apart, so that a test can look at its plan."""
    job, made = tables.Jobs, tables.Pictures
    of_it = made.parent == picture, job.comparison["picture"].as_string() == picture
    return select(job.id).join(made, made.job == job.id).where(*of_it)


async def remove(db: Database, ids: Collection[str]) -> None:
    """Forget jobs; pictures that they ended in stay, as nobody's job's."""
    async with db.writing() as session:
        await session.execute(delete(tables.Jobs).where(tables.Jobs.id.in_(list(ids))))


async def veil(db: Database, job_id: str) -> None:
    """Veil what a job ends in."""
    async with db.writing() as session:
        await session.execute(update(tables.Jobs).where(tables.Jobs.id == job_id).values(spoiler=True))


async def answered(db: Database, job_id: str) -> None:
    """Remember that the person has the final answer."""
    async with db.writing() as session:
        await session.execute(update(tables.Jobs).where(tables.Jobs.id == job_id).values(answered=True))


async def get(db: Database, job_id: str) -> Kept | None:
    """The job, or None."""
    async with db.session() as session:
        row = await session.get(tables.Jobs, job_id)
        return None if row is None else _kept(row)


async def known(db: Database, request_key: str) -> bool:
    """Whether a request of this key was accepted before."""
    async with db.session() as session:
        return await session.scalar(select(tables.Jobs.id).where(tables.Jobs.request_key == request_key)) is not None


async def spent(db: Database, since: datetime, person: str | None = None) -> Spent:
    """What a person, or everybody, asked for and used since then; samples of a training take time, but nobody asked for
    their pictures."""
    job = tables.Jobs
    kept = job.state.in_((*OPEN, State.DONE.value)) & (job.lane == Lane.INTERACTIVE.value)
    pictures = func.coalesce(func.sum(case((kept, func.json_array_length(job.recipes)), else_=0)), 0)
    query = select(pictures, func.coalesce(func.sum(job.seconds), 0.0)).where(job.created >= since)
    if person is not None:
        query = query.where(job.person == person)
    async with db.session() as session:
        count, seconds = (await session.execute(query)).one()
        return Spent(int(count), float(seconds))


async def last_asked(db: Database, person: str) -> datetime | None:
    """When a person's newest job was accepted."""
    async with db.session() as session:
        asked = tables.Jobs.person == person, tables.Jobs.lane == Lane.INTERACTIVE.value
        return await session.scalar(select(func.max(tables.Jobs.created)).where(*asked))


async def unanswered(db: Database, platforms: Collection[str]) -> list[Kept]:
    """Every job on these platforms that is not answered yet, whatever its state, oldest first."""
    return await _listed(db, unanswered_query(platforms))


async def of_person(db: Database, person: str, limit: int = 20) -> list[Kept]:
    """A person's latest jobs, newest first."""
    return await _listed(db, of_person_query(person, limit))


async def rests(db: Database, whole: Kept) -> list[Kept]:
    """The jobs that draw, or drew, what is missing of a comparison, oldest first."""
    if whole.comparison is None:
        return []
    job = tables.Jobs
    theirs = job.person == whole.job.owner, job.comparison["of"].as_string() == whole.job.id
    return await _listed(db, select(job).where(*theirs).order_by(job.created, job.id))


def unanswered_query(platforms: Collection[str]) -> Select[tables.Jobs]:
    """Apart, so that a test can look at its plan; so is the next."""
    open_jobs = select(tables.Jobs).where(tables.Jobs.answered == false(), tables.Jobs.platform.in_(list(platforms)))
    return open_jobs.order_by(tables.Jobs.created, tables.Jobs.id)


def of_person_query(person: str, limit: int) -> Select[tables.Jobs]:
    query = select(tables.Jobs).where(tables.Jobs.person == person)
    return query.order_by(tables.Jobs.created.desc(), tables.Jobs.id.desc()).limit(limit)


async def _listed(db: Database, query: Select[tables.Jobs]) -> list[Kept]:
    async with db.session() as session:
        return [_kept(row) for row in await session.scalars(query)]


def _kept(row: tables.Jobs) -> Kept:
    return Kept(
        job=Job(
            id=row.id,
            owner=row.person,
            recipes=tuple(Recipe.from_json(recipe) for recipe in row.recipes),
            lane=Lane(row.lane),
            attempt=row.attempt,
            state=State(row.state),
        ),
        place=Place(row.platform, row.chat, row.message),
        language=row.language,
        request_key=row.request_key or "",
        parent=row.parent,
        error_key=row.error_key,
        error_values=row.error_values,
        answered=row.answered,
        created=row.created,
        spoiler=row.spoiler,
        took=row.took,
        unasked=cast(Unasked, row.unasked),
        quiet=row.quiet,
        papers=policy(row.papers),
        comparison=row.comparison,
        check=row.check_drawn,
    )
