"""A connection to a NATS server with JetStream, which carries letters between a bot and its hosts.

  danqing.to.USER.SESSION       to a host, each answered: "" taken, "?" not by a bot that it knows
  danqing.from.USER.SESSION     from a host, in a stream: each once, in their order
  danqing.step.USER.SESSION     from a host, steps and previews, which may be lost
  bucket danqing-hosts          USER.SESSION: a host lives as long as its key does
  bucket danqing-USER           what is larger than BESIDE, until it has been read

USER is the name by which a host signs in, so that a server can keep each to its own subjects (docs/hosts.md).
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import ssl
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from engine.queue.letter import Letter, written
from prompts.errors import Refusal

log = logging.getLogger(__name__)

BEAT = 1.0  # seconds between two signs of life
LIFE = 3.0  # seconds that the key of a host which says nothing stays
HOSTS = "danqing-hosts"  # the bucket
EVENTS = "DANQING"  # the stream
BESIDE = 256 * 2**10  # bytes of a blob that still go in the letter: a server takes a megabyte in all
BESIDE_LIFE = 3600.0  # seconds that what nobody read is kept
EVENTS_BYTES, BESIDE_BYTES = 64 * 2**20, 2**30  # that the server keeps at most, of each user in the latter
AGAIN = 0.3  # seconds after which what failed is tried again
ANSWER = 10.0  # seconds for an answer
TRIES = 3  # times that it is asked who is there
STALLED = 30.0  # seconds without a byte of what lies beside a letter, after which it is given up
CONNECT = 5.0
OLDEST = (2, 11)  # the first version whose server tells of keys that have come to their end


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is and how to sign in; the secret is in no `repr`."""

    url: str
    user: str = ""
    password: str = ""
    ca_file: Path | None = None

    def __repr__(self) -> str:
        return f"Server({self.where})"

    @property
    def where(self) -> str:
        """The server's address, to be shown."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def name(self) -> str:
        """The user as a part of a subject."""
        return "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in self.user) or "host"


class Connection:
    """A connection; `nc` and `js` are the library's own. `back` is called each time the server is there again."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.since = 0.0  # the loop's time of the last time the server was there anew
        self.back: Callable[[], Awaitable[None]] | None = None
        self._away = False
        self._last: Exception | None = None  # that the library met while it tried to connect
        self._stores: dict[str, Any] = {}

    async def open(self, *, wait: bool) -> Self:
        """Connect. Raises Refusal `hosts.library`, `hosts.denied`, `hosts.tls`, `hosts.old`, `hosts.jetstream`, and,
        unless it shall `wait` for the server, `hosts.unreachable`."""
        try:
            import nats  # only where a server is named
        except ModuleNotFoundError as error:
            raise Refusal("hosts.library") from error
        said = {"user": self.server.user, "password": self.server.password} if self.server.user else {}
        warned, tls = False, _tls(self.server)
        while True:
            self.nc: Any = nats.NATS()
            try:
                async with asyncio.timeout(CONNECT):
                    await self.nc.connect(
                        self.server.url,
                        name="danqing",
                        **said,
                        tls=tls,
                        inbox_prefix=f"_INBOX_{self.server.name}",
                        error_cb=self._error,
                        disconnected_cb=self._lost,
                        reconnected_cb=self._found,
                        # The first time once; from then on for ever.
                        allow_reconnect=False,
                        max_reconnect_attempts=1,
                        reconnect_time_wait=AGAIN,
                        connect_timeout=3,
                    )
                break
            except (OSError, TimeoutError, nats.errors.Error) as error:
                await self._abandon()
                refusal = _refusal(self._last or error, self.server.where)
                if not wait or refusal.key != "hosts.unreachable":
                    raise refusal from error
                if not warned:
                    log.warning("the server of the hosts at %s does not answer; it is waited for", self.server.where)
                    warned = True
                await asyncio.sleep(AGAIN)
        self.nc.options.update(allow_reconnect=True, max_reconnect_attempts=-1)
        self.js: Any = self.nc.jetstream(timeout=ANSWER)
        self.since = asyncio.get_running_loop().time()
        try:
            await self._look()
        except BaseException:
            await self.nc.close()
            raise
        return self

    async def close(self) -> None:
        """Say what is to be said, and end the connection."""
        with suppress(Exception):
            async with asyncio.timeout(ANSWER):
                await self.nc.flush()
        with suppress(Exception):
            await self.nc.close()

    async def _abandon(self) -> None:
        """Let go of a connection that came to nothing: the library leaves it open."""
        with suppress(Exception):
            async with asyncio.timeout(1.0):  # TLS would wait for an answer to its farewell
                await self.nc.close()
        transport: Any = getattr(self.nc, "_transport", None)
        with suppress(Exception):
            transport._io_writer.transport.abort()

    async def _look(self) -> None:
        """Whether the server can do what is wanted of it."""
        version = tuple(int(part) for part in str(self.nc.connected_server_version).split(".")[:2] if part.isdigit())
        if version < OLDEST:
            raise Refusal("hosts.old", where=self.server.where, version=str(self.nc.connected_server_version))
        if not self.nc._server_info.get("jetstream"):
            raise Refusal("hosts.jetstream", where=self.server.where)

    async def _error(self, error: Exception) -> None:
        self._last = error
        log.debug("NATS: %s: %s", type(error).__name__, error)
        if "permissions violation" in str(error).lower():
            log.error("the server of the hosts refuses something to this user: %s", error)

    async def _lost(self) -> None:
        if not self._away and not self.nc.is_closed:
            log.warning("the server of the hosts at %s is away", self.server.where)
        self._away = True

    async def _found(self) -> None:
        self._away = False
        self.since = asyncio.get_running_loop().time()
        log.info("the server of the hosts at %s is there again", self.server.where)
        if self.back:
            await self.back()

    # --- letters, with what is too large for one beside them ---

    async def pack(self, letter: Letter, bucket: str) -> tuple[dict[str, str], bytes]:
        """A letter as headers and a frame, as soon as its blob lies in a bucket where it is large."""
        if len(letter.blob) <= BESIDE:
            return written(letter)
        name = uuid.uuid4().hex
        await (await self._store(bucket)).put(name, letter.blob)
        headers, frame = written(letter.carrying(b""))
        return headers | {"beside": name}, frame

    async def fetch(self, letter: Letter, headers: Mapping[str, str], bucket: str) -> Letter:
        """A letter that was `read`, with what lay in the bucket for it, and lies there no longer. Raises LookupError
        where nothing did."""
        name = headers.get("beside")
        if not name:
            return letter
        store, blob = await self._store(bucket), io.BytesIO()
        try:
            await _while_it_comes(store.get(name, blob), blob)
        except Exception as error:
            raise LookupError(f"{type(error).__name__}: {error}") from error
        with suppress(Exception):  # else it is gone within the hour
            await store.delete(name)
        return letter.carrying(blob.getvalue())

    async def _store(self, bucket: str) -> Any:
        if bucket not in self._stores:
            self._stores[bucket] = await self.js.object_store(bucket)
        return self._stores[bucket]


