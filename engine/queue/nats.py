"""The pool of workers on hosts that are heard of over NATS."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from engine.errors import WireError
from engine.queue.hosts import HostsPool, NobodyThere
from engine.queue.letter import Letter, read
from engine.queue.nats_server import (
    AGAIN,
    ANSWER,
    BESIDE_BYTES,
    BESIDE_LIFE,
    EVENTS,
    EVENTS_BYTES,
    HOSTS,
    LIFE,
    Connection,
    Present,
    Server,
    bucket,
)
from prompts.errors import Refusal

log = logging.getLogger(__name__)

GRACE = 1.5  # seconds in which a host whose key has come to its end may still put it again
BACK = 6.0  # seconds in which hosts find a server that has started anew: nobody is taken for gone meanwhile
FIRST = 10.0  # seconds in which somebody who does not wait for ever waits for a host


class NatsPool(HostsPool):
    """The workers of the hosts that know the same NATS server. `patient` is who waits for the server and for hosts as
    long as it takes; others are refused after some seconds."""

    def __init__(self, server: Server, bot: str, epoch: int, *, patient: bool) -> None:
        super().__init__(bot, epoch)
        self._connection = Connection(server)
        self._patient = patient
        self._subscriptions: list[Any] = []
        self._last = 0  # the number in the stream of what was heard last
        self._buckets: set[str] = set()
        self._fading: dict[str, asyncio.TimerHandle] = {}
        self._beats: dict[str, float] = {}  # when each host was last heard of
        self._tasks: set[asyncio.Task[None]] = set()
        self._opened = False

    async def _open(self) -> None:
        """Raises Refusal as `Connection.open` does; `hosts.none` where nobody can draw, unless the pool is patient."""
        try:
            await self._connection.open(wait=False)
        except Refusal as refusal:
            if not self._patient or refusal.key != "hosts.unreachable":
                raise
            self._spawn(self._begin_later())
            return
        await self._begin()
        if not self._patient:
            try:
                await asyncio.wait_for(self.arrived.wait(), FIRST)
            except TimeoutError:
                raise Refusal("hosts.none", where=self._connection.server.where) from None

    async def _begin_later(self) -> None:
        try:
            await self._connection.open(wait=True)
            await self._begin()
        except Refusal as refusal:
            log.error("nothing can be drawn: %s", refusal)

    async def _begin(self) -> None:
        self._connection.back = self._back
        self._opened = True
        from nats.errors import Error  # it is here: the server has answered

        try:
            await self._listen(first=True)
        except (Error, TimeoutError) as error:  # it is there, and cannot tell yet, or refuses this user something
            if not self._patient:
                raise Refusal("hosts.unreachable", where=self._connection.server.where) from error
            log.warning("the server of the hosts does not let us hear of them: %s; it is tried again", error)
            self._spawn(self._listen_later())

    async def _listen_later(self) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            try:
                return await self._listen(first=True)
            except Exception as error:  # of whatever kind: the server is only starting
                log.debug("the server is not ready: %s: %s", type(error).__name__, error)

    async def _shut(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for timer in self._fading.values():
            timer.cancel()
        if self._opened:
            await self._connection.close()

    # --- what is heard ---

    async def _listen(self, *, first: bool = False) -> None:
        """Hear of hosts, and what they write from where it was heard last."""
        from nats.js import api  # it is here: the server has answered

        js = self._connection.js
        await self._make(api)
        for one in self._subscriptions:
            with suppress(Exception):
                await one.unsubscribe()
        state = (await js.stream_info(EVENTS)).state
        if first or state.last_seq < self._last:  # that is another stream: the server has lost its disk
            self._last = state.last_seq if first else 0
        events = api.ConsumerConfig(deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=self._last + 1)
        hosts = api.ConsumerConfig(deliver_policy=api.DeliverPolicy.LAST_PER_SUBJECT)
        told: dict[str, Any] = {"ordered_consumer": True, "idle_heartbeat": 1.0}
        self._subscriptions = [
            await js.subscribe("danqing.from.>", stream=EVENTS, cb=self._event, config=events, **told),
            await self._connection.nc.subscribe("danqing.step.>", cb=self._step),
            await js.subscribe(f"$KV.{HOSTS}.>", stream=f"KV_{HOSTS}", cb=self._key, config=hosts, **told),
        ]

    async def _make(self, api: Any) -> None:
        """Have on the server what hosts write to."""
        js = self._connection.js
        stream = api.StreamConfig(
            name=EVENTS,
            subjects=["danqing.from.>"],
            max_bytes=EVENTS_BYTES,
            max_age=BESIDE_LIFE,
            discard=api.DiscardPolicy.OLD,
        )
        with suppress(_others()):
            await js.add_stream(stream)
        with suppress(_others()):
            await js.create_key_value(
                config=api.KeyValueConfig(bucket=HOSTS, ttl=LIFE, history=1, limit_marker_ttl=60.0)
            )
        for user in self._buckets:
            await self._make_bucket(user)

    async def _make_bucket(self, user: str) -> None:
        from nats.js import api  # it is here: the server has answered

        with suppress(_others()):
            config = api.ObjectStoreConfig(ttl=BESIDE_LIFE, max_bytes=BESIDE_BYTES)
            await self._connection.js.create_object_store(bucket(user), config=config)

    async def _back(self) -> None:
        self._spawn(self._again())

    async def _again(self) -> None:
        """Hear again, from a server that may take a moment until it can tell; then see who has not come back."""
        came = self._connection.since
        while True:
            try:
                await self._listen()
                break
            except Exception as error:  # of whatever kind: the server is only starting
                log.debug("the server is not ready: %s: %s", type(error).__name__, error)
                await asyncio.sleep(AGAIN)
        await asyncio.sleep(BACK)
        if self._connection.since == came:
            for session in [one for one, host in self.hosts.items() if host.there]:
                if self._beats.get(session, 0.0) < came:
                    self.gone(session, "it has not come back to the server")

    async def _key(self, message: Any) -> None:
        """A host's key was put, was deleted, or has come to its end."""
        session = message.subject.removeprefix(f"$KV.{HOSTS}.")
        headers = message.headers or {}
        loop = asyncio.get_running_loop()
        if "KV-Operation" in headers:
            self.gone(session, "it has left")
        elif "Nats-Marker-Reason" in headers:
            host = self.hosts.get(session)
            if host and host.there and session not in self._fading:
                grace = max(GRACE, self._connection.since + BACK - loop.time())
                self._fading[session] = loop.call_later(grace, self._faded, session)
        else:
            try:
                said = Present.from_json(message.data)
            except ValueError:
                log.error("%s is no host that this program knows", session)
                return
            self._beats[session] = loop.time()
            if timer := self._fading.pop(session, None):
                timer.cancel()
            user = session.partition(".")[0]
            if user not in self._buckets:
                await self._make_bucket(user)
                self._buckets.add(user)
            self.beat(session, said.name, said.version)

    def _faded(self, session: str) -> None:
        self._fading.pop(session, None)
        self.gone(session, "nothing is heard of it")

    async def _event(self, message: Any) -> None:
        number = message.metadata.sequence.stream
        if number <= self._last:
            return
        self._last = number
        await self._read(message, "danqing.from.")

    async def _step(self, message: Any) -> None:
        await self._read(message, "danqing.step.")

    async def _read(self, message: Any, before: str) -> None:
        session = message.subject.removeprefix(before)
        headers = message.headers or {}
        host = self.hosts.get(session)
        try:
            letter = read(headers, message.data)
            mine = letter.bot != self.bot or (host and letter.when == (self.epoch, host.visit))
            if host and mine:  # others' and what is too old is not worth fetching
                self.heard(session, await self._connection.fetch(letter, headers, bucket(session.partition(".")[0])))
        except WireError as error:
            log.error("host %s wrote what nobody can read: %s", session, error)
        except LookupError as error:
            # What came with it is lost: whatever it was, it is done again.
            log.error("what host %s sent beside a letter is not to be had: %s", session, error)
            self.gone(session, "what it sent is lost")

    # --- what is said ---

    async def _deliver(self, session: str, letter: Letter) -> None:
        import nats  # it is here: the server has answered

        loop = asyncio.get_running_loop()
        packed: tuple[dict[str, str], bytes] | None = None
        while True:
            try:
                packed = packed or await self._connection.pack(letter, bucket(session.partition(".")[0]))
                headers, frame = packed
                answer = await self._connection.nc.request(f"danqing.to.{session}", frame, ANSWER, headers=headers)
                if answer.data == b"":
                    return
                if answer.data == b"?":
                    raise NobodyThere("it does not know this bot any more")
                packed = None  # what lay beside it was lost
            except nats.errors.NoRespondersError:
                if loop.time() > self._connection.since + BACK:
                    raise NobodyThere("nobody takes letters there") from None
            except (nats.errors.Error, TimeoutError, OSError) as error:
                if self._connection.nc.is_closed:
                    raise NobodyThere("the connection is closed") from None
                # Its key tells whether it lives: as long as that is there, this is tried again.
                log.debug("a letter to %s: %s: %s", session, type(error).__name__, error)
            await asyncio.sleep(AGAIN)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _others() -> type[Exception]:
    """What the library raises where a stream is there already, but other than wanted: the owner's own settings hold."""
    from nats.js.errors import BadRequestError  # it is here: the server has answered

    found: type[Exception] = BadRequestError
    return found
