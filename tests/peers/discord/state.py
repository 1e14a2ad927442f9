"""People, guilds and channels, and each as JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from discord import Permissions

from tests.peers.changes import WAIT, Changes

if TYPE_CHECKING:
    from tests.peers.discord.message import Message

Json = dict[str, Any]
TEXT, DM, GROUP_DM, THREAD = 0, 1, 3, 11
EVERYBODY = Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    attach_files=True,
    embed_links=True,
    add_reactions=True,
    read_message_history=True,
    use_application_commands=True,
)


def stamp(seconds: float) -> str:
    """A moment as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def bits(*names: str) -> int:
    """Permissions by their names in discord.py."""
    return Permissions(**dict.fromkeys(names, True)).value


@dataclass(slots=True, eq=False)
class User:
    """Somebody. `dms`: whether the bot may write to them; `installed`: whether they added the bot to themselves."""

    id: int
    name: str
    locale: str = "en-US"
    bot: bool = False
    dms: bool = True
    installed: bool = False

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def json(self) -> Json:
        known: Json = {"id": str(self.id), "username": self.name.lower(), "global_name": self.name, "avatar": None}
        known |= {"discriminator": "0", "public_flags": 0, "flags": 0, "primary_guild": None}
        return known | {"bot": True} if self.bot else known


@dataclass(slots=True, eq=False)
class Role:
    id: int
    name: str
    permissions: int = 0

    def json(self) -> Json:
        colors = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
        known: Json = {"id": str(self.id), "name": self.name, "permissions": str(self.permissions), "position": 0}
        known |= {"color": 0, "colors": colors, "hoist": False, "managed": False, "mentionable": False}
        return known | {"icon": None, "unicode_emoji": None, "flags": 0}


@dataclass(slots=True, eq=False)
class Guild:
    """A server; `roles[id]` with the guild's own id is @everyone. `present`: whether the bot is in it."""

    id: int
    name: str
    owner: User
    locale: str = "en-US"
    present: bool = True
    file_size: int = 10 * 1024 * 1024  # bytes a file may have here
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, tuple[User, list[int]]] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    _made: Callable[[Guild, str, bool, Channel | None], Channel] = field(repr=False, default=None)  # type: ignore[assignment]

    def channel(self, name: str, *, nsfw: bool = False) -> Channel:
        """A new text channel."""
        return self._made(self, name, nsfw, None)

    def allowed(self, user: User) -> int:
        """What somebody may do in the guild, before channels say otherwise."""
        if user is self.owner:
            return Permissions.all().value
        _, roles = self.members.get(user.id, (user, []))
        all_bits = 0
        for id in (self.id, *roles):
            all_bits |= self.roles[id].permissions
        return Permissions.all().value if all_bits & bits("administrator") else all_bits

    def member(self, user: User) -> Json:
        """A member as messages and events have it: without the user."""
        roles = self.members.get(user.id, (user, []))[1]
        known: Json = {"avatar": None, "banner": None, "communication_disabled_until": None, "flags": 0, "nick": None}
        known |= {"joined_at": "2026-01-01T00:00:00+00:00", "pending": False, "premium_since": None}
        return known | {"roles": [str(id) for id in roles], "mute": False, "deaf": False}

    def json(self) -> Json:
        nothing: tuple[str, ...] = (
            "icon",
            "description",
            "home_header",
            "splash",
            "discovery_splash",
            "banner",
            "application_id",
        )
        nothing += ("afk_channel_id", "system_channel_id", "widget_channel_id", "max_presences", "vanity_url_code")
        nothing += ("rules_channel_id", "safety_alerts_channel_id", "public_updates_channel_id", "incidents_data")
        zero: tuple[str, ...] = (
            "system_channel_flags",
            "verification_level",
            "default_message_notifications",
            "mfa_level",
        )
        zero += ("explicit_content_filter", "premium_tier", "premium_subscription_count", "nsfw_level")
        zero += ("max_stage_video_channel_users", "max_video_channel_users")
        known: Json = {"id": str(self.id), "name": self.name, "owner_id": str(self.owner.id), "region": "us-east"}
        known |= dict.fromkeys(nothing) | dict.fromkeys(zero, 0)
        known |= dict.fromkeys(("widget_enabled", "premium_progress_bar_enabled", "nsfw"), False)
        known |= {"features": [], "emojis": [], "stickers": [], "afk_timeout": 300, "max_members": 500_000}
        return known | {"preferred_locale": self.locale, "roles": [role.json() for role in self.roles.values()]}

    def created(self, bot: User) -> Json:
        """The guild as GUILD_CREATE tells of it."""
        places = list(self.channels.values())
        known = self.json() | {"joined_at": "2026-01-01T00:00:00+00:00", "large": False, "unavailable": False}
        known |= {"member_count": len(self.members), "members": [self.member(bot) | {"user": bot.json()}]}
        known |= {"channels": [one.json() for one in places if one.kind == TEXT]}
        known |= {"threads": [one.json() for one in places if one.kind == THREAD]}
        empty = ("voice_states", "presences", "stage_instances", "guild_scheduled_events")
        return known | {name: [] for name in empty}


