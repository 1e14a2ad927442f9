"""Telegram as one bot sees it: everything remembered, and the ways to add to it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Literal

from tests.peers.changes import Changes
from tests.peers.telegram.refusal import Refused, bad, forbidden
from tests.peers.telegram.state import Content, File, Json, Media, Message, Room, User
from tests.peers.telegram.updates import Updates

ANSWER_WITHIN = 15.0  # seconds after which a callback or inline query is too old to be answered
FILES_AT = {"photo": "photos", "animation": "animations", "document": "documents"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a request."""

    name: str
    content: bytes
    mime: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the bot after decoding; `params` hold an Upload where a file came with it."""

    method: str
    params: Json
    files: dict[str, Upload]
    at: float


@dataclass(slots=True, eq=False)
class Asked:
    """A callback or inline query; `answer` is what the bot said, once it has."""

    id: str
    user: User
    at: float
    answer: Json | None = None


class World:
    """The state behind the methods. `sent` is what the bot posted, in order; `calls` every request it made."""

    def __init__(self, bot: User, token: str, privacy: bool, inline: bool) -> None:
        self.bot, self.token, self.privacy, self.inline = bot, token, privacy, inline
        self.clock: Callable[[], float] = time.time
        self.changes = Changes(lambda: f"{[call.method for call in self.calls[-20:]]}\n{self.violations}")
        self.violations: list[str] = []
        self.updates = Updates(self.changes, self.violations)
        self.users: dict[int, User] = {bot.id: bot}
        self.rooms: dict[int, Room] = {}
        self.files: dict[str, File] = {}
        self.media: dict[str, Media] = {}
        self.sent: list[Message] = []
        self.calls: list[Call] = []
        self.callbacks: dict[str, Asked] = {}
        self.queries: dict[str, Asked] = {}
        self.inline_messages: dict[str, Message] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.profile: dict[tuple[str, str], str] = {}
        self.menu: dict[int | None, Json] = {}
        self._numbers, self._orders, self._private_ids = count(1), count(1), count(101)

    def number(self) -> int:
        return next(self._numbers)

    def keep(self, content: bytes, name: str, mime: str, kind: str, width: int = 0, height: int = 0) -> File:
        """A file under a new id."""
        unique = "AQAD" + hashlib.sha256(content).hexdigest()[:12]
        number = self.number()
        prefix = "AgACAgIAAx" if kind == "photo" else "BQACAgIAAx"
        ending = name.rpartition(".")[2] if "." in name else "bin"
        path = f"{FILES_AT[kind]}/file_{number}.{ending}"
        file = File(f"{prefix}{number:06d}{unique[4:]}", unique, content, name, mime, path, width, height)
        self.files[file.id] = file
        return file

    def hold(self, media: Media) -> Media:
        """The media, to be found by the ids of their files."""
        self.media |= dict.fromkeys((file.id for file in media.files), media)
        return media

    def room(self, chat_id: int | str) -> Room:
        """The chat that a request names, by id or @username; 400 when there is none or it became a supergroup."""
        if isinstance(chat_id, str):
            named = (one for one in self.rooms.values() if one.username and f"@{one.username}" == chat_id)
            room = next(named, None)
        else:
            room = self.rooms.get(chat_id)
        if room is None:
            raise bad("chat not found")
        if room.moved_to is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, words, {"migrate_to_chat_id": room.moved_to})
        return room

    def joined(self, chat_id: int | str) -> Room:
        """A chat the bot is in; 403 otherwise."""
        room = self.room(chat_id)
        match room.member(self.bot).status, room.kind:
            case "kicked", "private":
                raise forbidden("bot was blocked by the user")
            case "left", "private":
                raise forbidden("bot can't initiate conversation with a user")
            case "kicked", kind:
                raise forbidden(f"bot was kicked from the {kind} chat")
            case "left", kind:
                raise forbidden(f"bot is not a member of the {kind} chat")
        return room

    def writable(self, params: Json, kind: Literal["messages", "photos", "documents", "other_messages"]) -> Room:
        """The chat a request posts to, if the bot may post this there and the topic is there and open."""
        room = self.joined(params["chat_id"])
        bot = room.member(self.bot)
        if room.kind == "channel" and "can_post_messages" not in bot.rights:
            raise bad("need administrator rights in the channel chat")
        if bot.status == "restricted" and f"can_send_{kind}" not in bot.rights:
            words = {"messages": "text messages", "other_messages": "animations"}.get(kind, kind)
            raise bad(f"not enough rights to send {words} to the chat")
        thread = params.get("message_thread_id")
        if thread is not None and (room.topics is None or thread not in room.topics):
            raise bad("message thread not found")
        if thread in room.closed and not bot.admin:
            raise bad("TOPIC_CLOSED")
        return room

    def post(self, room: Room, sender: User, content: Content, **values: object) -> Message:
        """A new message in a chat."""
        own_ids = room.kind in ("supergroup", "channel")
        id = max(room.messages, default=0) + 1 if own_ids else next(self._private_ids)
        message = Message(room, id, sender, int(self.clock()), content, order=next(self._orders))
        for name, value in values.items():
            setattr(message, name, value)
        room.messages[id] = message
        if sender == self.bot:
            self.sent.append(message)
            room.drafts.clear()
        self.changes.tell()
        return message

    def edit(self, message: Message, content: Content) -> Message:
        """The message with another content, the old one in its history."""
        message.history.append(message.content)
        message.content, message.edited = content, int(self.clock())
        self.changes.tell()
        return message

    def hears(self, message: Message) -> bool:
        """Whether the bot is told of a message in a group; in privacy mode only of what is meant for it."""
        room, bot = message.chat, message.chat.member(self.bot)
        if not bot.present:
            return False
        if room.kind in ("private", "channel") or not self.privacy or bot.admin:
            return True
        replied = message.reply_to is not None and message.reply_to.sender == self.bot
        meant = f"@{self.bot.username}".lower() in message.text.lower() or message.via == self.bot
        command = message.text.startswith("/") and "@" not in message.text.split()[0]
        return replied or meant or command
