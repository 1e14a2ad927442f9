"""Installing a package: found in an index, fetched through trouble, checked, unpacked whole or not at all."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import json
import os
import re
import shutil
import socket
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from prompts.errors import Refusal
from prompts.translate import install as installing
from prompts.translate.argos import Argos, installed
from prompts.translate.install import install, unpack
from tests.prompts.translate.serving import serving
from tests.prompts.translate.toy import SENTENCE, archive, package

NAME = "translate-zh_en-1_0"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound .argosmodel file."""
    folder = tmp_path_factory.mktemp("package")
    return archive(package(folder / NAME, SENTENCE), folder / "zh_en.argosmodel")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "_PAUSE", 0.001)


class Shop:
    """An index and a package as a server has them. `cut` ends every answer after so many bytes; with `deaf` it
    does not know ranges; `status` is what the package's address answers."""

    def __init__(self, content: bytes, **row: object) -> None:
        self.content = content
        self.rows: object = [
            {"from_code": "en", "to_code": "zh", "package_version": "3.0", "links": ["/other"]},
            {"from_code": "zh", "to_code": "en", "package_version": "1.0", "links": ["ipfs://x", "/package"]} | row,
            {"from_code": "zh", "to_code": "en", "package_version": "0.9", "links": ["/old"]},
            {"from_code": "zh", "to_code": "en", "package_version": "9.9"},
        ]
        self.cut: int | None = None
        self.deaf = False
        self.status = 200
        self.ranges: list[str] = []

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/index.json":
            body = self.rows if isinstance(self.rows, str) else json.dumps(self.rows)
            return web.Response(text=body)
        if request.path != "/package" or self.status != 200:
            return web.Response(status=self.status if self.status != 200 else 404, text="no")
        wanted = request.headers.get("Range", "")
        self.ranges.append(wanted)
        start = int(wanted[6:-1]) if wanted and not self.deaf else 0
        size = len(self.content)
        if start >= size:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
        rest = self.content[start:]
        response = web.StreamResponse(status=206 if start else 200, headers={"Content-Length": str(len(rest))})
        if start:
            response.headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        await response.prepare(request)
        if self.cut is not None and self.cut < len(rest):
            await response.write(rest[: self.cut])
            await asyncio.sleep(0.01)
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(rest)
        return response


async def got(shop: Shop, folder: Path, **options: str) -> Path:
    async with serving(shop) as url:
        return await install(f"{url}/index.json", folder, **options)


