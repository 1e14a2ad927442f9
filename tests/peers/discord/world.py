"""Discord as one bot sees it: everything remembered, and the ways to add to it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import quote

from discord import Intents

from tests.peers.changes import Changes
from tests.peers.discord import state
from tests.peers.discord.call import Call, Registered
from tests.peers.discord.gateway import Gateway
from tests.peers.discord.interaction import Interaction
from tests.peers.discord.message import Content, File, Message
from tests.peers.discord.refusal import Refused
from tests.peers.discord.state import DM, EVERYBODY, TEXT, THREAD, Channel, Guild, Json, Role, User

EPOCH = 1_420_070_400_000  # milliseconds; the first of 2015
ANSWER_WITHIN = 3.0  # seconds
TOKEN_FOR = 15 * 60.0  # seconds
NONCE_FOR = 300.0  # seconds in which an enforced nonce counts
URL_FOR = 24 * 3600.0  # seconds a signed address of the CDN holds


@dataclass(slots=True)
class World:
    """The state behind the routes. `sent` is what the bot posted, in order; `calls` every request it made."""

    bot: User
    token: str
    intents: Intents  # the privileged ones it was granted among them
    base: Callable[[], str]
    gateway_base: Callable[[], str]
    clock: Callable[[], float] = time.time
    violations: list[str] = field(default_factory=list)
    users: dict[int, User] = field(default_factory=dict)
    guilds: dict[int, Guild] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    commands: list[Registered] = field(default_factory=list)
    interactions: dict[str, Interaction] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    private_file_size: int = 10 * 1024 * 1024  # bytes a file may have in direct messages
    last: int = 0
    gateway: Gateway = field(init=False)
    changes: Changes = field(init=False)

    def __post_init__(self) -> None:
        self.gateway = Gateway(self)
        self.users[self.bot.id] = self.bot
        self.changes = Changes(lambda: "\n".join([*map(str, self.calls[-12:]), *self.violations]))

    def snowflake(self) -> int:
        """A new id, greater than any before."""
        now = (int(self.clock() * 1000) - EPOCH) << 22
        self.last = max(self.last + 1, now)
        return self.last

    def user(self, name: str, locale: str = "en-US", **values: bool) -> User:
        user = User(self.snowflake(), name, locale, **values)
        self.users[user.id] = user
        return user

    def guild(self, name: str, present: bool, locale: str) -> Guild:
        guild = Guild(self.snowflake(), name, self.user(f"Owner of {name}"), locale, present, _made=self.channel)
        guild.roles[guild.id] = Role(guild.id, "@everyone", EVERYBODY.value)
        self.guilds[guild.id] = guild
        guild.members[guild.owner.id] = (guild.owner, [])
        if present:
            guild.members[self.bot.id] = (self.bot, [])
            self.gateway.send("GUILD_CREATE", guild.created(self.bot), Intents(guilds=True))
        return guild

    def channel(self, guild: Guild, name: str, nsfw: bool, parent: Channel | None) -> Channel:
        kind = THREAD if parent else TEXT
        channel = Channel(self.snowflake(), kind, name, self.changes, guild, nsfw, parent)
        self.channels[channel.id] = guild.channels[channel.id] = channel
        if guild.present:
            self.gateway.send("THREAD_CREATE" if parent else "CHANNEL_CREATE", channel.json(), Intents(guilds=True))
        return channel

    def private(self, user: User, other: User | None = None) -> Channel:
        """The direct messages of a person and the bot, or with `other` of two people, where the bot is not."""
        kind = DM if other is None else state.GROUP_DM
        for one in self.channels.values():
            if one.kind == kind and one.person is user:
                return one
        channel = Channel(self.snowflake(), kind, user.name, self.changes, person=user)
        self.channels[channel.id] = channel
        return channel

    def reachable(self, id: str, *permissions: str) -> Channel:
        """A channel the bot was given, if it is there and the bot may do this in it."""
        channel = self.channels.get(int(id))
        if channel is None or channel.deleted:
            raise Refused(10003)
        if channel.kind == state.GROUP_DM or (channel.guild and not channel.guild.present):
            raise Refused(50001)
        if not channel.may(self.bot, "view_channel"):
            raise Refused(50001)
        if not channel.may(self.bot, *permissions):
            raise Refused(50013, f"in #{channel.name}")
        return channel

    def message(self, channel: Channel, id: str) -> Message:
        """A message of a channel as the bot's own rights show it: not deleted, not ephemeral."""
        message = channel.messages.get(int(id))
        if message is None or message.deleted or message.only_for:
            raise Refused(10008)
        return message

    def url(self, file: File) -> str:
        """A signed address, good for a day."""
        until = int(self.clock() + URL_FOR)
        return f"{self.base()}/attachments/{quote(file.path)}?ex={until:x}&is={until - 86400:x}&hm={file.id:x}"

    def post(self, channel: Channel, author: User, content: Content, **values: Any) -> Message:
        """A new message in a channel."""
        message = Message(self.snowflake(), channel, author, content, self.clock(), self.url, **values)
        for file in content.files:
            self.files[file.path] = file
        channel.messages[message.id] = message
        if author is self.bot:
            self.sent.append(message)
        self.tell("MESSAGE_CREATE", message)
        self.changes.tell()
        return message

    def edit(self, message: Message, content: Content) -> None:
        """Give a message another content, the old one kept in its history."""
        message.history.append(message.content)
        message.content, message.edited = content, self.clock()
        for file in content.files:
            self.files[file.path] = file
        self.tell("MESSAGE_UPDATE", message)
        self.changes.tell()

    def delete(self, message: Message) -> None:
        message.deleted = True
        where: Json = {"id": str(message.id), "channel_id": str(message.channel.id)} | guild_id(message.channel)
        if not message.only_for:
            self.gateway.send("MESSAGE_DELETE", where, _messages(message.channel), message.channel)
        self.changes.tell()

    def tell(self, event: str, message: Message) -> None:
        """Send the bot a message event, without the words it may not read."""
        if message.only_for:
            return
        channel = message.channel
        payload = self._readable(message) | guild_id(channel) | {"channel_type": channel.kind}
        if message.reply_to:
            payload["referenced_message"] = None if message.reply_to.deleted else self._readable(message.reply_to)
        if channel.guild and message.author.id in channel.guild.members:
            payload["member"] = channel.guild.member(message.author)
        self.gateway.send(event, payload, _messages(channel), channel)

    def _readable(self, message: Message) -> Json:
        """What of a message the bot may read: all of what is to it, of others' in a server only with a privilege."""
        private = message.channel.guild is None or message.author is self.bot
        if private or self.bot.id in message.content.pings or self.gateway.intents.message_content:
            return message.json()
        return message.json() | {"content": "", "embeds": [], "attachments": [], "components": []}

    def react(self, message: Message, emoji: str, user: User, *, on: bool) -> None:
        users = message.reactions.setdefault(emoji, [])
        if (user in users) == on:
            return
        (users.append if on else users.remove)(user)
        channel = message.channel
        payload: Json = {"user_id": str(user.id), "channel_id": str(channel.id), "message_id": str(message.id)}
        payload |= {"emoji": {"id": None, "name": emoji}, "burst": False, "type": 0} | guild_id(channel)
        if on:
            payload["message_author_id"] = str(message.author.id)
            if channel.guild:
                payload["member"] = channel.guild.member(user) | {"user": user.json()}
        needed = Intents(guild_reactions=True) if channel.guild else Intents(dm_reactions=True)
        self.gateway.send(f"MESSAGE_REACTION_{'ADD' if on else 'REMOVE'}", payload, needed, channel)
        self.changes.tell()

    def command(self, name: str, kind: int, guild: Guild | None) -> Registered:
        """The command a person finds under a name; a guild's own hides a global one."""
        found = [one for one in self.commands if one.body["name"] == name and one.body.get("type", 1) == kind]
        here = [one for one in found if guild and guild.present and one.guild == guild.id]
        everywhere = [one for one in found if one.guild is None]
        known = [one.body["name"] for one in self.commands]
        assert here or everywhere, f"the bot has no {name!r}, only {known}"
        return (here or everywhere)[0]

    def interact(self, kind: int, user: User, channel: Channel, data: Json, late: float, **values: Any) -> Interaction:
        """Bring something that a person did, so many seconds ago, to the bot."""
        guild = channel.guild
        owners = {"0": str(guild.id if guild else 0)} if not guild or guild.present else {}
        owners |= {"1": str(user.id)} if user.installed else {}
        if channel.kind == state.GROUP_DM:
            owners.pop("0", None)
        asked = Interaction(
            self.snowflake(),
            f"aW50ZXJhY3Rpb246{secrets.token_urlsafe(48)}",
            kind,
            user,
            channel,
            self.clock() - late,
            data,
            owners,
            self.changes,
            **values,
        )
        self.interactions[asked.token] = asked
        asked.payload = self._payload(asked)
        self.gateway.send("INTERACTION_CREATE", asked.payload)
        return asked

    def _payload(self, asked: Interaction) -> Json:
        guild, channel, user = asked.channel.guild, asked.channel, asked.user
        size = guild.file_size if guild else self.private_file_size
        known: Json = {"id": str(asked.id), "application_id": str(self.bot.id), "type": asked.kind, "version": 1}
        known |= {"token": asked.token, "data": asked.data, "channel_id": str(channel.id), "locale": user.locale}
        known |= {"channel": channel.json() | {"permissions": str(channel.allowed(user))}, "entitlements": []}
        known |= {"attachment_size_limit": size, "authorizing_integration_owners": asked.owners}
        known |= {"app_permissions": str(channel.allowed(self.bot)), "context": context(channel)}
        if guild:
            known |= {"guild_id": str(guild.id), "guild_locale": guild.locale}
            known["guild"] = {"id": str(guild.id), "locale": guild.locale, "features": []}
            more = {"user": user.json(), "permissions": str(channel.allowed(user))}
            known["member"] = guild.member(user) | more
        else:
            known["user"] = user.json()
        if asked.message:
            known["message"] = asked.message.json()
        return known

    def asked(self, id: str, token: str) -> Interaction:
        """The interaction the bot answers."""
        asked = self.interactions.get(token)
        if asked is None or str(asked.id) != id:
            raise Refused(10062)
        return asked

    def hook(self, application: str, token: str) -> Interaction:
        """The interaction a webhook token belongs to, answered and not too old."""
        asked = self.interactions.get(token)
        if asked is None or int(application) != self.bot.id or not asked.callback:
            raise Refused(10015)
        if asked.expired or self.clock() - asked.at > TOKEN_FOR:
            raise Refused(50027)
        return asked

    def remembered(self, nonce: object) -> Message | None:
        """What the bot sent under this nonce in the last minutes."""
        recent = (one for one in reversed(self.sent) if self.clock() - one.at < NONCE_FOR)
        return next((one for one in islice(recent, 200) if str(one.nonce) == str(nonce)), None)


def context(channel: Channel) -> int:
    """0 in a guild, 1 in the bot's direct messages, 2 in others."""
    return {DM: 1, state.GROUP_DM: 2}.get(channel.kind, 0)


def guild_id(channel: Channel) -> Json:
    return {"guild_id": str(channel.guild.id)} if channel.guild else {}


def _messages(channel: Channel) -> Intents:
    return Intents(guild_messages=True) if channel.guild else Intents(dm_messages=True)
