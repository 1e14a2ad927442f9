"""Getting Argos' zh→en package: found in an index, fetched (an interrupted download goes on), checked, unpacked."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin, urlsplit

import aiohttp

from prompts.errors import Refusal
from prompts.translate.argos import PAIR, PIECES, Argos, metadata, version_of

DownloadProgress = Callable[[int, int | None], None]
"""Called with the bytes fetched so far and the bytes in all, None where nobody knows."""

_INDEX_LIMIT = 8 * 2**20  # bytes; the public index has 0.1 MB
_PACKAGE_LIMIT = 2 * 2**30  # bytes; the public packages have about 0.1 GB
_UNPACKED_LIMIT = 4 * 2**30
_FILES_LIMIT = 200
_CHUNK = 2**18
_TRIES = 5  # in a row without a byte; one that brings some begins the count anew
_PAUSE = 1.0  # seconds before the second try, doubled for each that follows
_PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=30)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NEEDED = re.compile(r"metadata\.json|sentencepiece\.model|bpe\.model|model/[\w.-]+|(?:README|LICENSE)[\w.-]*")


@dataclass(frozen=True, slots=True)
class Offer:
    """A package in an index: where it lies, and the SHA-256 of the file where the index tells it."""

    version: str
    links: tuple[str, ...]
    sha256: str = ""


def silent(done: int, total: int | None) -> None:
    """No progress shown."""


async def install(index: str, folder: Path, *, sha256: str = "", progress: DownloadProgress = silent) -> Path:
    """Find the newest zh→en package in an index, fetch and unpack it; its folder under `folder`.

    Proxies are taken from the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY). What was fetched before an interruption
    is kept and the next call goes on from there. Raises Refusal `install.…`.
    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    async with aiohttp.ClientSession(trust_env=True, timeout=_PATIENCE) as session:
        offer = await _offer(session, index)
        part = folder / f".translate-zh_en-{re.sub(r'[^0-9A-Za-z]+', '_', offer.version)}.part"
        failure = Refusal("install.none", index=index)
        for link in offer.links:
            try:
                with _writing(folder):
                    await _fetch(session, link, part, progress)
                break
            except Refusal as refusal:
                if refusal.key not in ("install.network", "install.status", "install.cut"):
                    raise
                failure = refusal
        else:
            raise failure
    try:
        package = await asyncio.to_thread(unpack, part, folder, sha256 or offer.sha256)
    except Refusal as refusal:
        if refusal.key not in ("install.space", "install.write"):
            part.unlink(missing_ok=True)  # it would be found damaged again
        raise
    part.unlink(missing_ok=True)
    return package


def unpack(archive: Path, folder: Path, sha256: str = "") -> Path:
    """Check an .argosmodel file and unpack it; its folder under `folder`. All of it or nothing is there afterwards.
    Raises Refusal `install.…`."""
    if not archive.is_file():
        raise Refusal("install.no_file", file=str(archive))
    with _writing(folder):
        if sha256:
            with archive.open("rb") as packed_file:
                found = hashlib.file_digest(packed_file, "sha256").hexdigest()
            if found != sha256.strip().lower():
                raise Refusal("install.checksum", file=archive.name, wanted=sha256.strip()[:64], found=found)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as name:
            new = Path(name) / "package"
            try:
                with zipfile.ZipFile(archive) as packed:
                    _extract(packed, new, folder)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
                raise Refusal("install.damaged", file=archive.name) from error
            content = _judged(new, archive.name)
            version = re.sub(r"[^0-9A-Za-z]+", "_", content.get("package_version", "0"))
            package = folder / f"translate-zh_en-{version}"
            if package.exists():
                package.rename(Path(name) / "old")
            new.rename(package)
    return package


def _extract(packed: zipfile.ZipFile, new: Path, folder: Path) -> None:
    """The files that a reader needs, without the folder around them. What a name or size pretends is not believed."""
    members = {_inside(member): member for member in packed.infolist() if not member.is_dir()}
    if len(members) > _FILES_LIMIT * 10:
        raise ValueError("too many files")
    wanted = {path: member for path, member in members.items() if path and _NEEDED.fullmatch(path)}
    size = sum(member.file_size for member in wanted.values())
    if size > _UNPACKED_LIMIT or len(wanted) > _FILES_LIMIT:
        raise ValueError("too large")
    _room(folder, size)
    left = _UNPACKED_LIMIT
    for path, member in wanted.items():
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with packed.open(member) as source, target.open("xb") as out:
            while piece := source.read(_CHUNK):
                left -= len(piece)
                if left < 0:
                    raise ValueError("too large")
                out.write(piece)


