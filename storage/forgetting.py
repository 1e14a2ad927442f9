"""Forgetting somebody: every table has a row here that says what becomes of their traces in it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, false, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from prompts.prompt import Json
from prompts.translate.chinese import CHINESE, readings
from storage import barred, facts, rules, tables
from storage.database import Database
from storage.files import HASH

ID = re.compile(r"(?<![a-z0-9])[a-z2-7]{12}(?![a-z0-9])")
PHOTO = "telegram.photo."  # the facts by which Telegram knows pictures it has seen
TRACES = "erased"  # the fact that something was erased whose traces are still on the disk
CHUNK = 500  # ids in one statement: SQLite takes 32,766


@dataclass(frozen=True, slots=True)
class Traces:
    """By what somebody is found again: their id, accounts, the chats they have alone with the bot, jobs, pictures, the
    hashes of their files, and the Chinese they wrote (for the translations of it)."""

    db: Database
    person: str
    accounts: frozenset[tuple[str, str]]
    chats: frozenset[tuple[str, str]]
    jobs: frozenset[str]
    pictures: frozenset[str]
    files: frozenset[str]
    written: str


Erase = Callable[[AsyncSession, Traces], Awaitable[None]]


async def erase(db: Database, person: str) -> bool:
    """Erase the files that nobody else has, and then all rows there are of a person in one transaction; False where
    there is nobody of this id. Whatever dies in between, it can be done again. A block stays, as a hash
    (storage/barred.py). `scrub` is for what deleted rows leave on the disk."""
    async with db.session() as session:
        files = (await _traces(db, session, person)).files
    for file in files:  # each by itself: thousands of them would keep everybody waiting
        async with db.writing() as session:
            await db.lock(session)
            await _drop(db, session, person, file)
    async with db.writing() as session:
        await db.lock(session)
        if await session.get(tables.Persons, person) is None:
            return False
        traces = await _traces(db, session, person)
        for file in traces.files - files:
            await _drop(db, session, person, file)
        for erased in ERASED.values():
            await erased(session, traces)
        await session.merge(tables.Facts(key=TRACES, value=True))
    return True


async def scrub(db: Database) -> None:
    """Leave nothing on the disk of those erased since the last time, if there were any. Raises Refusal."""
    if await facts.fact(db, TRACES) and await db.scrub():
        await facts.set_fact(db, TRACES, False)


async def _traces(db: Database, session: AsyncSession, person: str) -> Traces:
    job, picture, favourite, upload = tables.Jobs, tables.Pictures, tables.Favourites, tables.Uploads
    account = tables.Accounts
    accounts = (await session.execute(select(account.platform, account.account).where(account.person == person))).all()
    jobs = (await session.execute(select(job.id, job.sources, job.recipes).where(job.person == person))).all()
    drawn = (
        await session.execute(select(picture.id, picture.hash, picture.recipe).where(picture.person == person))
    ).all()
    kept = (await session.execute(select(favourite.text, favourite.recipe).where(favourite.person == person))).all()
    of_picture, of_favourite = tables.PictureFiles, tables.FavouriteFiles
    drawn_from = await session.scalars(
        select(of_picture.hash).join(picture, picture.id == of_picture.picture).where(picture.person == person)
    )
    kept_from = await session.scalars(
        select(of_favourite.hash)
        .join(favourite, favourite.id == of_favourite.favourite)
        .where(favourite.person == person)
    )
    training, learnt = tables.Trainings, tables.TrainingPictures
    taught = (await session.execute(select(training.id, training.name).where(training.person == person))).all()
    learnt_from = (
        await session.execute(
            select(learnt.hash, learnt.source, learnt.named)
            .join(training, training.id == learnt.training)
            .where(training.person == person)
        )
    ).all()
    sent = await session.scalars(select(upload.hash).where(upload.person == person))
    chats = [name for platform, name in accounts if platform == "web"]
    said = await session.scalars(select(tables.Messages.body).where(tables.Messages.chat.in_(chats)))
    files = {*sent, *(row.hash for row in drawn), *drawn_from, *kept_from, *(row.hash for row in learnt_from)}
    files |= {file for row in jobs for file in row.sources.split()}
    written = [row.recipes for row in jobs] + [row.recipe for row in drawn]
    written += [[row.text, row.recipe] for row in kept] + list(said)
    written += [row.name for row in taught] + [[row.source, row.named] for row in learnt_from]
    own = frozenset((platform, name) for platform, name in accounts)
    leaving = await session.get(tables.Leaving, person)
    return Traces(
        db=db,
        person=person,
        accounts=own,
        chats=own if leaving is None else own | {(leaving.platform, leaving.chat)},
        jobs=frozenset(row.id for row in jobs),
        pictures=frozenset(row.id for row in drawn),
        files=frozenset(file for file in files if file and HASH.fullmatch(file)),
        written="\n".join({reading for text in set(_chinese(written)) for reading in (text, *readings(text))}),
    )


async def _drop(db: Database, session: AsyncSession, person: str, file: str) -> None:
    """Remove a file unless it is somebody else's picture or upload too, or an open job is drawing over it. That it was
    only drawn over is no reason to keep it: what was drawn stays with whoever drew it."""
    picture, upload, job = tables.Pictures, tables.Uploads, tables.Jobs
    training, learnt = tables.Trainings, tables.TrainingPictures
    theirs = select(learnt.place).join(training, training.id == learnt.training)
    open_job = (job.answered == false()) & job.sources.contains(file, autoescape=True)
    others = select(
        select(picture.id).where(picture.hash == file, picture.person != person).exists()
        | select(upload.hash).where(upload.hash == file, upload.person != person).exists()
        | theirs.where(learnt.hash == file, training.person != person).exists()
        | select(job.id).where(open_job, job.person != person).exists()
    )
    if not await session.scalar(others):
        await db.files.remove(file)


# --- what becomes of the rows of each table ---


async def _with_the_person(session: AsyncSession, traces: Traces) -> None:
    """Their rows go with the row of the person, or of the picture: ON DELETE CASCADE."""


async def _of_nobody(session: AsyncSession, traces: Traces) -> None:
    """There is nothing of a person in it."""


async def _rules(session: AsyncSession, traces: Traces) -> None:
    rule, scope = tables.ScopedRules, rules.of_person(traces.person)
    if await session.scalar(select(rule.value).where(rule.scope == scope, rule.key == barred.BLOCKED)):
        await barred.bar(traces.db, session, traces.accounts)
    await session.execute(delete(rule).where(rule.scope == scope))


async def _jobs(session: AsyncSession, traces: Traces) -> None:
    """Those of others only forget which picture they came from."""
    for some in _chunks(traces.pictures):
        await session.execute(update(tables.Jobs).where(tables.Jobs.parent.in_(some)).values(parent=None))


async def _messages(session: AsyncSession, traces: Traces) -> None:
    """The person's page, and on the pages of others the messages that show one of their pictures."""
    message = tables.Messages
    chats = [name for platform, name in traces.accounts if platform == "web"]
    await session.execute(delete(message).where(message.chat.in_(chats)))
    if not traces.pictures:
        return
    rows = await session.stream(select(message.id, message.body).execution_options(yield_per=CHUNK))
    shown = {row.id async for row in rows if not traces.pictures.isdisjoint(ID.findall(json.dumps(row.body)))}
    for some in _chunks(shown):
        await session.execute(delete(message).where(message.id.in_(some)))


