"""A Discord of one's own: REST and gateway, checked by the published description, with people to act in it.

```python
async with DiscordServer() as server:      # point the bot at server.api_base, server.gateway_base, server.token
    guild = server.guild("Studio")
    channel = guild.channel("painting")
    ann = server.member("Ann", guild, locale="zh-CN")
    await server.ready("imagine")          # the bot listens and has this command
    asked = await ann.slash(channel, "imagine", prompt="一只猫")
    message = await asked.response(lambda one: one.files)
    await (await ann.press(message, "again")).acknowledged()
```

What the description or the documented limits forbid is refused and kept in `server.violations`; leaving the block
asserts that it is empty. What goes wrong on demand: `fail`, `slow_down`, `cut`, `drop`, `gateway.reconnect`,
`gateway.invalidate`, `Person.again`, `late=`, `Interaction.expire`, `Channel.forbid`, `remove`.
"""

from __future__ import annotations

from discord import Intents

from tests.peers.changes import WAIT
from tests.peers.discord.call import Call
from tests.peers.discord.gateway import Gateway
from tests.peers.discord.interaction import Interaction
from tests.peers.discord.limits import Limits
from tests.peers.discord.message import File, Message
from tests.peers.discord.person import Person
from tests.peers.discord.server import API, Fault, Http
from tests.peers.discord.state import Channel, Guild, Json, Role, User, bits
from tests.peers.discord.world import World
from tests.peers.peer import Peer

__all__ = ["Channel", "DiscordServer", "File", "Guild", "Interaction", "Message", "Person", "Role", "User"]
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.a-token-that-opens-nothing-0000000000"


class DiscordServer(Peer[Message, Limits]):
    """The server and the world behind it. `privileged` are the intents the bot was granted; `clock` gives the
    seconds of ids, dates, the three seconds for an answer and the fifteen minutes of a token."""

    def __init__(self, *, name: str = "Danqing", token: str = TOKEN, privileged: Intents | None = None) -> None:
        bot = User(123_456_789_012_345_678, name, bot=True)
        self.token = token
        self.world = World(bot, token, privileged or Intents.none(), lambda: self.base, lambda: self.gateway_base)
        self.http = Http(self.world)
        super().__init__(self.world, self.http)

    @property
    def base(self) -> str:
        """Where everything is, the CDN too."""
        return f"http://127.0.0.1:{self.http.port}"

    @property
    def api_base(self) -> str:
        """What stands for https://discord.com/api/v10."""
        return self.base + API

    @property
    def gateway_base(self) -> str:
        """What stands for wss://gateway.discord.gg."""
        return f"ws://127.0.0.1:{self.http.port}/gateway/"

    @property
    def bot(self) -> User:
        return self.world.bot

    @property
    def gateway(self) -> Gateway:
        return self.world.gateway

    @property
    def unanswered(self) -> list[Interaction]:
        """What people did that the bot never answered."""
        return [one for one in self.world.interactions.values() if not one.callback]

    def calls(self, method: str = "", route: str = "") -> list[Call]:
        """The bot's requests so far, by method and a part of the route."""
        return [call for call in self.world.calls if method in ("", call.method) and route in call.route]

    def commands(self, guild: Guild | None = None) -> dict[str, Json]:
        """The commands set, by name."""
        here = None if guild is None else guild.id
        return {one.body["name"]: one.body for one in self.world.commands if one.guild == here}

    async def ready(self, command: str = "", seconds: float = WAIT) -> None:
        """Wait until the bot listens, and has a command."""
        await self.until(lambda: self.gateway.connected and (not command or command in self.commands()), seconds)

    def guild(self, name: str, *, bot: bool = True, locale: str = "en-US") -> Guild:
        """A server, with the bot in it or not."""
        return self.world.guild(name, bot, locale)

    def role(self, guild: Guild, name: str, *permissions: str) -> Role:
        role = Role(self.world.snowflake(), name, bits(*permissions))
        guild.roles[role.id] = role
        if guild.present:
            payload = {"guild_id": str(guild.id), "role": role.json()}
            self.gateway.send("GUILD_ROLE_CREATE", payload, Intents(guilds=True))
        return role

    def user(self, name: str, *, locale: str = "en-US", installed: bool = False) -> Person:
        """Somebody who is in no server; `installed`: who has the bot for themselves."""
        return Person(self.world, self.world.user(name, locale, installed=installed))

    def member(
        self, name: str, guild: Guild, *, roles: tuple[Role, ...] = (), locale: str = "en-US", installed: bool = False
    ) -> Person:
        """Somebody in a server."""
        person = self.user(name, locale=locale, installed=installed)
        self.join(person, guild, *roles)
        return person

    def join(self, person: Person, guild: Guild, *roles: Role) -> None:
        guild.members[person.id] = (person.user, [role.id for role in roles])
        if guild.present:
            payload = guild.member(person.user) | {"user": person.user.json(), "guild_id": str(guild.id)}
            self.gateway.send("GUILD_MEMBER_ADD", payload, Intents(members=True))

    def group(self, person: Person, other: Person) -> Channel:
        """The direct messages of two people; the bot comes only where one of them brings it."""
        return self.world.private(person.user, other.user)

    def remove(self, channel: Channel) -> None:
        """Delete a channel with everything in it."""
        channel.deleted = True
        if channel.guild and channel.guild.present:
            name = "THREAD_DELETE" if channel.parent else "CHANNEL_DELETE"
            self.gateway.send(name, channel.json(), Intents(guilds=True))
        self.world.changes.tell()

    def fail(
        self, path: str = "", *, method: str = "", status: int = 500, code: int = 0, times: int = 1, done: bool = False
    ) -> None:
        """Answer the next requests to a path with an HTTP status or one of Discord's error codes; `done`: although
        they take effect."""
        self.http.faults.append(Fault(method, path, times, 0 if code else status, code, done=done))

    def slow_down(
        self, path: str = "", *, method: str = "", seconds: float = 1.0, times: int = 1, everywhere: bool = False
    ) -> None:
        """Answer the next requests to a path with a 429."""
        self.http.faults.append(Fault(method, path, times, 429, seconds=seconds, everywhere=everywhere))

    def cut(self, path: str = "", *, method: str = "", times: int = 1, done: bool = True) -> None:
        """Break the connection instead of a reply; `done`: after the request took effect."""
        self.http.faults.append(Fault(method, path, times, cut=True, done=done))

    def delay(self, path: str, seconds: float, *, method: str = "", times: int = 1) -> None:
        """Let the replies to the next requests, which take effect at once, come so late."""
        self.http.faults.append(Fault(method, path, times, seconds=seconds, done=True))

    def drop(self, *, resume: bool = True) -> None:
        """Break the gateway's connection; without `resume` the bot's session is lost too."""
        self.gateway.drop(resume=resume)

    def lock_gateway(self, locked: bool) -> None:
        """Let no gateway connection open, or again."""
        self.gateway.refuse = locked