@dataclass(slots=True, eq=False)
class Channel:
    """A text channel, thread or direct message; `overwrites` are pairs of allowed and denied bits by role or user."""

    id: int
    kind: int
    name: str
    changes: Changes = field(repr=False)
    guild: Guild | None = field(default=None, repr=False)
    nsfw: bool = False
    parent: Channel | None = None
    archived: bool = False
    deleted: bool = False
    person: User | None = None
    overwrites: dict[int, tuple[int, int]] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict, repr=False)

    def thread(self, name: str) -> Channel:
        """A new public thread."""
        assert self.guild is not None
        return self.guild._made(self.guild, name, False, self)

    def known(self, user: int) -> User | None:
        """Somebody who may be here."""
        if self.guild and user in self.guild.members:
            return self.guild.members[user][0]
        return self.person if self.person and self.person.id == user else None

    def allowed(self, user: User) -> int:
        """What somebody may do here, as bits."""
        if self.guild is None:
            return EVERYBODY.value
        place = self.parent or self
        allowed = self.guild.allowed(user)
        if allowed == Permissions.all().value:
            return allowed
        _, roles = self.guild.members.get(user.id, (user, []))
        allow = deny = 0
        for id in roles:
            more = place.overwrites.get(id, (0, 0))
            allow, deny = allow | more[0], deny | more[1]
        for more in (place.overwrites.get(self.guild.id, (0, 0)), (allow, deny), place.overwrites.get(user.id, (0, 0))):
            allowed = allowed & ~more[1] | more[0]
        return allowed if allowed & bits("view_channel") else 0

    def may(self, user: User, *names: str) -> bool:
        return not bits(*names) & ~self.allowed(user)

    def forbid(self, who: User | Role, *names: str) -> None:
        """Take permissions away here from a person or a role."""
        allow, deny = self.overwrites.get(who.id, (0, 0))
        self.overwrites[who.id] = (allow & ~bits(*names), deny | bits(*names))

    def permit(self, who: User | Role, *names: str) -> None:
        """Give permissions here to a person or a role."""
        allow, deny = self.overwrites.get(who.id, (0, 0))
        self.overwrites[who.id] = (allow | bits(*names), deny & ~bits(*names))

    def seen(self, user: User | None = None) -> list[Message]:
        """What stands here, oldest first; ephemeral messages for the one they are meant for only."""
        return [one for one in self.messages.values() if not one.deleted and one.only_for in (None, user)]

    async def until(
        self, true: Callable[[list[Message]], object], user: User | None = None, seconds: float = WAIT
    ) -> list[Message]:
        """What stands here for a person, as soon as something is true of it."""
        await self.changes.expect(lambda: true(self.seen(user)), seconds, lambda: self.told(user))
        return self.seen(user)

    def told(self, user: User | None) -> str:
        """What a wait in vain says of what stands here."""
        seen = [f"{one.author.name}: {one.says!r} {one.buttons} {one.files}" for one in self.seen(user)]
        return "\n".join([f"#{self.name}:", *seen])

    async def message(
        self,
        true: Callable[[Message], object] = lambda _: True,
        *,
        after: Message | None = None,
        user: User | None = None,
        seconds: float = WAIT,
    ) -> Message:
        """The bot's first message here, posted after another, of which something is true."""
        least = after.id if after else 0

        def found(messages: list[Message]) -> list[Message]:
            return [one for one in messages if one.author.bot and one.id > least and true(one)]

        return found(await self.until(found, user, seconds))[0]

    def json(self) -> Json:
        known: Json = {"id": str(self.id), "type": self.kind, "flags": 0}
        last = max((one.id for one in self.messages.values() if one.only_for is None), default=None)
        known["last_message_id"] = None if last is None else str(last)
        if self.guild is None:
            people = [self.person.json()] if self.person else []
            return known | {"recipients": people}
        known |= {"guild_id": str(self.guild.id), "name": self.name, "parent_id": None}
        if self.parent:
            meta: Json = {"archived": self.archived, "auto_archive_duration": 1440, "locked": False}
            meta |= {"archive_timestamp": "2026-01-01T00:00:00+00:00", "create_timestamp": None}
            known |= {"parent_id": str(self.parent.id), "owner_id": str(self.guild.owner.id), "thread_metadata": meta}
            count = len(self.messages)
            return known | {"message_count": count, "total_message_sent": count, "member_count": 1}
        known |= {"position": 0, "nsfw": self.nsfw, "topic": None, "rate_limit_per_user": 0}
        return known | {"permission_overwrites": [self._overwrite(id) for id in self.overwrites]}

    def _overwrite(self, id: int) -> Json:
        allow, deny = self.overwrites[id]
        role = self.guild is not None and id in self.guild.roles
        return {"id": str(id), "type": 0 if role else 1, "allow": str(allow), "deny": str(deny)}
