"""The gateway: one websocket session for one bot, with sequence numbers, resuming and everything that goes wrong."""

from __future__ import annotations

import asyncio
import json
import secrets
import zlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web
from discord import Intents

from tests.peers.discord.state import Channel, Json

if TYPE_CHECKING:
    from tests.peers.discord.world import World

BEAT = 41_250  # milliseconds
PRIVILEGED = ("members", "presences", "message_content")
ANY = Intents.none()


class Op(IntEnum):
    """What a packet is."""

    DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE = 0, 1, 2, 3
    RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = 6, 7, 8, 9, 10, 11


class Close(IntEnum):
    """Why a connection was closed."""

    UNKNOWN, DECODE, NOT_YET, WRONG_TOKEN, AGAIN, BAD_SEQ, DISALLOWED = 4001, 4002, 4003, 4004, 4005, 4007, 4014


@dataclass(slots=True)
class Session:
    """What the bot is told. `past` holds every event, so that resuming can send again what got lost."""

    id: str
    intents: Intents
    past: list[Json] = field(default_factory=list)


class Line:
    """An open websocket, compressed as it was asked for."""

    def __init__(self, socket: web.WebSocketResponse, compress: bool) -> None:
        self.socket = socket
        self._zlib = zlib.compressobj() if compress else None
        self._order = asyncio.Lock()

    async def send(self, op: int, data: object = None, **values: object) -> None:
        text = json.dumps({"op": op, "d": data, "s": None, "t": None} | values, ensure_ascii=False)
        async with self._order:
            if self.socket.closed:
                return
            try:
                if self._zlib:
                    whole = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(whole)
                else:
                    await self.socket.send_str(text)
            except ConnectionError:
                pass  # the event stays in the session's past


