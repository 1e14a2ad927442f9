"""Everything there is of somebody, to take along: every table has a row here that says what they get of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from prompts.prompt import Json
from storage import rules, tables
from storage.database import Database

HIDDEN = frozenset({"person", "words", "folded", "position", "changed"})  # what only serves us to find and to sort
AT_ONCE = 16  # files that are looked for at a time


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of somebody: its name in what they get, the hash by which it is found, and its bytes."""

    name: str
    hash: str
    size: int


@dataclass(frozen=True, slots=True)
class Belongings:
    """All that is kept of somebody: the tables as JSON, by what people call them, and the files."""

    data: Mapping[str, Json]
    files: tuple[KeptFile, ...]


Take = Callable[[AsyncSession, str], Awaitable[Json]]


async def of_person(db: Database, person: str) -> Belongings:
    """Everything there is of a person, with the files that are there, the oldest first."""
    data: dict[str, Json] = {}
    async with db.session() as session:
        for name, take in TAKEN.values():
            if take is not None:
                data[name] = await take(session, person)
        drawn = await session.execute(
            select(tables.Pictures.id, tables.Pictures.hash, tables.Pictures.created)
            .where(tables.Pictures.person == person)
            .order_by(tables.Pictures.created, tables.Pictures.id)
        )
        named = [(picture_file(row.id, row.created), row.hash) for row in drawn]
        sent = await session.scalars(
            select(tables.Uploads.hash)
            .where(tables.Uploads.person == person)
            .order_by(tables.Uploads.created, tables.Uploads.hash)
        )
        named += [(upload_file(hash), hash) for hash in sent]
        named += await _taught(session, person)
    at_once = asyncio.Semaphore(AT_ONCE)

    async def look(name: str, hash: str) -> KeptFile | None:
        async with at_once:
            found = await db.files.stored(hash)
        return KeptFile(name + found.suffix, hash, found.size) if found else None

    files = await asyncio.gather(*(look(name, hash) for name, hash in named))
    return Belongings(data, tuple(file for file in files if file))


async def _taught(session: AsyncSession, person: str) -> list[tuple[str, str]]:
    """The pictures of a person's trainings, a folder for each."""
    training, learnt = tables.Trainings, tables.TrainingPictures
    query = select(training.id, learnt.place, learnt.hash).join(learnt, learnt.training == training.id)
    rows = await session.execute(query.where(training.person == person).order_by(training.created, learnt.place))
    return [(f"trainings/{row.id}/{row.place:03}", row.hash) for row in rows]


def picture_file(picture: str, created: datetime) -> str:
    """What a picture's file is called, but for its suffix."""
    return f"pictures/{created:%Y-%m-%d}-{picture}"


def upload_file(hash: str) -> str:
    """What an uploaded file is called, but for its suffix."""
    return f"uploads/{hash[:16]}"


def _rows(table: type[tables.Base], mine: Callable[[str], ColumnElement[bool]], *order: Any) -> Take:
    """Every column of the rows that are a person's, but for the hidden ones."""

    async def take(session: AsyncSession, person: str) -> Json:
        columns = tables.Base.metadata.tables[table.__tablename__].columns
        shown = [column for column in columns if column.name not in HIDDEN]
        rows = await session.execute(select(*shown).where(mine(person)).order_by(*order))
        return [{name: _plain(value) for name, value in row._mapping.items()} for row in rows]

    return take


async def _person(session: AsyncSession, person: str) -> Json:
    row = await session.get(tables.Persons, person)
    return (
        {} if row is None else {"id": row.id, "name": row.name, "language": row.language, "since": _plain(row.created)}
    )


async def _settings(session: AsyncSession, person: str) -> Json:
    rows = await session.scalars(select(tables.Settings).where(tables.Settings.person == person))
    return {row.key: row.value for row in rows}


async def _rules(session: AsyncSession, person: str) -> Json:
    rule = tables.ScopedRules
    rows = await session.scalars(select(rule).where(rule.scope == rules.of_person(person)))
    return {row.key: row.value for row in rows}


async def _shares(session: AsyncSession, person: str) -> Json:
    share, picture = tables.Shares, tables.Pictures
    query = select(share).join(picture, picture.id == share.picture).where(picture.person == person)
    return [
        {"code": row.code, "picture": row.picture, "created": _plain(row.created)}
        for row in await session.scalars(query.order_by(share.created))
    ]


