"""Object storage that is away, dies in the middle of a write, or does not let us in; and what lies in it is used,
forgotten, backed up and brought back as what lies in the folder is."""

from __future__ import annotations

import asyncio
import hashlib
import os
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.cli.check_files import pictures as examined
from bot.cli.moving import PicturesMoved, move
from bot.settings.config import Config
from bot.settings.sections.storage import DataSection, StorageSection
from bot.studio import last_cards
from bot.studio.parcels import packed, parcels
from engine.job import Picture, State
from engine.queue.news import Finished
from prompts.errors import Refusal
from storage import backup, forgetting, jobs, maps, mydata, people, pictures, restore, uploads
from storage.bucket import Bucket, bucket_of
from storage.bucket_files import BucketFiles
from storage.database import Database
from storage.files import AWAY
from storage.folder_files import FolderFiles
from tests.bucket_server import KEY, SECRET, BucketServer, wire
from tests.patience import PATIENCE
from tests.storage.samples import accepted, drawn, png, recipe


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    made = BucketServer(tmp_path_factory.mktemp("objects"))
    made.start()
    yield made
    made.kill()


def config_of(bucket: Bucket, folder: Path) -> Config:
    url = f"s3://{bucket.name}/{bucket.prefix}?endpoint={bucket.endpoint}"
    storage = StorageSection.model_validate(
        {"pictures": url, "pictures_key": bucket.key, "pictures_secret": bucket.secret}
    )
    return Config(data=DataSection(folder=folder), storage=storage)


async def names(files: BucketFiles | FolderFiles) -> set[str]:
    return {one async for one in files.each()}


def _drawn() -> Picture:
    return Picture(png=png(), recipe=recipe(), seconds=1.0)


async def still_open(db: Database, person: str) -> list[str]:
    return [kept.job.id for kept in await jobs.of_person(db, person) if kept.job.state is State.WAITING]


def test_an_address_names_bucket_prefix_server_region_and_style() -> None:
    assert bucket_of("s3://pics") == Bucket("pics", path_style=False)
    assert bucket_of("s3://pics//a/b/?endpoint=http://minio:9000/", "k", "s") == Bucket(
        "pics", "a/b", "http://minio:9000", key="k", secret="s"
    )
    assert bucket_of("s3://pics?endpoint=https://x&style=host&region=auto") == Bucket(
        "pics", "", "https://x", "auto", path_style=False
    )
    assert bucket_of("s3://pics/a?endpoint=http://minio:9000").where == "s3://pics/a (minio:9000)"
    assert "hidden" not in repr(bucket_of("s3://pics", "k", "hidden"))
    for wrong in (
        "pics",
        "s3://",
        "s3://a b",
        "s3://pics?endpiont=http://x",
        "s3://pics?endpoint=minio:9000",
        "s3://pics?endpoint=http://",
        "s3://pics?endpoint=http://x:y",
        "s3://pics?endpoint=http://name:word@x",
        "s3://pics?style=old",
        "s3://pics?region=a&region=b",
        "s3://name:word@pics",
        "https://pics",
    ):
        with pytest.raises(ValueError):
            bucket_of(wrong)


async def test_a_server_that_dies_in_the_middle_of_a_write_and_comes_back_has_it_whole(tmp_path: Path) -> None:
    server, dies = BucketServer(tmp_path / "objects"), asyncio.Event()
    server.start()

    def cut(sent: int) -> bool:
        if sent > 1_000_000 and not dies.is_set():
            server.kill()
            dies.set()
            return True
        return False

    try:
        async with wire(server.bucket(), cut) as bucket:
            files, content = BucketFiles(bucket), os.urandom(4_000_000)
            writing = asyncio.create_task(files.patiently(lambda: files.put(content), PATIENCE))
            await dies.wait()
            with pytest.raises(Refusal, match=AWAY):
                await files.has("0" * 64)
            assert not writing.done()
            server.start()
            assert await names(files) <= {hashlib.sha256(content).hexdigest()}
            picture = await writing
            assert await files.get(picture) == content and await names(files) == {picture}
    finally:
        server.kill()


