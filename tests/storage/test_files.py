"""What every store of pictures promises: the folder, and object storage (a server of the tests' own)."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from prompts.errors import Refusal
from storage.bucket_files import BucketFiles
from storage.files import Files, StoredFile, suffix_of
from storage.folder_files import FolderFiles
from tests.bucket_server import BucketServer
from tests.storage.samples import png


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    made = BucketServer(tmp_path_factory.mktemp("objects"))
    made.start()
    yield made
    made.kill()


@pytest.fixture(params=["folder", "bucket"])
async def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    made: Files = FolderFiles(tmp_path / "pictures")
    if request.param == "bucket":
        made = BucketFiles(request.getfixturevalue("server").bucket())
    await made.prepare()
    return made


async def everything(files: Files) -> list[str]:
    """The names of all that lies there, thumbnails and leftovers too."""
    if isinstance(files, FolderFiles):
        return [str(path) for path in files.folder.rglob("*") if path.is_file()]
    assert isinstance(files, BucketFiles)
    return [one["path"] async for some in files._quick.list() for one in some]


async def test_a_file_is_found_by_the_hash_of_its_content(files: Files) -> None:
    content = png()
    picture = await files.put(content)
    assert picture == hashlib.sha256(content).hexdigest()
    assert await files.get(picture) == content and await files.has(picture)
    assert await files.stored(picture) == StoredFile(".png", len(content))
    assert len(await everything(files)) == 1 and picture in files.place(picture)


async def test_the_same_content_is_one_file(files: Files) -> None:
    content = png()
    hashes = await asyncio.gather(*(files.put(content) for _ in range(10)))
    assert len(set(hashes)) == len(await everything(files)) == 1


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp"), ("GIF", ".gif")])
async def test_other_kinds_keep_their_suffix(files: Files, kind: str, suffix: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (5, 5), "red").save(out, kind)
    picture = await files.put(out.getvalue(), suffix_of(out.getvalue()))
    assert await files.stored(picture) == StoredFile(suffix, len(out.getvalue()))
    assert await files.get(picture) == out.getvalue()
    with Image.open(io.BytesIO(await files.thumbnail(picture))) as small:
        assert small.size == (5, 5)


async def test_what_is_not_there(files: Files) -> None:
    for call in (files.get("0" * 64), files.thumbnail("0" * 64)):
        with pytest.raises(Refusal, match=r"picture\.gone"):
            await call
    assert not await files.has("0" * 64) and await files.stored("0" * 64) is None
    await files.remove("0" * 64)


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "/" + "0" * 63, "\0" * 64]
)
async def test_names_that_are_no_hash_reach_no_file(files: Files, name: str) -> None:
    with pytest.raises(Refusal, match=r"picture\.gone"):
        files.place(name)
    for call in (files.get(name), files.remove(name), files.thumbnail(name), files.has(name), files.stored(name)):
        with pytest.raises(Refusal, match=r"picture\.gone"):
            await call


async def test_thumbnails_are_small_and_kept_and_go_with_their_picture(files: Files) -> None:
    picture, other = await files.put(png(size=(900, 600))), await files.put(png())
    first = await files.thumbnail(picture, 300)
    with Image.open(io.BytesIO(first)) as small:
        assert (small.format, small.size) == ("WEBP", (300, 200))
    assert await files._small(picture, 300) == first and await files.thumbnail(picture, 300) == first
    await files.thumbnail(other, 300)
    assert {one async for one in files.each()} == {picture, other} and len(await everything(files)) == 4
    await files.remove(picture)
    assert len(left := await everything(files)) == 2 and all(other in name for name in left)


async def test_transparency_stays(files: Files) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (255, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(await files.thumbnail(await files.put(out.getvalue())))) as small:
        assert small.mode == "RGBA"


@pytest.mark.parametrize(
    "content", [b"no picture", png(size=(900, 600))[:-100], b"\x89PNG\r\n\x1a\n" + b"\0" * 50], ids=len
)
async def test_a_damaged_picture_has_no_thumbnail(files: Files, content: bytes) -> None:
    with pytest.raises(Refusal, match=r"picture\.damaged"):
        await files.thumbnail(await files.put(content))