async def _posts(session: AsyncSession, traces: Traces) -> None:
    """What answers their jobs, shows their pictures, or stands where they are alone with the bot; an interaction of
    theirs on Discord has their account where others have a job."""
    post = tables.Posts
    names = {name for _, name in traces.accounts}
    rows = await session.execute(select(post.platform, post.key, post.chat, post.job, post.pictures))
    gone = {
        (row.platform, row.key)
        for row in rows
        if row.job in traces.jobs
        or row.job in names
        or (row.platform, row.chat) in traces.chats
        or not traces.pictures.isdisjoint(row.pictures.split())
    }
    for platform, key in gone:
        await session.execute(delete(post).where(post.platform == platform, post.key == key))


async def _facts(session: AsyncSession, traces: Traces) -> None:
    """The names under which Telegram keeps their pictures, and sheets of them."""
    keys = {f"{PHOTO}{picture}" for picture in traces.pictures | traces.files}
    for some in _chunks(keys):
        await session.execute(delete(tables.Facts).where(tables.Facts.key.in_(some)))


async def _translations(session: AsyncSession, traces: Traces) -> None:
    """Whatever they wrote somewhere; nobody is named in this table, so others may have to wait for a clause again."""
    kept = tables.KeptTranslations
    rows = (await session.execute(select(kept.translator, kept.text))).all()
    gone = await asyncio.to_thread(lambda: [row for row in rows if row.text in traces.written])
    for translator, text in gone:
        await session.execute(delete(kept).where(kept.translator == translator, kept.text == text))


