from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.job import State
from engine.recipe import Source
from prompts.errors import Refusal
from storage import favourites, jobs, messages, migrations, people, pictures
from storage.database import Database, connect
from storage.spare import needed_query
from storage.tables import Base
from tests.storage.samples import drawn, recipe

HASH = "ab" * 32
OLD: dict[str, dict[str, object]] = {
    "person": {"id": "ann", "name": "安", "language": "zh"},
    "account": {"platform": "telegram", "account": "42", "person": "ann"},
    "setting": {"person": "ann", "key": "model", "value": '"demo"'},
    "job": {
        "id": "job-old",
        "person": "ann",
        "request_key": "update-1",
        "recipes": json.dumps([recipe().to_json()]),
        "sources": "",
        "lane": "interactive",
        "state": "running",
        "attempt": 1,
        "platform": "telegram",
        "chat": "c",
        "message": "m",
        "language": "zh",
        "parent": None,
        "error_key": "",
        "error_values": "{}",
        "answered": False,
    },
    "picture": {
        "id": "picture-1",
        "person": "ann",
        "job": "job-old",
        "hash": HASH,
        "source_hash": None,
        "recipe": json.dumps(recipe("一只橘猫，水彩", "an Orange Cat", "ＵＧＬＹ").to_json()),
        "model": "demo",
        "width": 64,
        "height": 48,
        "seconds": 1.25,
        "parent": None,
        "favourite": True,
    },
    "favourite": {
        "id": "favourite-1",
        "person": "ann",
        "name": "Cat",
        "folded": "cat",
        "text": "一只猫",
        "words": "cat 一只猫",
        "recipe": None,
        "source_hash": None,
        "picture": "picture-1",
    },
    "message": {"id": "m", "chat": "c", "author": "bot", "body": '{"n": 1}', "position": 1, "changed": 3},
    "fact": {"key": "secret", "value": '"s"'},
    "counter": {"name": "message", "value": 3},
}
DATED = {"person", "job", "picture", "favourite", "message"}


async def old(url: str, folder: Path, rows: int = 0) -> None:
    """A database as revision 0001 made it, with a row in every table and `rows` pictures more."""
    folder.mkdir(exist_ok=True)
    engine = connect(url, folder)
    async with engine.begin() as connection:
        await connection.run_sync(migrations.upgrade, "0001")
        for table, values in OLD.items():
            await put(connection, table, values)
        for number in range(rows):
            await put(connection, "picture", {**OLD["picture"], "id": f"more-{number}", "parent": "picture-1"})
    await engine.dispose()


async def put(connection: AsyncConnection, table: str, values: dict[str, object]) -> None:
    if table in DATED:
        values = {**values, "created": datetime(2026, 5, 1, 12, 30, 0, 5, UTC)}
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    statement = text(f"INSERT INTO {table} ({names}) VALUES ({marks})")
    if connection.dialect.name == "sqlite" and "created" in values:
        values["created"] = "2026-05-01 12:30:00.000005"
    await connection.execute(statement, values)


def test_the_list_of_revisions_is_the_folder() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    assert tuple(one.revision for one in script.walk_revisions())[::-1] == migrations.REVISIONS
    assert script.get_heads() == [migrations.HEAD]


async def test_migrations_make_exactly_the_tables_of_today(url: str, tmp_path: Path) -> None:
    await (await Database.open(url, tmp_path)).close()
    engine = connect(url, tmp_path)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_an_old_database_keeps_every_row(url: str, tmp_path: Path) -> None:
    await old(url, tmp_path, rows=1234)
    db = await Database.open(url, tmp_path)
    when = datetime(2026, 5, 1, 12, 30, 0, 5, UTC)

    person = await people.person_of(db, "telegram", "42")
    assert (person.id, person.name, person.language) == ("ann", "安", "zh")
    assert await people.settings(db, "ann") == {"model": "demo"}
    (job,) = await jobs.unanswered(db, ["telegram"])
    assert (job.job.id, job.job.state, job.job.attempt, job.created) == ("job-old", State.RUNNING, 1, when)
    picture = await pictures.get(db, "picture-1")
    assert picture is not None
    assert (picture.hash, picture.favourite, picture.created, picture.width) == (HASH, True, when, 64)
    assert picture.recipe.prompt.text == "一只橘猫，水彩"
    favourite = await favourites.find_favourite(db, "ann", "CAT")
    assert (favourite.text, favourite.picture, favourite.used, favourite.created) == ("一只猫", "picture-1", 0, when)
    (message,) = await messages.recent(db, "c")
    assert (message.body, message.changed, message.created) == ({"n": 1}, 3, when)
    assert (await messages.put(db, "m2", "c", "bot", {})).changed == 4

    found = await pictures.search(db, "ann", words="水彩 orange ugly", limit=2000)  # every row was backfilled
    assert len(found.pictures) == 1235
    assert (await pictures.search(db, "ann", words="dog")).pictures == ()
    assert len(await pictures.children(db, "picture-1")) == 1234
    assert (await drawn(db, "ann")).person == "ann"
    await db.close()