async def test_a_picture_that_is_drawn_while_the_store_is_away_waits_for_it(tmp_path: Path) -> None:
    server = BucketServer(tmp_path / "objects")
    server.start()
    try:
        db = await Database.open("", tmp_path / "data", server.bucket())
        ann = (await people.person_of(db, "web", "ann")).id
        job = await accepted(db, ann)
        server.kill()
        ending = asyncio.create_task(jobs.end(db, job.id, State.DONE, pictures=[_drawn()]))
        with pytest.raises(Refusal, match=AWAY):  # who looks at one is told, and the database is nobody's meanwhile
            await db.files.get("0" * 64)
        assert await still_open(db, ann) == [job.id] and not ending.done()
        server.start()
        [row] = await ending
        assert await db.files.get(row.hash) and not await still_open(db, ann)
        await db.close()
    finally:
        server.kill()


async def test_a_store_that_stays_away_is_said_so_and_at_the_end_the_job_stays_open(
    server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "DRAWN", 0.3)
    db = await Database.open("", tmp_path, server.bucket())
    away = BucketFiles(replace(server.bucket(), endpoint="http://127.0.0.1:1"))
    ann = (await people.person_of(db, "web", "ann")).id
    lost, kept = [await accepted(db, ann) for _ in range(2)]
    db.files = away
    card = await last_cards.end(db, Finished(replace(lost, state=State.DONE), (_drawn(),)), False)
    assert card.text.key == AWAY and card.text.values == {"where": away.where}
    away.leaving = True
    with pytest.raises(Refusal, match=AWAY):
        await last_cards.end(db, Finished(replace(kept, state=State.DONE), (_drawn(),)), False)
    assert await still_open(db, ann) == [kept.id]
    await db.close()


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"secret": "another"}, "storage.pictures_denied"),
        ({"key": "nobody"}, "storage.pictures_denied"),
        ({"name": "nowhere"}, "storage.bucket"),
        ({"endpoint": "http://127.0.0.1:1"}, AWAY),
    ],
)
async def test_check_says_what_to_mend(server: BucketServer, tmp_path: Path, wrong: dict[str, str], key: str) -> None:
    bucket = replace(server.bucket(), **wrong)
    [said] = await examined(config_of(bucket, tmp_path))
    assert (said.level, said.text.key, said.text.values["where"]) == ("error", key, bucket.where)
    with pytest.raises(Refusal, match=key):
        await Database.open("", tmp_path, bucket)


async def test_check_tries_the_bucket_and_names_what_lies_in_the_folder_still(
    server: BucketServer, tmp_path: Path
) -> None:
    bucket = server.bucket()
    [said] = await examined(config_of(bucket, tmp_path))
    assert (said.level, said.text.key) == ("ok", "check.bucket")
    left = FolderFiles(tmp_path / "pictures")
    await left.prepare()
    await left.put(png())
    assert [one.text.key for one in await examined(config_of(bucket, tmp_path))] == [
        "check.bucket",
        "check.bucket_left",
    ]
    assert await examined(Config(data=DataSection(folder=tmp_path))) == []


async def test_what_lies_in_it_is_used_taken_along_and_forgotten(server: BucketServer, tmp_path: Path) -> None:
    db = await Database.open("", tmp_path, server.bucket())
    ann = (await people.person_of(db, "web", "ann")).id
    kept, deleted = await drawn(db, ann), await drawn(db, ann)
    sent = await uploads.add_upload(db, ann, png())
    made = await maps.keep(db, kept.hash, "edges", png())
    assert await maps.find(db, kept.hash, "edges") == made
    assert await pictures.delete(db, deleted.id)
    assert await names(db.files) == {kept.hash, sent, made.hash}

    [parcel] = parcels(await mydata.of_person(db, ann), "web")
    (tmp_path / "all.zip").write_bytes(b"".join([one async for one in packed(parcel, "en", db.files.get)]))
    with zipfile.ZipFile(tmp_path / "all.zip") as taken:
        [own] = [name for name in taken.namelist() if name.startswith("pictures/")]
        assert own.endswith(".png") and taken.read(own) == await db.files.get(kept.hash)
        assert f"uploads/{sent[:16]}.png" in taken.namelist()

    assert await forgetting.erase(db, ann) and not await names(db.files)
    await db.close()
    assert not (tmp_path / "pictures").exists()


