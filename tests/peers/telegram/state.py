"""What the server remembers: users, chats, files, messages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.peers.telegram import spec

Json = dict[str, Any]
Kind = Literal["private", "group", "supergroup", "channel"]
Status = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]
RIGHTS, PERMISSIONS = (
    tuple(
        name
        for name, field in spec.fields(kind).items()
        if field.required and name.startswith("can_") and name != "can_be_edited"
    )
    for kind in ("ChatMemberAdministrator", "ChatMemberRestricted")
)
CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages")


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    username: str = ""
    language: str = ""
    is_bot: bool = False

    def json(self) -> Json:
        return {"id": self.id, "is_bot": self.is_bot, "first_name": self.name} | _given(
            username=self.username, language_code=self.language
        )


ANONYMOUS = User(1087968824, "Group", "GroupAnonymousBot", is_bot=True)  # who writes in a group's name


@dataclass(frozen=True, slots=True)
class File:
    """Bytes on the servers; `unique` is the same for the same bytes."""

    id: str
    unique: str
    content: bytes
    name: str
    mime: str
    path: str
    width: int = 0
    height: int = 0

    def json(self) -> Json:
        return {"file_id": self.id, "file_unique_id": self.unique, "file_size": len(self.content)}


@dataclass(frozen=True, slots=True)
class Media:
    """What a message carries; a photo has its sizes in `files`, smallest first, anything else one file."""

    kind: Literal["photo", "document", "animation"]
    files: tuple[File, ...]

    @property
    def file(self) -> File:
        """The file itself; of a photo the largest size."""
        return self.files[-1]

    def json(self) -> Json:
        if self.kind == "photo":
            return {"photo": [one.json() | {"width": one.width, "height": one.height} for one in self.files]}
        plain = self.file.json() | {"file_name": self.file.name, "mime_type": self.file.mime}
        if self.kind == "document":
            return {"document": plain}
        moving = plain | {"width": self.file.width, "height": self.file.height, "duration": 1}
        return {"animation": moving, "document": plain}


@dataclass(frozen=True, slots=True)
class Content:
    """What of a message can change; `text` is the caption where there are media. Buttons are kept as JSON."""

    text: str = ""
    entities: tuple[Json, ...] = ()
    media: Media | None = None
    keyboard: tuple[tuple[Json, ...], ...] = ()
    spoiler: bool = False
    above: bool = False

    @property
    def buttons(self) -> list[Json]:
        return [button for row in self.keyboard for button in row]


@dataclass(slots=True, eq=False)
class Message:
    """A message in its newest state; `history` holds what it was before each edit, `order` counts all posts."""

    chat: Room
    id: int
    sender: User
    date: int
    content: Content
    order: int = 0
    reply_to: Message | None = None
    quote: str = ""
    thread: int | None = None
    album: str = ""
    origin: Json | None = None
    via: User | None = None
    inline_id: str = ""
    markup: Json | None = None  # a keyboard that is not inline, or the wish for a reply
    protected: bool = False
    edited: int = 0
    deleted: bool = False
    update: int | None = None  # that told the bot of it
    history: list[Content] = field(default_factory=list)
    reactions: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def entities(self) -> tuple[Json, ...]:
        return self.content.entities

    @property
    def photo(self) -> bytes | None:
        """The bytes of the largest size, as a person would save it."""
        media = self.content.media
        return media.file.content if media and media.kind == "photo" else None

    @property
    def document(self) -> File | None:
        media = self.content.media
        return media.file if media and media.kind == "document" else None

    @property
    def keyboard(self) -> list[list[str]]:
        """The labels of the buttons, row by row."""
        return [[button["text"] for button in row] for row in self.content.keyboard]

    def button(self, label: str | None = None, data: str | None = None) -> Json:
        """The button with this label or data; AssertionError when the message has none."""
        for button in self.content.buttons:
            if (label is not None and button["text"] == label) or (
                data is not None and button.get("callback_data") == data
            ):
                return button
        raise AssertionError(f"no button {label or data!r} on message {self.id}: {self.keyboard}")

    def json(self, nested: bool = False) -> Json:
        content, media = self.content, self.content.media
        replied = self.reply_to if self.reply_to and not self.reply_to.deleted and not nested else None
        words = ("caption", "caption_entities") if media else ("text", "entities")
        return (
            {"message_id": self.id, "date": self.date, "chat": self.chat.json()}
            | ({} if self.chat.kind == "channel" else {"from": self.sender.json()})
            | ({"sender_chat": self.chat.json()} if self.chat.kind == "channel" or self.sender == ANONYMOUS else {})
            | (media.json() if media else {})
            | _given(
                **{words[0]: content.text, words[1]: list(content.entities)},
                reply_markup={"inline_keyboard": [list(row) for row in content.keyboard]} if content.keyboard else None,
                has_media_spoiler=content.spoiler,
                show_caption_above_media=content.above,
                reply_to_message=replied.json(nested=True) if replied else None,
                quote={"text": self.quote, "position": 0, "is_manual": True} if self.quote and replied else None,
                message_thread_id=self.thread,
                is_topic_message=self.thread is not None,
                media_group_id=self.album,
                forward_origin=self.origin,
                via_bot=self.via.json() if self.via else None,
                has_protected_content=self.protected or self.chat.protected,
                edit_date=self.edited,
            )
        )

    def __repr__(self) -> str:
        kind = self.content.media.kind if self.content.media else ""
        return f"<{self.id} {self.sender.name}: {self.text[:200]!r} {kind} {self.keyboard}>"


@dataclass(frozen=True, slots=True)
class Member:
    """`rights` are an administrator's, or what is left to one who is restricted."""

    user: User
    status: Status
    rights: frozenset[str] = frozenset()

    @property
    def present(self) -> bool:
        return self.status not in ("left", "kicked")

    @property
    def admin(self) -> bool:
        return self.status in ("creator", "administrator")

    def json(self, chat: Kind) -> Json:
        base: Json = {"status": self.status, "user": self.user.json()}
        match self.status:
            case "creator":
                return base | {"is_anonymous": False}
            case "administrator":
                names = [*RIGHTS, *(CHANNEL_RIGHTS if chat == "channel" else ())]
                rights = {name: name in self.rights for name in names}
                return base | {"can_be_edited": False, "is_anonymous": False} | rights
            case "restricted":
                return base | {"is_member": True, "until_date": 0} | {name: name in self.rights for name in PERMISSIONS}
            case "kicked":
                return base | {"until_date": 0}
        return base


