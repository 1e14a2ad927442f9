"""What a backup holds comes back, into a database of either kind; what goes wrong leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import shutil
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from prompts.errors import Refusal
from storage import backup, facts, jobs, messages, people, pictures, restore
from storage.database import Database
from storage.sqlite_file import FILE
from storage.standing import standing
from storage.tables import Base
from tests.storage.conftest import POSTGRES, on, on_server
from tests.storage.samples import drawn, png, recipe
from tests.storage.test_migrations import old


@dataclass(frozen=True, slots=True)
class House:
    """A data folder with somebody's things in it, and what is in them."""

    folder: Path
    url: str
    person: str
    parent: str
    child: str
    file: str


@pytest.fixture
async def house(url_of_db: str, tmp_path: Path) -> House:
    folder = tmp_path / "house"
    folder.mkdir()
    if not url_of_db:
        shutil.move(tmp_path / FILE, folder / FILE)
    db = await Database.open(url_of_db, folder)
    ann = (await people.person_of(db, "web", "ann", name="安 \0😀", language="zh")).id
    first = await drawn(db, ann, recipe("一只橘猫"))
    second = await drawn(db, ann, recipe("a fox", "fox"), parent=first.id)
    await facts.set_fact(db, "nothing", None)
    await facts.set_fact(db, "estimate", {"number": 0.1, "文字": [None, True]})
    await messages.put(db, "m1", "chat", "person", {"text": "你好", "list": [1, 2.5, None]})
    await db.close()
    (folder / "wildcards").mkdir()
    (folder / "wildcards" / "fruit.txt").write_text("apple\n")
    (folder / "cache").mkdir()
    (folder / "cache" / "made again").write_bytes(b"x" * 100)
    return House(folder, url_of_db, ann, first.id, second.id, first.hash)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.skipif(not POSTGRES, reason="no PostgreSQL"))]
)
async def empty(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The URL of an empty database to restore into, of either kind whatever the first is."""
    if request.param == "sqlite":
        yield ""
        return
    await on_server("CREATE DATABASE danqing_test_restored")
    yield on("danqing_test_restored")
    await on_server("DROP DATABASE danqing_test_restored WITH (FORCE)")


async def everything(url: str, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    db = await Database.open(url, folder)
    try:
        async with db.session() as session:
            found = {}
            for table in Base.metadata.sorted_tables:
                rows = (await session.execute(table.select())).all()
                found[table.name] = sorted((tuple(row) for row in rows), key=str)
            return found
    finally:
        await db.close()


async def test_everything_comes_back_and_is_used(house: House, empty: str, tmp_path: Path) -> None:
    file, new = tmp_path / "all.zip", tmp_path / "new" / "data"
    written = await backup.write(house.url, house.folder, None, file)
    restored = await restore.restore(file, empty, new)
    assert (restored.rows, restored.files) == (written.rows, written.files) and written.files == 3
    assert await everything(empty, new) == await everything(house.url, house.folder)
    assert (new / "wildcards" / "fruit.txt").read_text() == "apple\n" and not (new / "cache").exists()
    db = await Database.open(empty, new)
    child = await pictures.get(db, house.child)
    assert child is not None and child.parent == house.parent and await db.files.get(house.file)
    await drawn(db, house.person, parent=house.child)  # and it goes on from there
    assert len(await jobs.of_person(db, house.person)) == 3
    await db.close()
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    assert file.stat().st_mode & 0o077 == 0


async def test_a_backup_of_a_bot_that_writes_meanwhile_is_of_one_moment(house: House, tmp_path: Path) -> None:
    db = await Database.open(house.url, house.folder)

    async def busy() -> None:
        while True:
            await drawn(db, house.person, content=png())

    writing = asyncio.create_task(busy())
    await asyncio.sleep(0)
    for number in range(3):
        await backup.write(house.url, house.folder, None, tmp_path / f"{number}.zip")
    assert not writing.done()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await db.close()
    await restore.restore(tmp_path / "2.zip", "", tmp_path / "new")  # which checks every reference
    db = await Database.open("", tmp_path / "new")
    for kept in await jobs.of_person(db, house.person, 1000):
        for one in await pictures.of_job(db, kept.job.id):
            assert await db.files.has(one.hash)
    await db.close()


async def test_nothing_is_written_over_without_being_told(house: House, empty: str, tmp_path: Path) -> None:
    file, new = tmp_path / "all.zip", tmp_path / "new"
    file.write_bytes(b"mine")
    with pytest.raises(Refusal, match="exists"):
        await backup.write(house.url, house.folder, None, file)
    assert file.read_bytes() == b"mine"
    await backup.write(house.url, house.folder, None, file, replace=True)
    inside = house.folder / "inside.zip"
    for _ in range(2):  # the second time it would hold the first
        assert (await backup.write(house.url, house.folder, None, inside, replace=True)).files == 3
    inside.unlink()
    await restore.restore(file, empty, new)
    db = await Database.open(empty, new)
    await drawn(db, house.person, recipe("later"))
    await db.close()
    later = await everything(empty, new)
    with pytest.raises(Refusal, match="taken"):
        await restore.restore(file, empty, new)
    assert await everything(empty, new) == later
    await restore.restore(file, empty, new, replace=True)
    assert await everything(empty, new) == await everything(house.url, house.folder)
    (aside,) = (one for one in new.iterdir() if one.name.startswith("before-restore-"))
    assert (aside / "pictures").is_dir() and (aside / FILE).exists() is (empty == "")


async def test_an_older_database_is_read_as_it_is_and_comes_back_as_one_of_today(
    url: str, empty: str, tmp_path: Path
) -> None:
    await old(url, tmp_path / "old", rows=3)
    await backup.write(url, tmp_path / "old", None, tmp_path / "all.zip")
    assert (await standing(url, tmp_path / "old"))[1] == "0001"  # a backup before an upgrade changes nothing
    await restore.restore(tmp_path / "all.zip", empty, tmp_path / "new")
    back = await everything(empty, tmp_path / "new")
    assert back == await everything(url, tmp_path / "old")  # which brings that one to today's tables as well
    assert len(back["picture"]) == 4 and len(back["person"]) == 1


async def test_what_goes_wrong_leaves_nothing(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, new = tmp_path / "all.zip", tmp_path / "new"
    with pytest.raises(Refusal, match="nothing"):
        await backup.write("", tmp_path / "nowhere", None, file)
    with pytest.raises(Refusal, match="readonly"):
        await backup.write(house.url, house.folder, None, tmp_path / "missing" / "all.zip")
    (tmp_path / "text.zip").write_text("no zip")
    for wrong in ("text.zip", "missing.zip"):
        with pytest.raises(Refusal, match="unreadable"):
            await restore.restore(tmp_path / wrong, "", new)
    await backup.write(house.url, house.folder, None, file)

    damaged = bytearray(file.read_bytes())
    damaged[damaged.index(b"\x89PNG") + 40] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(damaged)
    shutil.copy(file, tmp_path / "outside.zip")
    with zipfile.ZipFile(tmp_path / "outside.zip", "a") as archive:
        archive.writestr("data/../../outside.txt", "x")
    with zipfile.ZipFile(tmp_path / "newer.zip", "w") as archive:
        archive.writestr("danqing.json", json.dumps({"format": 1, "revision": "9999"}))
    with zipfile.ZipFile(tmp_path / "lines.zip", "w") as archive, zipfile.ZipFile(file) as whole:
        for name in whole.namelist():
            archive.writestr(name, b"{no line\n" if name == "tables/picture.jsonl" else whole.read(name))
    for wrong, key in (("damaged", "unreadable"), ("outside", "unreadable"), ("newer", "newer"), ("lines", "unread")):
        with pytest.raises(Refusal, match=key):
            await restore.restore(tmp_path / f"{wrong}.zip", "", new)
        assert not new.exists() or not list(new.iterdir()), wrong
    assert not (tmp_path / "outside.txt").exists()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_files", full)
    with pytest.raises(Refusal, match="full"):
        await backup.write(house.url, house.folder, None, tmp_path / "more.zip")
    assert not [one for one in tmp_path.iterdir() if "more" in one.name or one.name.startswith(".")]