async def test_files_that_old_recipes_name_are_needed_from_now_on(url: str, tmp_path: Path) -> None:
    await old(url, tmp_path)
    over, mask, kept = ("cd" * 32, "ef" * 32, "12" * 32)
    masked = replace(recipe(source=over), source=Source(over, 0.5, mask=mask))
    engine = connect(url, tmp_path)
    async with engine.begin() as connection:
        await connection.run_sync(migrations.upgrade, "0014")
        drawn_over = {"id": "picture-2", "source_hash": over, "recipe": json.dumps(masked.to_json())}
        await put(connection, "picture", {**OLD["picture"], **drawn_over})
        saved = {"id": "favourite-2", "name": "b", "folded": "b", "source_hash": kept, "picture": None}
        saved["recipe"] = json.dumps(recipe(source=kept).to_json())
        await put(connection, "favourite", {**OLD["favourite"], **saved})
    await engine.dispose()
    db = await Database.open(url, tmp_path)
    async with db.session() as session:
        for file, needed in {over: True, mask: True, kept: True, HASH: True, "34" * 32: False}.items():
            assert await session.scalar(needed_query(file, db.now())) is needed
    await pictures.delete(db, "picture-2")
    async with db.session() as session:
        assert not await session.scalar(needed_query(mask, db.now()))
    await db.close()


async def test_foreign_keys_hold_after_a_migration(url: str, tmp_path: Path) -> None:
    await old(url, tmp_path)
    db = await Database.open(url, tmp_path)
    child = await drawn(db, "ann", parent="picture-1")
    await pictures.delete(db, "picture-1")
    again = await pictures.get(db, child.id)
    assert again is not None
    assert again.parent is None
    await db.close()


async def test_several_may_migrate_at_once(url: str, tmp_path: Path) -> None:
    await old(url, tmp_path)
    opened = await asyncio.gather(*(Database.open(url, tmp_path) for _ in range(4)))
    for db in opened:
        assert await pictures.get(db, "picture-1") is not None
        await db.close()


async def test_a_migration_that_breaks_changes_nothing(url: str, tmp_path: Path) -> None:
    await old(url, tmp_path)
    engine = connect(url, tmp_path)
    async with engine.begin() as connection:  # in the way of the last step of 0002
        await connection.execute(text("CREATE TABLE upload (id INTEGER)"))
    with pytest.raises(Exception, match="upload"):
        await Database.open(url, tmp_path)
    async with engine.begin() as connection:
        assert await connection.run_sync(migrations.revision) == "0001"
        await connection.execute(text("DROP TABLE upload"))
    await engine.dispose()
    db = await Database.open(url, tmp_path)
    assert await pictures.get(db, "picture-1") is not None
    await db.close()


async def test_a_database_of_a_newer_version_is_left_alone(url: str, tmp_path: Path) -> None:
    await (await Database.open(url, tmp_path)).close()
    engine = connect(url, tmp_path)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(Refusal) as refused:
        await Database.open(url, tmp_path)
    assert refused.value.key == "storage.newer"
    assert refused.value.values == {"revision": "9999", "known": migrations.HEAD}


async def test_several_favourites_of_one_picture_become_one(url: str, tmp_path: Path) -> None:
    await old(url, tmp_path)
    engine = connect(url, tmp_path)
    async with engine.begin() as connection:
        await connection.run_sync(migrations.upgrade, "0007")
        await put(connection, "person", {**OLD["person"], "id": "bob"})
        for number, (person, used, picture) in enumerate(
            (
                ("ann", 2, "picture-1"),
                ("ann", 2, "picture-1"),
                ("bob", 0, "picture-1"),
                ("ann", 0, None),
                ("ann", 0, None),
            )
        ):
            named = {"id": f"more-{number}", "name": f"cat {number}", "folded": f"cat {number}"}
            values = {**OLD["favourite"], **named, "person": person, "used": used, "picture": picture}
            await put(connection, "favourite", values)
        await connection.execute(text("UPDATE picture SET favourite = false"))
    await engine.dispose()
    db = await Database.open(url, tmp_path)
    of_ann = {one.id: one.picture for one in await favourites.listed(db, "ann")}
    assert of_ann == {"more-0": "picture-1", "more-3": None, "more-4": None}
    assert [one.id for one in await favourites.listed(db, "bob")] == ["more-2"]
    picture = await pictures.get(db, "picture-1")
    assert picture is not None and picture.favourite
    await db.close()
