"""What the folder of pictures promises beyond what every store does (test_files.py)."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from pathlib import Path

import pytest

from prompts.errors import Refusal
from storage.folder_files import LEFTOVER, FolderFiles
from tests.storage.samples import png


@pytest.fixture
async def files(tmp_path: Path) -> FolderFiles:
    made = FolderFiles(tmp_path / "pictures")
    await made.prepare()
    return made


def everything(files: FolderFiles) -> list[Path]:
    return [path for path in files.folder.rglob("*") if path.is_file()]


async def test_a_file_lies_under_its_hash(files: FolderFiles) -> None:
    content = png()
    picture = await files.put(content)
    assert picture == hashlib.sha256(content).hexdigest()
    assert files.path(picture) == files.folder / picture[:2] / picture[2:4] / f"{picture}.png"
    assert files.path(picture).read_bytes() == await files.get(picture) == content
    assert everything(files) == [files.path(picture)]


async def test_the_same_content_is_one_file(files: FolderFiles) -> None:
    content = png()
    hashes = await asyncio.gather(*(files.put(content) for _ in range(10)))
    assert len(set(hashes)) == 1
    assert len(everything(files)) == 1
    written = files.path(hashes[0]).stat().st_mtime_ns
    await files.put(content)
    assert files.path(hashes[0]).stat().st_mtime_ns == written


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "/" + "0" * 63, "\0" * 64]
)
async def test_names_that_are_no_hash_reach_no_file(files: FolderFiles, name: str) -> None:
    with pytest.raises(Refusal, match=r"picture\.gone"):
        files.path(name)
    for call in (files.get(name), files.remove(name), files.thumbnail(name), files.has(name)):
        with pytest.raises(Refusal, match=r"picture\.gone"):
            await call


async def test_leftovers_of_interrupted_writes_are_removed_at_the_start(files: FolderFiles) -> None:
    old, young = files.folder / "coming" / "old.part", files.folder / "coming" / "young.part"
    old.write_bytes(b"half")
    young.write_bytes(b"another process is writing this")
    before = time.time() - LEFTOVER - 60
    os.utime(old, (before, before))
    await files.prepare()
    assert everything(files) == [young]


async def test_a_write_that_fails_leaves_nothing(files: FolderFiles) -> None:
    content = png()
    in_the_way = files.path(hashlib.sha256(content).hexdigest()).parent
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    with pytest.raises(Refusal, match=r"storage\.readonly") as refused:
        await files.put(content)
    assert refused.value.values == {"where": str(files.folder)}
    assert everything(files) == [in_the_way]


async def test_a_write_that_is_cancelled_leaves_nothing(files: FolderFiles) -> None:
    for wait in (0.0, 0.0005, 0.001, 0.002):
        writing = asyncio.create_task(files.put(os.urandom(2_000_000)))
        await asyncio.sleep(wait)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await asyncio.sleep(0.05)
    for path in everything(files):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