@dataclass(frozen=True, slots=True)
class Present:
    """A host as it says that it lives: `devices` in words, none while its workers start; `drawing` is how much it has
    to do."""

    name: str
    version: int
    devices: tuple[str, ...] = ()
    drawing: int = 0

    @classmethod
    def from_json(cls, said: bytes) -> Self:
        """What a host's key holds. Raises ValueError."""
        try:
            read: Any = json.loads(said)
            devices = tuple(str(one) for one in read.get("devices", ()))
            return cls(str(read["name"]), int(read["version"]), devices, int(read.get("drawing", 0)))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("no host") from error


async def roster(server: Server) -> list[Present]:
    """The hosts that live, by name. Raises Refusal as `Connection.open` does."""
    from nats.errors import Error  # only where a server is named

    connection = await Connection(server).open(wait=False)
    found = []
    try:
        with suppress(Error):  # no bot has been here yet, and there is no bucket: nor can there be a host
            kv = await connection.js.key_value(HOSTS)
            for key in await _keys(kv):
                with suppress(Error, ValueError):
                    found.append(Present.from_json((await kv.get(key)).value or b""))
    finally:
        await connection.close()
    return sorted(found, key=lambda one: one.name)


async def _keys(kv: Any) -> list[str]:
    """The keys of a bucket. Where a busy server has told of none, though something is in it, it is asked again."""
    from nats.errors import TimeoutError as Late
    from nats.js.errors import NoKeysError

    for _ in range(TRIES):
        try:
            return list(await kv.keys())
        except (NoKeysError, Late):
            if not (await kv.status()).values:
                break
    return []


async def _while_it_comes(getting: Awaitable[Any], blob: io.BytesIO) -> None:
    """Wait as long as anything comes, be it slowly. Raises TimeoutError where nothing does."""
    task, had = asyncio.ensure_future(getting), -1
    try:
        while not (await asyncio.wait([task], timeout=STALLED))[0]:
            if blob.tell() == had:
                raise TimeoutError
            had = blob.tell()
        task.result()
    finally:
        task.cancel()


def bucket(user: str) -> str:
    """The bucket for what is large, from and to the hosts of a user."""
    return f"danqing-{user}"


def _tls(server: Server) -> ssl.SSLContext | None:
    if not server.url.startswith(("tls://", "wss://")) and server.ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise Refusal("hosts.ca_file", file=str(server.ca_file)) from error


def _refusal(error: BaseException, where: str) -> Refusal:
    said = str(error).lower()
    if "authorization" in said or "authentication" in said:
        return Refusal("hosts.denied", where=where)
    if isinstance(error, ssl.SSLError) or "certificate" in said or "tls" in said:
        return Refusal("hosts.tls", where=where, problem=str(error)[:200])
    return Refusal("hosts.unreachable", where=where)