class Gateway:
    """`connections` counts websockets, `identified` and `resumed` how sessions began; `beats` the heartbeats."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.session: Session | None = None
        self.line: Line | None = None
        self.connections = self.identified = self.resumed = self.beats = 0
        self.refuse = False
        self._pending: asyncio.Queue[tuple[Line, Json]] = asyncio.Queue()
        self._sending: asyncio.Task[None] | None = None

    @property
    def intents(self) -> Intents:
        return self.session.intents if self.session else ANY

    @property
    def connected(self) -> bool:
        """Whether a bot listens and has been told of its guilds."""
        return self.line is not None and self.session is not None

    def send(self, event: str, data: Json, needed: Intents = ANY, channel: Channel | None = None) -> None:
        """Tell the bot of an event if it asked for such, now or when it resumes."""
        session = self.session
        if session is None or needed.value & ~session.intents.value:
            return
        if channel is not None and not channel.may(self.world.bot, "view_channel"):
            return
        whole: Json = {"t": event, "s": len(session.past) + 1, "d": json.loads(json.dumps(data))}
        session.past.append(whole)
        if self.line:
            self._pending.put_nowait((self.line, whole))

    async def start(self) -> None:
        self._sending = asyncio.create_task(self._send())

    async def stop(self) -> None:
        if self._sending:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        if self.line:
            await self.line.socket.close(code=WSCloseCode.GOING_AWAY)

    async def _send(self) -> None:
        while True:
            line, event = await self._pending.get()
            await line.send(Op.DISPATCH, event["d"], s=event["s"], t=event["t"])

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """A websocket of the bot, until it ends."""
        if self.refuse:
            raise web.HTTPServiceUnavailable
        query = request.query
        if query.get("v") != "10" or query.get("encoding") != "json":
            self.world.violations.append(f"the gateway was opened with {dict(query)}")
        if query.get("compress") not in (None, "zlib-stream"):
            self.world.violations.append(f"{query['compress']} is not played here")
        socket = web.WebSocketResponse(max_msg_size=4096)
        await socket.prepare(request)
        self.connections += 1
        line = Line(socket, "compress" in query)
        await line.send(Op.HELLO, {"heartbeat_interval": BEAT, "_trace": []})
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._heard(line, message.data)
        except Exception as broken:  # of this server, not of the bot; a test has to see it
            self.world.violations.append(f"this server's gateway broke: {broken!r}")
            raise
        finally:
            if self.line is line:
                self.line = None
            self.world.changes.tell()
        return socket

    async def _heard(self, line: Line, text: str) -> None:
        try:
            whole = json.loads(text)
            op, data = whole["op"], whole["d"]
        except (ValueError, KeyError):
            await self._close(line, Close.DECODE)
            return
        match op:
            case Op.HEARTBEAT:
                self.beats += 1
                await line.send(Op.ACK)
                self.world.changes.tell()
            case Op.IDENTIFY:
                await self._identify(line, data)
            case Op.RESUME:
                await self._resume(line, data)
            case Op.PRESENCE | Op.MEMBERS if self.line is not line:
                await self._close(line, Close.NOT_YET)
            case Op.PRESENCE:
                pass
            case Op.MEMBERS:
                self._members(data)
            case _:
                await self._close(line, Close.UNKNOWN)

    async def _close(self, line: Line, code: int) -> None:
        if code not in (Close.WRONG_TOKEN, Close.DISALLOWED):
            self.world.violations.append(f"the gateway was closed with {code}")
        await line.socket.close(code=code)

    async def _identify(self, line: Line, data: Json) -> None:
        world = self.world
        intents = Intents._from_value(data["intents"])
        if data.get("token") != world.token:
            await self._close(line, Close.WRONG_TOKEN)
        elif self.line is line:
            await self._close(line, Close.AGAIN)
        elif any(getattr(intents, name) and not getattr(world.intents, name) for name in PRIVILEGED):
            await self._close(line, Close.DISALLOWED)
        else:
            self.identified += 1
            self.session = Session(secrets.token_hex(16), intents)
            guilds = [guild for guild in world.guilds.values() if guild.present]
            ready: Json = {"v": 10, "user": world.bot.json() | {"verified": True, "mfa_enabled": False}}
            ready |= {"guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds]}
            ready |= {"session_id": self.session.id, "resume_gateway_url": world.gateway_base()}
            ready |= {"application": {"id": str(world.bot.id), "flags": 0}, "private_channels": []}
            ready |= {"shard": data.get("shard", [0, 1])}
            self.line = line
            self.send("READY", ready)
            for guild in guilds:
                self.send("GUILD_CREATE", guild.created(world.bot), Intents(guilds=True))
            world.changes.tell()

    async def _resume(self, line: Line, data: Json) -> None:
        session = self.session
        if data.get("token") != self.world.token:
            await self._close(line, Close.WRONG_TOKEN)
        elif session is None or data.get("session_id") != session.id:
            await line.send(Op.INVALID, False)
        elif data["seq"] > len(session.past):
            await self._close(line, Close.BAD_SEQ)
        else:
            self.resumed += 1
            self.line = line
            for event in session.past[data["seq"] :]:
                self._pending.put_nowait((line, event))
            self.send("RESUMED", {"_trace": []})
            self.world.changes.tell()

    def _members(self, data: Json) -> None:
        guild = self.world.guilds[int(data["guild_id"])]
        people = [user for user, _ in guild.members.values()]
        if ids := data.get("user_ids"):
            wanted = {str(id) for id in (ids if isinstance(ids, list) else [ids])}
            people = [user for user in people if str(user.id) in wanted]
        else:
            people = [user for user in people if user.name.lower().startswith(data.get("query", "").lower())]
        chunk: Json = {"guild_id": str(guild.id), "chunk_index": 0, "chunk_count": 1, "not_found": []}
        chunk |= {"members": [guild.member(user) | {"user": user.json()} for user in people]}
        self.send("GUILD_MEMBERS_CHUNK", chunk | ({"nonce": data["nonce"]} if "nonce" in data else {}))

    # What goes wrong

    def drop(self, *, resume: bool = True) -> None:
        """Break the connection in the middle; without `resume` the session is forgotten with all it had to tell."""
        line, self.line = self.line, None
        if not resume:
            self.session = None
        if line and line.socket._req and line.socket._req.transport:
            line.socket._req.transport.abort()

    async def reconnect(self) -> None:
        """Ask the bot to connect anew, as Discord does before it restarts a machine."""
        assert self.line
        line, self.line = self.line, None
        await line.send(Op.RECONNECT)

    async def invalidate(self, *, resume: bool = False) -> None:
        """Tell the bot that its session is no more, or may be resumed."""
        assert self.line
        line, self.line = self.line, None
        if not resume:
            self.session = None
        await line.send(Op.INVALID, resume)

    async def ask_for_beat(self) -> None:
        """Ask for a heartbeat out of turn."""
        assert self.line
        await self.line.send(Op.HEARTBEAT)
