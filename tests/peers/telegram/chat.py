"""People in a chat: what they do, and what they see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits

from tests.peers.changes import WAIT
from tests.peers.telegram import media, spec
from tests.peers.telegram.markup import noticed
from tests.peers.telegram.state import (
    ANONYMOUS,
    PERMISSIONS,
    RIGHTS,
    Content,
    Json,
    Member,
    Message,
    Room,
    Status,
    User,
    changed,
)
from tests.peers.telegram.world import Asked, Upload, World

Seen = Callable[[list[Message]], object]


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press on its way: `answered` waits for what the bot tells the one who pressed."""

    world: World
    asked: Asked
    update: int | None

    async def answered(self, seconds: float = WAIT) -> str:
        """The notice shown, empty for a silent answer."""
        await self.world.changes.expect(lambda: self.asked.answer is not None, seconds)
        return str((self.asked.answer or {}).get("text", ""))


class Chat:
    """A chat and everybody's hands in it."""

    def __init__(self, world: World, room: Room) -> None:
        self.world, self.room = world, room

    @property
    def id(self) -> int:
        return self.room.id

    @property
    def messages(self) -> list[Message]:
        """All that is not deleted, oldest first, each in its newest state."""
        return [message for message in self.room.messages.values() if not message.deleted]

    @property
    def answers(self) -> list[Message]:
        """The bot's messages among them."""
        return [message for message in self.messages if message.sender == self.world.bot]

    @property
    def drafts(self) -> dict[int, list[str]]:
        """What the bot is writing, all its versions, by draft id; empty again once a message comes."""
        return self.room.drafts

    async def until(self, true: Seen, seconds: float = WAIT) -> list[Message]:
        """The messages, as soon as something is true of them."""
        await self.world.changes.expect(
            lambda: true(self.messages), seconds, lambda: "\n".join(map(repr, self.messages))
        )
        return self.messages

    async def answer(
        self, true: Callable[[Message], object] = lambda _: True, after: int = 0, seconds: float = WAIT
    ) -> Message:
        """The bot's first message posted after the one with this `order` of which something is true."""

        def found() -> list[Message]:
            return [one for one in self.answers if one.order > after and true(one)]

        await self.until(lambda _: found(), seconds)
        return found()[0]

    async def say(
        self,
        user: User,
        text: str = "",
        *,
        reply_to: Message | None = None,
        quote: str = "",
        photo: bytes | Sequence[bytes] = (),
        document: bytes | None = None,
        name: str = "picture.png",
        topic: int | None = None,
        anonymous: bool = False,
        twice: bool = False,
    ) -> Message:
        """Write, or send files with a caption; several photos are an album. The first message of it.
        `anonymous`: as an administrator in the group's name; `twice` delivers the update two times."""
        photos = [photo] if isinstance(photo, bytes) else photo
        held = [media.photo(self.world, one) for one in photos]
        if document is not None:
            held.append(media.document(self.world, Upload(name, document, "")))
        most = 1024 if held else 4096
        assert len(text) + len(held) > 0 and len(text) <= most, f"no client sends {len(text)} characters"
        assert self.room.kind == "channel" or self.room.member(user).present, f"{user.name} is not here"
        assert not anonymous or self.room.member(user).admin
        album = str(self.world.number() + 13_000_000_000) if len(held) > 1 else ""
        thread = topic if topic is not None or reply_to is None else reply_to.thread
        said = []
        for at, one in enumerate(held or [None]):
            words = text if at == 0 else ""
            content = Content(words, tuple(noticed(words)), one)
            values = {"reply_to": reply_to, "quote": quote, "thread": thread, "album": album}
            said.append(self.world.post(self.room, ANONYMOUS if anonymous else user, content, **values))
        for message in said:
            self._tell("channel_post" if self.room.kind == "channel" else "message", message)
            if twice and message.update is not None:
                self.world.updates.again(message.update)
        return said[0]

    async def album(
        self,
        user: User,
        photos: Sequence[bytes],
        captions: Sequence[str] = (),
        *,
        gap: float = 0.0,
        reply_to: Message | None = None,
    ) -> list[Message]:
        """Photos sent together, the first with these captions ("" for none); the bot is told of each so many seconds
        after the one before."""
        assert 2 <= len(photos) <= 10 and len(captions) <= len(photos)
        group = str(self.world.number() + 13_000_000_000)
        said = []
        for at, photo in enumerate(photos):
            words = captions[at] if at < len(captions) else ""
            content = Content(words, tuple(noticed(words)), media.photo(self.world, photo))
            said.append(self.world.post(self.room, user, content, reply_to=reply_to, album=group))
        for at, message in enumerate(said):
            await asyncio.sleep(gap if at else 0)
            self._tell("message", message)
        return said

    async def start(self, user: User, payload: str = "") -> Message:
        """Open the bot by a link t.me/bot?start=payload."""
        assert len(payload) <= 64 and set(payload) <= {*ascii_letters, *digits, "_", "-"}, payload
        return await self.say(user, f"/start {payload}".strip())

    async def forward(self, user: User, message: Message) -> Message:
        """Bring a message here from wherever it stands."""
        assert not (message.protected or message.chat.protected)
        origin = {"type": "user", "date": message.date, "sender_user": message.sender.json()}
        content = changed(message.content, keyboard=())
        here = self.world.post(self.room, user, content, origin=origin)
        self._tell("message", here)
        return here

    async def edit(self, user: User, message: Message, text: str) -> Message:
        """Change one's own message."""
        assert message.sender == user
        self.world.edit(message, Content(text, tuple(noticed(text)), message.content.media))
        self._tell("edited_channel_post" if self.room.kind == "channel" else "edited_message", message)
        return message

    async def delete(self, user: User, message: Message) -> None:
        """Take a message away; the bot is not told."""
        assert message.sender == user or self.room.kind == "private" or self.room.member(user).admin
        message.deleted = True
        self.world.changes.tell()

    async def press(
        self, user: User, message: Message, label: str | None = None, *, data: str | None = None
    ) -> Pressed:
        """Press a button that is there, by its label or its data."""
        assert not message.deleted, "the message is gone"
        button = message.button(label, data)
        assert "callback_data" in button, f"{button} sends nothing"
        asked = Asked(str(4_000_000_000 + self.world.number()), user, self.world.clock())
        self.world.callbacks[asked.id] = asked
        where: Json = {"inline_message_id": message.inline_id} if message.inline_id else {"message": message.json()}
        payload = {"id": asked.id, "from": user.json(), "chat_instance": str(self.id), "data": button["callback_data"]}
        return Pressed(self.world, asked, self.world.updates.add("callback_query", payload | where))

    async def react(self, user: User, message: Message, *emoji: str) -> None:
        """Set one's reactions to a message, none to take them back. Bots hear of it in private chats and,
        as administrators, in groups."""
        assert set(emoji) <= spec.reactions() and not message.deleted
        old = message.reactions.get(user.id, ())
        message.reactions[user.id] = emoji
        self.world.changes.tell()
        if self.room.kind == "private" or self.room.member(self.world.bot).admin:
            payload = {"chat": self.room.json(), "message_id": message.id, "user": user.json()}
            payload |= {"date": int(self.world.clock()), "old_reaction": _kinds(old), "new_reaction": _kinds(emoji)}
            self.world.updates.add("message_reaction", payload)

    def join(self, user: User, status: Status = "member") -> None:
        """Let somebody in, or make them what `status` says."""
        self.room.put(user, status, frozenset(RIGHTS) if status in ("creator", "administrator") else frozenset())

    def bot(self, status: Status, *rights: str) -> None:
        """Make the bot an administrator, a member, restricted, gone … and tell it. Without `rights` an administrator
        has all; one who is restricted has those given."""
        old = self.room.member(self.world.bot)
        own = {"administrator": [*RIGHTS, "can_post_messages", "can_edit_messages"], "restricted": []}.get(status, [])
        assert set(rights) <= {*RIGHTS, *PERMISSIONS, "can_post_messages", "can_edit_messages"}
        new = self.room.put(self.world.bot, status, frozenset(rights or own))
        self._member_changed(old, new, self._somebody())

    def block(self) -> None:
        """The person of a private chat blocks the bot."""
        self.bot("kicked")

    def protect(self) -> None:
        """Forbid to forward and copy from here."""
        self.room.protected = True

    def topic(self, name: str) -> int:
        """A new topic of a forum."""
        assert self.room.topics is not None
        thread = max((*self.room.topics, *self.room.messages, 1)) + 1
        self.room.topics[thread] = name
        return thread

    def close(self, topic: int) -> None:
        """Let only administrators write in a topic."""
        self.room.closed.add(topic)

    def migrate(self) -> Chat:
        """Turn the group into a supergroup: a new chat, of which the bot is told in both."""
        assert self.room.kind == "group"
        new = Room(-1_000_000_000_000 + self.room.id, "supergroup", self.room.title, dict(self.room.members))
        self.world.rooms[new.id] = new
        self.room.moved_to = new.id
        person = self._somebody()
        for room, words in ((self.room, {"migrate_to_chat_id": new.id}), (new, {"migrate_from_chat_id": self.room.id})):
            message = self.world.post(room, person, Content())
            self.world.updates.add("message", message.json() | words)
        return Chat(self.world, new)

    def _somebody(self) -> User:
        """Who does what has no name: the first person here, somebody unknown in a channel."""
        people = [one.user for one in self.room.members.values() if not one.user.is_bot]
        return next(iter(people), User(999, "Somebody"))

    def _member_changed(self, old: Member, new: Member, by: User) -> None:
        payload = {"chat": self.room.json(), "from": by.json(), "date": int(self.world.clock())}
        both = {"old_chat_member": old.json(self.room.kind), "new_chat_member": new.json(self.room.kind)}
        self.world.updates.add("my_chat_member", payload | both)

    def _tell(self, kind: str, message: Message) -> None:
        if self.world.hears(message):
            message.update = self.world.updates.add(kind, message.json())


def _kinds(emoji: Sequence[str]) -> list[Json]:
    return [{"type": "emoji", "emoji": one} for one in emoji]