def _inside(member: zipfile.ZipInfo) -> str:
    """A member's path within the package's one folder; "" for what lies elsewhere or is no plain file."""
    path = PurePosixPath(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
        raise ValueError("a path that leads out of the package")
    if kind not in (0, stat.S_IFREG) or member.flag_bits & 1:
        return ""
    return "/".join(path.parts[1:]) if len(path.parts) > 1 else ""


def _judged(new: Path, name: str) -> dict[str, str]:
    """What an unpacked package says about itself. Raises Refusal for another language, or what we cannot read."""
    content = metadata(new)
    pair = (content.get("from_code"), content.get("to_code"))
    whole = (new / "model" / "model.bin").is_file() and any((new / pieces).is_file() for pieces in PIECES)
    if not content or not whole:
        raise Refusal("install.damaged", file=name)
    if pair != PAIR:
        raise Refusal("install.languages", file=name, source=str(pair[0])[:20], target=str(pair[1])[:20])
    try:
        Argos(new).load()
    except (RuntimeError, OSError, ValueError, ImportError) as error:
        raise Refusal("install.unusable", file=name, reason=str(error).partition("\n")[0][:200]) from error
    return content


async def _offer(session: aiohttp.ClientSession, index: str) -> Offer:
    """The newest zh→en package of an index."""
    try:
        async with session.get(index) as response:
            if response.status != 200:
                raise Refusal("install.status", address=index, status=response.status)
            content = await response.content.read(_INDEX_LIMIT)
            while len(content) < _INDEX_LIMIT and (more := await response.content.read(_CHUNK)):
                content += more
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise _network(index, error) from error
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refusal("install.index", index=index) from error
    if not isinstance(rows, list):
        raise Refusal("install.index", index=index)
    offers: list[tuple[tuple[int, ...], Offer]] = []
    for row in rows:
        if not isinstance(row, dict) or (row.get("from_code"), row.get("to_code")) != PAIR:
            continue
        links = row.get("links")
        near = (urljoin(index, link) for link in links if isinstance(link, str)) if isinstance(links, list) else ()
        usable = tuple(link for link in near if urlsplit(link).scheme in ("http", "https"))
        version = str(row.get("package_version", "0"))
        told = row.get("sha256")
        offer = Offer(version, usable, told if isinstance(told, str) else "")
        if usable:
            offers.append((version_of({"package_version": version}), offer))
    if not offers:
        raise Refusal("install.none", index=index)
    return max(offers, key=lambda one: one[0])[1]


async def _fetch(session: aiohttp.ClientSession, link: str, part: Path, progress: DownloadProgress) -> None:
    """The file at `link`, in `part`, beginning where `part` ends. Raises Refusal."""
    tries = 0
    while True:
        before = _size(part)
        try:
            await _piece(session, link, part, progress)
            return
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            tries = 1 if _size(part) > before else tries + 1
            # A host that was never reached is not waited for; a line that was cut may come back.
            if isinstance(error, aiohttp.ClientConnectorError | aiohttp.InvalidURL) or tries >= _TRIES:
                if _size(part):
                    raise Refusal("install.cut", address=_shown(link), done=_mb(_size(part))) from error
                raise _network(link, error) from error
        await asyncio.sleep(_PAUSE * 2 ** (tries - 1))


async def _piece(session: aiohttp.ClientSession, link: str, part: Path, progress: DownloadProgress) -> None:
    have = _size(part)
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    async with session.get(link, headers=headers) as response:
        said = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", ""))
        total = int(said[2]) if said and said[2] != "*" else None
        if response.status == 416 and total == have:  # it was all there
            progress(have, have)
            return
        if response.status == 416 or (response.status == 206 and (said is None or int(said[1] or -1) != have)):
            part.unlink(missing_ok=True)  # another file than the one begun
            raise aiohttp.ClientPayloadError("the range does not fit")
        if response.status not in (200, 206):
            raise Refusal("install.status", address=_shown(link), status=response.status)
        if response.status == 200:
            have, total = 0, response.content_length
        if total is not None:
            if total > _PACKAGE_LIMIT:
                raise Refusal("install.too_large", address=_shown(link), size=_mb(total), limit=_mb(_PACKAGE_LIMIT))
            _room(part.parent, 2 * total - have)  # the file, and what is unpacked from it
        with part.open("ab" if have else "wb") as out:
            async for piece in response.content.iter_chunked(_CHUNK):
                out.write(piece)
                have += len(piece)
                if have > _PACKAGE_LIMIT:
                    raise Refusal("install.too_large", address=_shown(link), size=_mb(have), limit=_mb(_PACKAGE_LIMIT))
                progress(have, total)
    if total is not None and have < total:
        raise aiohttp.ClientPayloadError("the end is missing")


def _room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise Refusal("install.space", folder=str(folder), needed=_mb(needed), free=_mb(free))


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turns what the disk complains about into a Refusal; trouble on the network is somebody else's."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, ConnectionError):
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise Refusal("install.space", folder=str(folder), needed="?", free="0") from error
        raise Refusal("install.write", folder=str(folder), reason=error.strerror or "") from error


def _network(address: str, error: Exception) -> Refusal:
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    reason = getattr(cause, "strerror", None) or str(error) or type(error).__name__
    return Refusal("install.network", address=_shown(address), reason=reason[:200])


def _shown(address: str) -> str:
    """An address without a password that may stand in it."""
    url = urlsplit(address)
    return url._replace(netloc=url.netloc.rpartition("@")[2], query="").geturl()


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f}"