async def refused(shop: Shop, folder: Path, **options: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await got(shop, folder, **options)
    return caught.value


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_the_newest_is_fetched_unpacked_and_translates(whole: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    content = whole.read_bytes()
    async with serving(Shop(content)) as url:
        found = await install(
            f"{url}/index.json", tmp_path / "new" / "argos", progress=lambda *figures: seen.append(figures)
        )
    assert found == tmp_path / "new" / "argos" / NAME == installed(tmp_path / "new" / "argos")
    assert left(found.parent) == [NAME]
    assert await Argos(found).english("老渔夫") == SENTENCE
    assert seen[-1] == (len(content), len(content))


@pytest.mark.parametrize("deaf", [False, True])
async def test_a_line_that_breaks_again_and_again(whole: Path, tmp_path: Path, deaf: bool) -> None:
    shop = Shop(whole.read_bytes())
    shop.cut, shop.deaf = len(shop.content) // 3, deaf
    if not deaf:
        await got(shop, tmp_path)
        assert len(shop.ranges) > 2 and shop.ranges[0] == "" and re.fullmatch(r"bytes=\d+-", shop.ranges[1])
    else:  # it never gets any further than that
        assert (await refused(shop, tmp_path)).key == "install.cut"


async def test_another_call_goes_on_where_the_last_one_ended(whole: Path, tmp_path: Path) -> None:
    shop = Shop(whole.read_bytes())
    part = tmp_path / f".{NAME}.part"
    part.write_bytes(shop.content[:1000])
    await got(shop, tmp_path)
    assert shop.ranges == ["bytes=1000-"]
    shutil.rmtree(tmp_path / NAME)
    part.write_bytes(shop.content)  # all of it was there, only unpacking was interrupted
    await got(shop, tmp_path)
    assert left(tmp_path) == [NAME]


async def test_a_part_of_another_file_is_begun_anew(whole: Path, tmp_path: Path) -> None:
    shop = Shop(whole.read_bytes())
    (tmp_path / f".{NAME}.part").write_bytes(shop.content + b"more")
    await got(shop, tmp_path)
    assert shop.ranges[-1] == ""
    shutil.rmtree(tmp_path / NAME)
    (tmp_path / f".{NAME}.part").write_bytes(b"x" * 1000)
    assert (await refused(shop, tmp_path)).key == "install.damaged"
    await got(shop, tmp_path)  # what was damaged did not stay


async def test_the_checksum(whole: Path, tmp_path: Path) -> None:
    content = whole.read_bytes()
    right = hashlib.sha256(content).hexdigest()
    await got(Shop(content, sha256=right), tmp_path / "a")
    await got(Shop(content), tmp_path / "b", sha256=right.upper())
    for shop, options in ((Shop(content, sha256="0" * 64), {}), (Shop(content), {"sha256": "0" * 64})):
        refusal = await refused(shop, tmp_path / "c", **options)
        assert (refusal.key, refusal.values["found"]) == ("install.checksum", right)
        assert left(tmp_path / "c") == []


@pytest.mark.parametrize(
    ("rows", "status", "key"),
    [
        ("<html>please sign in</html>", 200, "install.index"),
        ({"zh": "en"}, 200, "install.index"),
        ([1, {"from_code": "zh"}], 200, "install.none"),
        (None, 404, "install.status"),
        (None, 503, "install.status"),
    ],
)
async def test_an_index_or_package_that_is_none(
    whole: Path, tmp_path: Path, rows: object, status: int, key: str
) -> None:
    shop = Shop(whole.read_bytes())
    shop.rows, shop.status = rows or shop.rows, status
    refusal = await refused(shop, tmp_path)
    assert refusal.key == key
    assert status == 200 or refusal.values["status"] == status


async def test_without_a_network(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://ann:secret@127.0.0.1:{closed.getsockname()[1]}/index.json"
        with pytest.raises(Refusal) as caught:
            await install(url, tmp_path)
    assert caught.value.key == "install.network" and "secret" not in str(caught.value)
    with pytest.raises(Refusal, match=r"install\.network"):
        await install("no address", tmp_path)


async def test_the_next_link_is_tried(whole: Path, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}/package"
        await got(Shop(whole.read_bytes(), links=["/missing", dead, "/package"]), tmp_path)
    assert left(tmp_path) == [NAME]


async def test_a_proxy_of_the_environment_is_used(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(whole.read_bytes())
    async with serving(shop) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        await install("http://packages.invalid/index.json", tmp_path)
    assert shop.ranges == [""]


async def test_no_room(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(whole.read_bytes())
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=1000))
    assert (await refused(shop, tmp_path)).key == "install.space"
    with pytest.raises(Refusal, match=r"install\.space"):
        unpack(whole, tmp_path)


@pytest.mark.parametrize(
    ("number", "key"),
    [(errno.ENOSPC, "install.space"), (errno.EACCES, "install.write"), (errno.EROFS, "install.write")],
)
def test_a_disk_that_will_not(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, key: str
) -> None:
    def fail(self: Path, *arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(Refusal) as caught:
        unpack(whole, tmp_path)
    assert caught.value.key == key
    assert left(tmp_path) == []


def test_a_file_of_ones_own(whole: Path, tmp_path: Path) -> None:
    found = unpack(whole, tmp_path)
    (found / "model" / "stray").touch()
    assert unpack(whole, tmp_path) == found  # once more: the new one in the place of the old
    assert not (found / "model" / "stray").exists() and left(tmp_path) == [NAME]
    with pytest.raises(Refusal, match=r"install\.no_file"):
        unpack(tmp_path / "nothing.argosmodel", tmp_path)


def changed(whole: Path, file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The package with other members."""
    with zipfile.ZipFile(whole) as packed:
        members = {name: packed.read(name) for name in packed.namelist() if not name.endswith("/")}
    change(members)
    with zipfile.ZipFile(file, "w") as out:
        for name, content in members.items():
            out.writestr(name, content)
    return file


def about(**values: str) -> bytes:
    return json.dumps({"from_code": "zh", "to_code": "en", "package_version": "1.0"} | values).encode()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda all: all.pop(f"{NAME}/metadata.json"), "install.damaged"),
        (lambda all: all.pop(f"{NAME}/model/model.bin"), "install.damaged"),
        (lambda all: all.pop(f"{NAME}/sentencepiece.model"), "install.damaged"),
        (lambda all: all.update({f"{NAME}/bpe.model": all.pop(f"{NAME}/sentencepiece.model")}), "install.unusable"),
        (lambda all: all.update({f"{NAME}/metadata.json": about(from_code="de")}), "install.languages"),
        (lambda all: all.update({f"{NAME}/metadata.json": b"["}), "install.damaged"),
        (lambda all: all.update({f"{NAME}/model/model.bin": b"no model"}), "install.unusable"),
        (lambda all: all.update({"../../evil": b"x"}), "install.damaged"),
        (lambda all: all.update({"/etc/evil": b"x"}), "install.damaged"),
        (lambda all: all.update({f"{NAME}/../../evil": b"x"}), "install.damaged"),
        (lambda all: all.update({"a\\..\\evil": b"x"}), "install.damaged"),
    ],
)
def test_what_is_no_package_of_ours(
    whole: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], key: str
) -> None:
    file = changed(whole, tmp_path / "bad.argosmodel", change)
    with pytest.raises(Refusal) as caught:
        unpack(file, tmp_path / "in" / "packages")
    assert caught.value.key == key
    assert left(tmp_path) == ["bad.argosmodel", "in"] and left(tmp_path / "in" / "packages") == []


def test_a_damaged_file(whole: Path, tmp_path: Path) -> None:
    content = whole.read_bytes()
    middle = len(content) // 2
    for bad in (b"", b"<html>", content[:-50], content[:middle] + b"\0" * 64 + content[middle + 64 :]):
        (tmp_path / "bad").write_bytes(bad)
        with pytest.raises(Refusal, match=r"install\.damaged"):
            unpack(tmp_path / "bad", tmp_path / "packages")


def test_only_what_a_reader_needs_is_unpacked(whole: Path, tmp_path: Path) -> None:
    def more(members: dict[str, bytes]) -> None:
        members |= {f"{NAME}/stanza/zh/x.pt": b"x", f"{NAME}/README.md": b"x", "stray": b"x", f"{NAME}/run.py": b"x"}

    found = unpack(changed(whole, tmp_path / "big", more), tmp_path / "packages")
    assert left(found) == ["README.md", "metadata.json", "model", "sentencepiece.model"]


def test_a_link_is_not_followed(whole: Path, tmp_path: Path) -> None:
    file = tmp_path / "link"
    shutil.copy(whole, file)
    link = zipfile.ZipInfo(f"{NAME}/README.md")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "a") as packed:
        packed.writestr(link, "/etc/passwd")
    assert "README.md" not in left(unpack(file, tmp_path / "packages"))


def test_a_bomb_does_not_go_off(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "_UNPACKED_LIMIT", 2**20)

    def bomb(members: dict[str, bytes]) -> None:
        members[f"{NAME}/model/more.bin"] = bytes(2**21)

    with pytest.raises(Refusal, match=r"install\.damaged"):
        unpack(changed(whole, tmp_path / "bomb", bomb), tmp_path / "packages")
    # One whose directory lies about the size.
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"{NAME}/model/more.bin", bytes(2**21))
    small = content.getvalue().replace((2**21).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "liar").write_bytes(small)
    with pytest.raises(Refusal, match=r"install\.damaged"):
        unpack(tmp_path / "liar", tmp_path / "packages")


def test_a_version_cannot_lead_elsewhere(whole: Path, tmp_path: Path) -> None:
    def far(members: dict[str, bytes]) -> None:
        members[f"{NAME}/metadata.json"] = about(package_version="../../1.0")

    found = unpack(changed(whole, tmp_path / "far", far), tmp_path / "packages")
    assert found.parent == tmp_path / "packages"
