"""The tables, typed, with the indexes that the hot queries need."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, ForeignKey, Index, MetaData, Text, TypeDecorator, false
from sqlalchemy import text as sql_text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from engine.job import State

OPEN = (State.WAITING.value, State.RUNNING.value)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime; SQLite keeps it as UTC text that sorts by time, PostgreSQL as timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def clean(text: str) -> str:
    """Text as both databases take it: half surrogate pairs and NUL, which people can send, become U+FFFD."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class CleanText(TypeDecorator[str]):
    """Text, cleaned."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class Base(DeclarativeBase):
    """The one base of all tables; names of constraints are fixed so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: CleanText, datetime: UtcTime}  # noqa: RUF012  (SQLAlchemy's own protocol)


class Persons(Base):
    """Somebody; what they are called and the language they read."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    language: Mapped[str]
    created: Mapped[datetime]


class Accounts(Base):
    """Under which name a platform knows a person."""

    __tablename__ = "account"

    platform: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)


class Settings(Base):
    """One choice of one person."""

    __tablename__ = "setting"

    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON, nullable=False)


class Jobs(Base):
    """An accepted request. `sources` are the hashes its recipes draw over, joined by spaces; `parent` has no foreign
    key because picture.job already points the other way, and tables in a circle cannot be created in one go.
    `seconds` is the device time its pictures took, `took` how long it was drawn by the clock (0: not known), `spoiler`
    whether they are shown veiled, `unasked` what becomes of one that turns out to be for adults, `quiet` whether its
    answer is to say as little as can be, `papers` how what its files say of themselves is sent, `comparison` what its
    pictures are compared by."""

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    request_key: Mapped[str | None] = mapped_column(unique=True)
    recipes: Mapped[Any] = mapped_column(JSON, nullable=False)
    sources: Mapped[str]
    lane: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int]
    platform: Mapped[str]
    chat: Mapped[str]
    message: Mapped[str]
    language: Mapped[str]
    parent: Mapped[str | None] = mapped_column(index=True)
    error_key: Mapped[str]
    error_values: Mapped[Any] = mapped_column(JSON, nullable=False)
    answered: Mapped[bool]
    created: Mapped[datetime]
    seconds: Mapped[float] = mapped_column(server_default=sql_text("0"))
    took: Mapped[float] = mapped_column(server_default=sql_text("0"))
    spoiler: Mapped[bool] = mapped_column(server_default=false())
    unasked: Mapped[str] = mapped_column(server_default=sql_text("'refuse'"))
    quiet: Mapped[bool] = mapped_column(server_default=false())
    papers: Mapped[str] = mapped_column(server_default=sql_text("'embed'"))
    comparison: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    check_drawn: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (Index("ix_job_person_created_id", "person", "created", "id"),)


# Partial: among years of answered jobs only the few open ones are in it.
Index(
    "ix_job_unanswered",
    Jobs.created,
    Jobs.id,
    sqlite_where=Jobs.answered == false(),
    postgresql_where=Jobs.answered == false(),
)


class Pictures(Base):
    """A drawn picture; `words` is what a search looks through, `adult` whether a checker saw what its prompt does not
    say, `likeness` by what a copy is known ("": not looked at yet), `notes` what of the files it names could not be
    used."""

    __tablename__ = "picture"

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    job: Mapped[str | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"), index=True)
    hash: Mapped[str] = mapped_column(index=True)
    recipe: Mapped[Any] = mapped_column(JSON, nullable=False)
    model: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    seconds: Mapped[float]
    parent: Mapped[str | None] = mapped_column(ForeignKey("picture.id", ondelete="SET NULL"))
    favourite: Mapped[bool]
    created: Mapped[datetime]
    words: Mapped[str] = mapped_column(server_default=sql_text("''"))
    adult: Mapped[bool] = mapped_column(server_default=false())
    likeness: Mapped[str] = mapped_column(server_default=sql_text("''"))
    notes: Mapped[Any] = mapped_column(JSON, nullable=False, server_default=sql_text("'[]'"))

    __table_args__ = (
        Index("ix_picture_person_created_id", "person", "created", "id"),
        Index("ix_picture_person_favourite_created_id", "person", "favourite", "created", "id"),
        Index("ix_picture_person_model_created_id", "person", "model", "created", "id"),
        Index("ix_picture_parent_created_id", "parent", "created", "id"),
    )


class PictureFiles(Base):
    """A file that a picture's recipe is drawn from: one that it was drawn over, a mask, the map of a control."""

    __tablename__ = "picture_file"

    picture: Mapped[str] = mapped_column(ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True, index=True)