async def _maps(session: AsyncSession, traces: Traces) -> None:
    """Those made of pictures that have gone with them, and what is known of maps that have; whoever has the same
    picture keeps its maps."""
    kept = tables.KeptMaps
    for some in _chunks(traces.files):
        rows = await session.execute(select(kept.source, kept.hash).where(kept.source.in_(some) | kept.hash.in_(some)))
        for source, file in {(row.source, row.hash) for row in rows}:
            if await traces.db.files.has(source):
                continue
            await session.execute(delete(kept).where(kept.source == source, kept.hash == file))
            await _drop(traces.db, session, traces.person, file)


async def _person(session: AsyncSession, traces: Traces) -> None:
    await session.execute(delete(tables.Persons).where(tables.Persons.id == traces.person))


ERASED: Mapping[type[tables.Base], Erase] = {
    tables.ScopedRules: _rules,
    tables.Jobs: _jobs,
    tables.Messages: _messages,
    tables.Posts: _posts,
    tables.Facts: _facts,
    tables.KeptTranslations: _translations,
    tables.KeptMaps: _maps,
    tables.Accounts: _with_the_person,
    tables.Settings: _with_the_person,
    tables.Pictures: _with_the_person,
    tables.PictureFiles: _with_the_person,
    tables.Uploads: _with_the_person,
    tables.Favourites: _with_the_person,
    tables.FavouriteFiles: _with_the_person,
    tables.OwnWords: _with_the_person,
    tables.Shares: _with_the_person,
    tables.Wishes: _with_the_person,
    tables.MapSeconds: _with_the_person,
    tables.Votes: _with_the_person,
    tables.Refused: _with_the_person,
    tables.Leaving: _with_the_person,
    tables.TagTables: _with_the_person,
    tables.KeptTags: _with_the_person,
    tables.Trainings: _with_the_person,
    tables.TrainingPictures: _with_the_person,
    tables.TrainingSamples: _with_the_person,
    tables.Barred: _of_nobody,
    tables.Counters: _of_nobody,
    tables.KnownFiles: _of_nobody,
    tables.Persons: _person,
}


def _chinese(content: Json) -> Iterator[str]:
    """Every text with Chinese in it, wherever it stands in something that is kept as JSON."""
    if isinstance(content, str):
        if CHINESE.search(content):
            yield content
    elif isinstance(content, list | Mapping):
        for part in content.values() if isinstance(content, Mapping) else content:
            yield from _chinese(part)


def _chunks(names: Collection[str]) -> list[list[str]]:
    every = sorted(names)
    return [every[start : start + CHUNK] for start in range(0, len(every), CHUNK)]
