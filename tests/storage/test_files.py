from __future__ import annotations

import asyncio
import hashlib
import io
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from prompts.errors import Refusal
from storage.files import LEFTOVER, Files, suffix_of
from tests.storage.samples import png


@pytest.fixture
async def files(tmp_path: Path) -> Files:
    made = Files(tmp_path / "pictures")
    await made.prepare()
    return made


def everything(files: Files) -> list[Path]:
    return [path for path in files.folder.rglob("*") if path.is_file()]


async def test_a_file_lies_under_its_hash(files: Files) -> None:
    content = png()
    picture = await files.put(content)
    assert picture == hashlib.sha256(content).hexdigest()
    assert files.path(picture) == files.folder / picture[:2] / picture[2:4] / f"{picture}.png"
    assert files.path(picture).read_bytes() == await files.get(picture) == content
    assert everything(files) == [files.path(picture)]


async def test_the_same_content_is_one_file(files: Files) -> None:
    content = png()
    hashes = await asyncio.gather(*(files.put(content) for _ in range(10)))
    assert len(set(hashes)) == 1
    assert len(everything(files)) == 1
    written = files.path(hashes[0]).stat().st_mtime_ns
    await files.put(content)
    assert files.path(hashes[0]).stat().st_mtime_ns == written


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp"), ("GIF", ".gif")])
async def test_other_kinds_keep_their_suffix(files: Files, kind: str, suffix: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (5, 5), "red").save(out, kind)
    picture = await files.put(out.getvalue(), suffix_of(out.getvalue()))
    assert files.path(picture).suffix == suffix
    assert await files.get(picture) == out.getvalue()
    with Image.open(io.BytesIO(await files.thumbnail(picture))) as small:
        assert small.size == (5, 5)


async def test_what_is_not_there(files: Files) -> None:
    for call in (files.get("0" * 64), files.thumbnail("0" * 64)):
        with pytest.raises(Refusal, match=r"picture\.gone"):
            await call
    assert not await files.has("0" * 64)
    await files.remove("0" * 64)


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "/" + "0" * 63, "\0" * 64]
)
async def test_names_that_are_no_hash_reach_no_file(files: Files, name: str) -> None:
    with pytest.raises(Refusal, match=r"picture\.gone"):
        files.path(name)
    for call in (files.get(name), files.remove(name), files.thumbnail(name), files.has(name)):
        with pytest.raises(Refusal, match=r"picture\.gone"):
            await call


async def test_thumbnails_are_small_and_kept(files: Files) -> None:
    picture = await files.put(png(size=(900, 600)))
    first = await files.thumbnail(picture, 300)
    with Image.open(io.BytesIO(first)) as small:
        assert (small.format, small.size) == ("WEBP", (300, 200))
    files.path(picture).write_bytes(b"overwritten: the kept one is taken")
    assert await files.thumbnail(picture, 300) == first
    assert len(everything(files)) == 2
    await files.remove(picture)
    assert everything(files) == []


async def test_transparency_stays(files: Files) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (255, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(await files.thumbnail(await files.put(out.getvalue())))) as small:
        assert small.mode == "RGBA"


@pytest.mark.parametrize(
    "content", [b"", b"no picture", png(size=(900, 600))[:-100], b"\x89PNG\r\n\x1a\n" + b"\0" * 50], ids=len
)
async def test_a_damaged_picture_has_no_thumbnail(files: Files, content: bytes) -> None:
    with pytest.raises(Refusal, match=r"picture\.damaged"):
        await files.thumbnail(await files.put(content))


async def test_leftovers_of_interrupted_writes_are_removed_at_the_start(files: Files) -> None:
    old, young = files.folder / "coming" / "old.part", files.folder / "coming" / "young.part"
    old.write_bytes(b"half")
    young.write_bytes(b"another process is writing this")
    before = time.time() - LEFTOVER - 60
    os.utime(old, (before, before))
    await files.prepare()
    assert everything(files) == [young]


async def test_a_write_that_fails_leaves_nothing(files: Files) -> None:
    content = png()
    in_the_way = files.path(hashlib.sha256(content).hexdigest()).parent
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    with pytest.raises(Refusal, match=r"storage\.readonly") as refused:
        await files.put(content)
    assert refused.value.values == {"where": str(files.folder)}
    assert everything(files) == [in_the_way]


async def test_a_write_that_is_cancelled_leaves_nothing(files: Files) -> None:
    for wait in (0.0, 0.0005, 0.001, 0.002):
        writing = asyncio.create_task(files.put(os.urandom(2_000_000)))
        await asyncio.sleep(wait)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await asyncio.sleep(0.05)
    for path in everything(files):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
