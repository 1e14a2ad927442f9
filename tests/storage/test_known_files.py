"""Model files are remembered as they were identified."""

from __future__ import annotations

from dataclasses import replace

from engine.files.identity import Identity
from engine.files.model_folders import Known
from storage import known_files, tables
from storage.database import Database

LORA = Identity(kind="lora", family="sdxl", rank=8, parts=("unet",), triggers=("水墨",))


async def test_files_are_kept_changed_and_forgotten(db: Database) -> None:
    files = [Known(f"/models/{number}.safetensors", 2**40 + number, 2**60, LORA) for number in range(250)]
    await known_files.keep(db, files)
    hashed = replace(files[7], hash="0123456789", network="0a1b2c3d4e5f")
    await known_files.keep(db, [hashed])
    found = {known.path: known for known in await known_files.all_known(db)}
    assert len(found) == 250
    assert found[files[7].path] == hashed
    assert found[files[8].path] == files[8]
    await known_files.forget(db, [file.path for file in files[:200]])
    assert len(await known_files.all_known(db)) == 50


async def test_what_another_version_wrote_is_found_out_again(db: Database) -> None:
    await known_files.keep(db, [Known("/a", 1, 1, LORA)])
    async with db.writing() as session:
        row = await session.get(tables.KnownFiles, "/a")
        assert row is not None
        row.identity = {"kind": "lora", "colour": "red"}
    assert await known_files.all_known(db) == ()