@dataclass(slots=True, eq=False)
class Room:
    """A chat as the server keeps it. In a private one `members` holds the person and the bot; a person who blocks
    the bot makes the bot `kicked`, one who never wrote leaves it `left`."""

    id: int
    kind: Kind
    title: str
    members: dict[int, Member] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    topics: dict[int, str] | None = None  # open and closed alike, by thread
    closed: set[int] = field(default_factory=set)
    protected: bool = False
    moved_to: int | None = None
    drafts: dict[int, list[str]] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    person: User | None = None
    username: str = ""

    def json(self) -> Json:
        base: Json = {"id": self.id, "type": self.kind}
        if self.person:
            return base | {"first_name": self.person.name} | _given(username=self.person.username)
        return base | {"title": self.title} | _given(username=self.username, is_forum=self.topics is not None)

    def member(self, user: User) -> Member:
        return self.members.get(user.id) or Member(user, "left")

    def put(self, user: User, status: Status, rights: frozenset[str] = frozenset()) -> Member:
        self.members[user.id] = Member(user, status, rights)
        return self.members[user.id]

    def find(self, id: int) -> Message | None:
        message = self.messages.get(id)
        return None if message is None or message.deleted else message


def changed(content: Content, **values: Any) -> Content:
    return replace(content, **values)


def _given(**values: Any) -> Json:
    """The values that are there: no None, no false, no empty text, list or number."""
    return {name: value for name, value in values.items() if value not in (None, False, "", [], 0)}