async def test_a_backup_has_the_pictures_and_comes_back_into_either(server: BucketServer, tmp_path: Path) -> None:
    old, new = server.bucket(), server.bucket()
    db = await Database.open("", tmp_path / "old", old)
    ann = (await people.person_of(db, "web", "ann")).id
    row = await drawn(db, ann)
    content = await db.files.get(row.hash)
    await db.close()
    written = await backup.write("", tmp_path / "old", None, tmp_path / "all.zip", bucket=old)
    for folder, bucket in (("bucket", new), ("folder", None)):
        restored = await restore.restore(tmp_path / "all.zip", "", tmp_path / folder, bucket=bucket)
        assert (restored.rows, restored.files) == (written.rows, written.files) and written.files == 1
        assert (tmp_path / folder / "pictures").exists() == (bucket is None)
        db = await Database.open("", tmp_path / folder, bucket)
        assert await db.files.get(row.hash) == content
        await db.close()


async def test_pictures_are_brought_there_and_back_and_what_is_damaged_is_named(
    server: BucketServer, tmp_path: Path
) -> None:
    bucket, folder = server.bucket(), FolderFiles(tmp_path / "pictures")
    config, store = config_of(bucket, tmp_path), BucketFiles(bucket)
    await folder.prepare()
    whole = {await folder.put(png()) for _ in range(20)}
    jpeg = await folder.put(b"\xff\xd8\xff and more", ".jpg")
    spoilt = await folder.put(png())
    folder.path(spoilt).write_bytes(b"something else")
    heard: list[int] = []

    def told(moved: PicturesMoved) -> None:
        heard.append(moved.seen)

    await store.put(await folder.get(min(whole)))  # as after an interruption
    found, at = await move(config, "bucket", remove=False, told=told)
    assert (found.brought, found.there, found.removed) == (20, 1, 0) and heard[-1] == 22
    assert found.damaged == [folder.place(spoilt)] and at.where == bucket.where
    assert await names(store) == whole | {jpeg} and await names(folder) == whole | {jpeg, spoilt}

    await store._write(f"{min(whole)[:2]}/{min(whole)}", b"cut short", "image/png")
    found, _ = await move(config, "bucket", remove=True, told=told)
    assert (found.brought, found.there, found.removed) == (1, 20, 21) and await names(folder) == {spoilt}

    folder.path(spoilt).unlink()
    found, at = await move(config, "folder", remove=True, told=told)
    assert (found.brought, found.removed, found.damaged) == (21, 21, []) and at.where == folder.where
    assert await names(folder) == whole | {jpeg} and not await names(store)
    assert folder.path(jpeg).suffix == ".jpg" and folder.path(jpeg).read_bytes() == b"\xff\xd8\xff and more"
    with pytest.raises(Refusal, match=r"pictures\.no_bucket"):
        await move(Config(data=DataSection(folder=tmp_path)), "bucket", remove=False, told=told)


async def test_a_picture_that_is_deleted_while_they_are_brought_stops_nothing(
    server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, folder = server.bucket(), FolderFiles(tmp_path / "pictures")
    await folder.prepare()
    kept = await folder.put(png())

    async def each(files: FolderFiles) -> AsyncIterator[str]:
        for picture in ("0" * 64, kept):  # of which the first has gone by now
            yield picture

    monkeypatch.setattr(FolderFiles, "each", each)
    found, _ = await move(config_of(bucket, tmp_path), "bucket", remove=False, told=lambda moved: None)
    assert (found.brought, found.damaged) == (1, []) and await names(BucketFiles(bucket)) == {kept}


def test_the_settings_give_the_bucket_with_its_secret() -> None:
    bucket = Bucket("pictures", "a", "http://127.0.0.1:9000", key=KEY, secret=SECRET)
    assert config_of(bucket, Path()).storage.bucket == bucket
    assert StorageSection().bucket is None


async def test_two_programs_may_start_at_the_same_time(server: BucketServer) -> None:
    """Each writes, reads and removes the same trial; one is gone before the other has read it."""
    files = BucketFiles(server.bucket())
    real = files._slow

    class Slow:
        async def put_async(self, name: str, content: bytes, **more: Any) -> None:
            await real.put_async(name, content, **more)
            await files._quick.delete_async(name)

        get_async = real.get_async

    files._slow = Slow()  # type: ignore[assignment]
    await files.prepare()
    with pytest.raises(Refusal, match=r"storage\.bucket"):
        await BucketFiles(replace(server.bucket(), name="nothing")).prepare()
