"""Messages, with all they hold and all they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.peers.discord.state import Channel, Json, User, stamp

if TYPE_CHECKING:
    from tests.peers.discord.interaction import Interaction

EPHEMERAL, LOADING, COMPONENTS_V2 = 64, 128, 32768
SPOILED = 8  # of an attachment


@dataclass(frozen=True, slots=True)
class File:
    """An attachment; `path` is where the CDN has it, without the signature."""

    id: int
    name: str
    content: bytes = field(repr=False)
    mime: str
    path: str
    width: int = 0
    height: int = 0
    description: str = ""
    spoiler: bool = False

    def json(self, url: str, ephemeral: bool) -> Json:
        known: Json = {"id": str(self.id), "filename": self.name, "size": len(self.content), "url": url}
        known |= {"proxy_url": url, "content_type": self.mime, "flags": SPOILED if self.spoiler else 0}
        known |= {"width": self.width, "height": self.height} if self.width else {}
        known |= {"description": self.description} if self.description else {}
        return known | ({"ephemeral": True} if ephemeral else {})


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says at one time; components are JSON with an `id` each."""

    text: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    files: tuple[File, ...] = ()
    flags: int = 0
    pings: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class Message:
    """A message in its newest state; `history` holds the earlier ones. `asked` is the interaction it answers and
    `only_for` the one person an ephemeral message is shown to."""

    id: int
    channel: Channel
    author: User
    content: Content
    at: float
    url: Callable[[File], str] = field(repr=False)
    nonce: str | int | None = None
    reply_to: Message | None = None
    asked: Interaction | None = None
    only_for: User | None = None
    edited: float | None = None
    deleted: bool = False
    history: list[Content] = field(default_factory=list)
    reactions: dict[str, list[User]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def files(self) -> tuple[File, ...]:
        return self.content.files

    @property
    def ephemeral(self) -> bool:
        return bool(self.content.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it still says that the bot is thinking."""
        return bool(self.content.flags & LOADING)

    @property
    def says(self) -> str:
        """All its words: text, embeds and text components."""
        words = [self.text]
        for embed in self.content.embeds:
            words += [str(embed.get(name) or "") for name in ("title", "description")]
            words += [f"{one['name']}: {one['value']}" for one in embed.get("fields") or ()]
            words += [str((embed.get("footer") or {}).get("text", ""))]
        words += [str(one["content"]) for one in inner(self.content.components) if one["type"] == 10]
        return "\n".join(filter(None, words))

    @property
    def controls(self) -> list[Json]:
        """Its buttons and selects, in order."""
        return [one for one in inner(self.content.components) if one["type"] in (2, 3, 5, 6, 7, 8)]

    @property
    def buttons(self) -> list[str]:
        """The labels, or emoji where there are none, of its buttons."""
        return [label(one) for one in self.controls if one["type"] == 2]

    def json(self) -> Json:
        guild = self.channel.guild
        known: Json = {"id": str(self.id), "channel_id": str(self.channel.id), "type": 0, "content": self.text}
        if self.asked:
            known["type"] = 20 if self.asked.kind == 2 and self.asked.original in (None, self) else 19
        people = [self.channel.known(id) for id in self.content.pings]
        known |= {"author": self.author.json(), "mentions": [one.json() for one in people if one], "mention_roles": []}
        known |= {"attachments": [file.json(self.url(file), self.ephemeral) for file in self.files]}
        known |= {"embeds": [{"type": "rich"} | embed for embed in self.content.embeds], "timestamp": stamp(self.at)}
        known |= {"edited_timestamp": None if self.edited is None else stamp(self.edited), "pinned": False}
        known |= {"flags": self.content.flags, "components": list(self.content.components), "tts": False}
        known |= {"mention_everyone": False} | ({} if self.nonce is None else {"nonce": self.nonce})
        if self.reply_to:
            known["type"] = 19
            known["message_reference"] = {
                "type": 0,
                "channel_id": str(self.channel.id),
                "message_id": str(self.reply_to.id),
            } | ({"guild_id": str(guild.id)} if guild else {})
        if self.author.bot:
            known["application_id"] = str(self.author.id)
        if self.asked:
            known["webhook_id"] = str(self.author.id)
            known["interaction_metadata"] = self.asked.metadata()
        if self.reactions:
            known["reactions"] = [self._reaction(emoji, users) for emoji, users in self.reactions.items() if users]
        return known

    def _reaction(self, emoji: str, users: Sequence[User]) -> Json:
        counts = {"burst": 0, "normal": len(users)}
        known: Json = {"emoji": {"id": None, "name": emoji}, "count": len(users), "count_details": counts}
        return known | {"burst_colors": [], "me_burst": False, "me": any(user is self.author for user in users)}


def inner(components: Sequence[Json]) -> list[Json]:
    """Components and all that is in them, in order."""
    found = []
    for one in components:
        found.append(one)
        found += inner(one.get("components") or ())
        found += inner([one[name] for name in ("accessory", "component") if one.get(name)])
    return found


def label(button: Json) -> str:
    return str(button.get("label") or (button.get("emoji") or {}).get("name") or "")
