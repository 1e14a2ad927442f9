"""Picture files in object storage that speaks S3."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prompts.errors import Refusal
from storage.bucket import Bucket
from storage.files import AWAY, HASH, READ, Files, StoredFile, checked, suffix_of

if TYPE_CHECKING:
    from obstore.store import S3Store

KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif"}
OTHER = "application/octet-stream"
CONNECT = timedelta(seconds=5)  # for a server to answer at all
QUICK = timedelta(seconds=10)  # for a question without content: some are asked while others wait for the database
SLOW = timedelta(seconds=60)  # for the content of a picture
# What the client tries again by itself: an old connection that the server has closed. All else is ours (`patiently`).
RETRY = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=2),
    "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=0.5), "base": 2},
}
REGION = re.compile(
    "AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraint|without a location header"
)
START = 12  # bytes that tell what a file is


class BucketFiles(Files):
    """The picture files under a bucket's prefix: each at "ab/" and its hash, thumbnails in "small/". That a name is
    written whole or not at all is a promise of S3."""

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(bucket.where)
        self._quick, self._slow = _client(bucket, QUICK), _client(bucket, SLOW)
        self._shown = bucket.where.partition(" ")[0]

    async def prepare(self) -> None:
        """Tries to write, read and remove."""
        with self._refusing():
            await self._slow.put_async("trial", b"can this be written?", use_multipart=False)
            try:
                await (await self._slow.get_async("trial")).bytes_async()
            except FileNotFoundError as error:
                if _no_bucket(error):
                    raise
                # Another program has tried it at the same time, and has removed what both have written.
            await self._delete("trial")

    def place(self, picture: str) -> str:
        return f"{self._shown}/{_name(picture)}"

    async def has(self, picture: str) -> bool:
        name = _name(picture)
        with self._refusing():
            try:
                await self._quick.head_async(name)
            except FileNotFoundError:
                return False
        return True

    async def put(self, content: bytes, suffix: str = ".png") -> str:
        picture = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
        if not await self.has(picture):
            await self._write(_name(picture), content, KINDS.get(suffix, OTHER))
        return picture

    async def get(self, picture: str) -> bytes:
        name = _name(picture)
        content = await self.patiently(lambda: self._read(name), READ)
        if content is None:
            raise Refusal("picture.gone")
        return content

    async def stored(self, picture: str) -> StoredFile | None:
        name = _name(picture)
        with self._refusing():
            try:
                found = await self._quick.get_async(name, options={"range": (0, START)})
                start = bytes(await found.bytes_async())
            except FileNotFoundError as error:
                if _no_bucket(error):
                    raise
                return None
        return StoredFile(suffix_of(start), found.meta["size"])

    async def remove(self, picture: str) -> None:
        name, small = _name(picture), f"small/{picture}"
        with self._refusing():
            await self._delete(name)
            async for some in self._quick.list(small):
                for one in some:
                    await self._delete(one["path"])

    async def each(self) -> AsyncIterator[str]:
        with self._refusing():
            async for some in self._quick.list():
                for one in some:
                    picture = one["path"].rpartition("/")[2]
                    if HASH.fullmatch(picture) and one["path"] == _name(picture):
                        yield picture

    async def _small(self, picture: str, side: int) -> bytes | None:
        return await self._read(_small_name(picture, side))

    async def _keep_small(self, picture: str, side: int, content: bytes) -> None:
        await self._write(_small_name(picture, side), content, KINDS[".webp"])

    async def _source(self, picture: str) -> io.BytesIO:
        return io.BytesIO(await self.get(picture))

    async def _read(self, name: str) -> bytes | None:
        with self._refusing():
            try:
                return bytes(await (await self._slow.get_async(name)).bytes_async())
            except FileNotFoundError as error:
                if _no_bucket(error):
                    raise
                return None

    async def _write(self, name: str, content: bytes, kind: str) -> None:
        with self._refusing():
            await self._slow.put_async(name, content, attributes={"Content-Type": kind}, use_multipart=False)

    async def _delete(self, name: str) -> None:
        with suppress(FileNotFoundError):  # some servers say so
            await self._quick.delete_async(name)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except Refusal:
            raise
        except FileNotFoundError as error:  # there is no such bucket, where something is written or asked for
            raise Refusal("storage.bucket", where=self.where) from error
        except Exception as error:
            # obstore's errors hold pages of what was tried in them, and nothing else of use
            if not type(error).__module__.startswith(("obstore", "pyo3")):
                raise
            raise Refusal(_key(error), where=self.where) from error


def _client(bucket: Bucket, timeout: timedelta) -> S3Store:
    try:
        from obstore.store import S3Store  # an extra, and 20 MB of library
    except ImportError as error:
        raise Refusal("storage.pictures_extra") from error
    keys: dict[str, Any] = {"access_key_id": bucket.key, "secret_access_key": bucket.secret} if bucket.key else {}
    place: dict[str, Any] = {"endpoint": bucket.endpoint} if bucket.endpoint else {}
    return S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        region=bucket.region,
        virtual_hosted_style_request=not bucket.path_style,
        client_options={
            "allow_http": bucket.endpoint.startswith("http:"),
            "connect_timeout": CONNECT,
            "timeout": timeout,
        },
        retry_config=RETRY,  # type: ignore[arg-type]
        **keys,
        **place,
    )


def _name(picture: str) -> str:
    return f"{checked(picture)[:2]}/{picture}"


def _small_name(picture: str, side: int) -> str:
    return f"small/{checked(picture)}/{side}.webp"


def _no_bucket(error: FileNotFoundError) -> bool:
    """Whether the whole bucket is not there, not one name alone."""
    return "NoSuchBucket" in str(error)


def _key(error: Exception) -> str:
    if type(error).__name__ in ("PermissionDeniedError", "UnauthenticatedError"):
        return "storage.pictures_denied"
    if REGION.search(str(error)):
        return "storage.pictures_region"
    return AWAY