class Uploads(Base):
    """A file that somebody sent to be drawn over; `created` is when it last came."""

    __tablename__ = "upload"

    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True, index=True)
    created: Mapped[datetime]


class Favourites(Base):
    """A prompt saved under a name; `folded` is the name as it is compared, `words` what a search looks through."""

    __tablename__ = "favourite"

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    name: Mapped[str]
    folded: Mapped[str]
    text: Mapped[str]
    words: Mapped[str]
    recipe: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    picture: Mapped[str | None] = mapped_column(ForeignKey("picture.id", ondelete="SET NULL"), index=True)
    created: Mapped[datetime]
    used: Mapped[int] = mapped_column(server_default=sql_text("0"))

    __table_args__ = (
        Index("ix_favourite_person_folded", "person", "folded", unique=True),
        Index("ix_favourite_person_picture", "person", "picture", unique=True),
        Index("ix_favourite_person_created_id", "person", "created", "id"),
    )


class FavouriteFiles(Base):
    """A file that a favourite's recipe is drawn from."""

    __tablename__ = "favourite_file"

    favourite: Mapped[str] = mapped_column(ForeignKey("favourite.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True, index=True)


class Messages(Base):
    """A line of the web chat; `position` is where it was put in, `changed` when it last became different."""

    __tablename__ = "message"

    id: Mapped[str] = mapped_column(primary_key=True)
    chat: Mapped[str]
    author: Mapped[str]
    body: Mapped[Any] = mapped_column(JSON, nullable=False)
    created: Mapped[datetime]
    position: Mapped[int]
    changed: Mapped[int]

    __table_args__ = (
        Index("ix_message_chat_position", "chat", "position"),
        Index("ix_message_chat_changed", "chat", "changed"),
    )


class Facts(Base):
    """Something the program itself remembers."""

    __tablename__ = "fact"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON, nullable=False)


class Counters(Base):
    """A number that only grows. Its row is locked until the transaction ends, so no one sees 8 before 7 is there."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class OwnWords(Base):
    """A word of somebody's own dictionary. `owner` is a person or a room (`storage.dictionary`), `folded` the word as
    it is compared, `person` whoever wrote it."""

    __tablename__ = "word"

    owner: Mapped[str] = mapped_column(primary_key=True)
    folded: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str]
    english: Mapped[str]
    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    created: Mapped[datetime]


class KeptTranslations(Base):
    """What a translator (name and version) once made of a text."""

    __tablename__ = "translation"

    translator: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(primary_key=True)
    english: Mapped[str]
    created: Mapped[datetime] = mapped_column(index=True)


class KeptMaps(Base):
    """A map that was made of a picture for a net: `source` is the picture's hash and `how` says by what, with which
    numbers and at what size; `created` is when it was last asked for."""

    __tablename__ = "kept_map"

    source: Mapped[str] = mapped_column(primary_key=True)
    how: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(index=True)
    notes: Mapped[Any] = mapped_column(JSON, nullable=False)
    created: Mapped[datetime] = mapped_column(index=True)


class MapSeconds(Base):
    """How many seconds the maps that were made for somebody took on the last day that any was made, in UTC."""

    __tablename__ = "map_seconds"

    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date]
    seconds: Mapped[float]


class Posts(Base):
    """A card that stands on a chat platform: found again by its key, so that nothing is posted twice, and by its
    place, so that reactions and replies know which pictures they mean (`pictures`: ids in order, joined by spaces)."""

    __tablename__ = "post"

    platform: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    chat: Mapped[str]
    message: Mapped[str]
    job: Mapped[str]
    pictures: Mapped[str]
    created: Mapped[datetime]

    __table_args__ = (
        Index("ix_post_platform_chat_message", "platform", "chat", "message"),
        Index("ix_post_pictures", "pictures"),
    )


class Shares(Base):
    """A picture that its owner lets others open who know this code."""

    __tablename__ = "share"

    code: Mapped[str] = mapped_column(primary_key=True)
    picture: Mapped[str] = mapped_column(ForeignKey("picture.id", ondelete="CASCADE"), index=True, unique=True)
    created: Mapped[datetime]


class ScopedRules(Base):
    """A setting that holds for more than one person, or that somebody else made for a person: `scope` is
    "server:<platform>:<id>", "chat:<platform>:<id>" or "person:<id>"."""

    __tablename__ = "rule"

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON, nullable=False)


class Refused(Base):
    """How often somebody asked for what is never drawn, and when last; nothing of what they wrote."""

    __tablename__ = "refused"

    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    count: Mapped[int]
    last: Mapped[datetime]


class Wishes(Base):
    """What somebody asked for and a button may come back to (`files`: hashes, joined by spaces)."""

    __tablename__ = "wish"

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    negative: Mapped[str]
    options: Mapped[Any] = mapped_column(JSON, nullable=False)
    files: Mapped[str]
    reply_to: Mapped[str | None]
    created: Mapped[datetime] = mapped_column(index=True)


class Votes(Base):
    """Somebody's vote for one of the pictures that a job compares."""

    __tablename__ = "vote"

    job: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    picture: Mapped[str] = mapped_column(ForeignKey("picture.id", ondelete="CASCADE"), index=True)
    created: Mapped[datetime]


class KnownFiles(Base):
    """A model file as it was identified, good while its size and time of change (nanoseconds) are the same."""

    __tablename__ = "known_file"

    path: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    modified: Mapped[int] = mapped_column(BigInteger)
    identity: Mapped[Any] = mapped_column(JSON, nullable=False)
    hash: Mapped[str]


class Leaving(Base):
    """Somebody who has asked to be forgotten: when that is due, and where and in which language they are told."""

    __tablename__ = "leaving"

    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    due: Mapped[datetime]
    platform: Mapped[str]
    chat: Mapped[str]
    language: Mapped[str]


class Barred(Base):
    """An account that was blocked when its person was forgotten, as a keyed hash: it is blocked again when it comes
    back, and tells nobody who it was."""

    __tablename__ = "barred"

    account: Mapped[str] = mapped_column(primary_key=True)


class TagTables(Base):
    """The tag table of a picture as somebody left it (`content`: prompts/tag_table.py)."""

    __tablename__ = "tag_table"

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    picture: Mapped[str] = mapped_column(ForeignKey("picture.id", ondelete="CASCADE"), index=True)
    content: Mapped[Any] = mapped_column(JSON, nullable=False)
    changed: Mapped[datetime]

    __table_args__ = (Index("ix_tag_table_person_picture", "person", "picture", unique=True),)


class KeptTags(Base):
    """A tag that somebody keeps at hand, or never wants to see (`kind`: "favourite", "blocked"); `folded` is the word
    as it is compared, `source` what it is called in Chinese, where that is known."""

    __tablename__ = "kept_tag"

    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    folded: Mapped[str] = mapped_column(primary_key=True)
    tag: Mapped[str]
    source: Mapped[str]
    created: Mapped[datetime]


class Trainings(Base):
    """A LoRA that somebody has learnt: `wishes` is what they chose of how, `plan` what was made of it at the start,
    `losses` those of its steps, `daily` the seconds that its owner has a day, `consent` who agreed, when and to which
    text, `file` the name of the finished LoRA ("" until then)."""

    __tablename__ = "training"

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    request_key: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    trigger: Mapped[str]
    kind: Mapped[str]
    model: Mapped[str]
    wishes: Mapped[Any] = mapped_column(JSON, nullable=False)
    plan: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    state: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    reason_values: Mapped[Any] = mapped_column(JSON, nullable=False)
    attempt: Mapped[int]
    step: Mapped[int]
    steps: Mapped[int]
    seconds: Mapped[float]
    daily: Mapped[int]
    losses: Mapped[Any] = mapped_column(JSON, nullable=False)
    consent: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    shared: Mapped[bool]
    chosen: Mapped[int]
    file: Mapped[str]
    platform: Mapped[str]
    chat: Mapped[str]
    message: Mapped[str]
    language: Mapped[str]
    created: Mapped[datetime]
    changed: Mapped[datetime]
    ended: Mapped[datetime | None]

    __table_args__ = (Index("ix_training_person_created", "person", "created"),)


class TrainingPictures(Base):
    """A picture of a training: `caption` is what is said of it in English, `source` the Chinese that it was said in,
    `flags` what was found in it, `named` what its folder was called, `size` the bytes of its file."""

    __tablename__ = "training_picture"

    training: Mapped[str] = mapped_column(ForeignKey("training.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    caption: Mapped[str]
    source: Mapped[str]
    named: Mapped[str]
    flags: Mapped[Any] = mapped_column(JSON, nullable=False)
    repeats: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    prior: Mapped[bool] = mapped_column(server_default=false())


class TrainingSamples(Base):
    """A sample of what was learnt up to a step, the `place`-th from 0 on: the job that draws it, and the picture."""

    __tablename__ = "training_sample"

    training: Mapped[str] = mapped_column(ForeignKey("training.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(index=True)
    picture: Mapped[str | None] = mapped_column(ForeignKey("picture.id", ondelete="SET NULL"), index=True)