async def _messages(session: AsyncSession, person: str) -> Json:
    message, account = tables.Messages, tables.Accounts
    mine = select(account.account).where(account.person == person, account.platform == "web")
    rows = await session.scalars(select(message).where(message.chat.in_(mine)).order_by(message.position))
    return [{"id": row.id, "author": row.author, "created": _plain(row.created), "body": row.body} for row in rows]


async def _posts(session: AsyncSession, person: str) -> Json:
    post = tables.Posts
    mine = select(tables.Jobs.id).where(tables.Jobs.person == person)
    rows = await session.scalars(select(post).where(post.job.in_(mine)).order_by(post.created))
    return [
        {"platform": row.platform, "chat": row.chat, "message": row.message, "pictures": row.pictures} for row in rows
    ]


def _training(table: type[tables.TrainingPictures | tables.TrainingSamples]) -> Take:
    """What belongs to the trainings of a person."""
    mine = select(tables.Trainings.id)
    return _rows(
        table,
        lambda person: table.training.in_(mine.where(tables.Trainings.person == person)),
        table.training,
        table.place,
    )


def _plain(value: Any) -> Json:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return cast(Json, value)  # text, numbers and JSON are what columns hold


def _of(table: Any) -> Callable[[str], ColumnElement[bool]]:
    return lambda person: table.person == person


# What it is called in the file, and how it is taken; None for a table with nothing of a person in it.
TAKEN: Mapping[type[tables.Base], tuple[str, Take | None]] = {
    tables.Persons: ("person", _person),
    tables.Accounts: ("accounts", _rows(tables.Accounts, _of(tables.Accounts), tables.Accounts.platform)),
    tables.Settings: ("settings", _settings),
    tables.ScopedRules: ("limits", _rules),
    tables.Refused: ("refused", _rows(tables.Refused, _of(tables.Refused))),
    tables.Pictures: ("pictures", _rows(tables.Pictures, _of(tables.Pictures), tables.Pictures.created)),
    tables.Favourites: ("favourites", _rows(tables.Favourites, _of(tables.Favourites), tables.Favourites.created)),
    tables.OwnWords: ("dictionary", _rows(tables.OwnWords, _of(tables.OwnWords), tables.OwnWords.created)),
    tables.Uploads: ("uploads", _rows(tables.Uploads, _of(tables.Uploads), tables.Uploads.created)),
    tables.Shares: ("shares", _shares),
    tables.Jobs: ("jobs", _rows(tables.Jobs, _of(tables.Jobs), tables.Jobs.created)),
    tables.Messages: ("messages", _messages),
    tables.Posts: ("posts", _posts),
    tables.Wishes: ("wishes", _rows(tables.Wishes, _of(tables.Wishes), tables.Wishes.created)),
    tables.MapSeconds: ("map_seconds", _rows(tables.MapSeconds, _of(tables.MapSeconds))),
    tables.Votes: ("votes", _rows(tables.Votes, _of(tables.Votes), tables.Votes.created)),
    tables.Leaving: ("leaving", _rows(tables.Leaving, _of(tables.Leaving))),
    tables.TagTables: ("tag_tables", _rows(tables.TagTables, _of(tables.TagTables), tables.TagTables.changed)),
    tables.KeptTags: ("tags", _rows(tables.KeptTags, _of(tables.KeptTags), tables.KeptTags.created)),
    tables.Trainings: ("trainings", _rows(tables.Trainings, _of(tables.Trainings), tables.Trainings.created)),
    tables.TrainingPictures: ("training_pictures", _training(tables.TrainingPictures)),
    tables.TrainingSamples: ("training_samples", _training(tables.TrainingSamples)),
    tables.PictureFiles: ("", None),  # its recipe says so, too
    tables.FavouriteFiles: ("", None),
    tables.Facts: ("", None),  # the program's own, and names of pictures on Telegram
    tables.KeptTranslations: ("", None),  # nobody is named in it
    tables.KeptMaps: ("", None),  # made anew of their pictures at any time
    tables.Barred: ("", None),
    tables.Counters: ("", None),
    tables.KnownFiles: ("", None),
}
