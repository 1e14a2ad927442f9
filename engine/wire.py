"""The messages between a pool and a worker: JSON headers with an optional blob, over a pipe or a socket.

A frame is two big-endian 32-bit lengths (header, blob), the header (a JSON object with `type`), the blob.
"""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import dataclass, field, fields
from typing import BinaryIO, cast

from engine.errors import WireError
from engine.files.hashed import Hashed
from engine.recipe import Recipe
from prompts.prompt import Json, Note

LENGTHS = struct.Struct(">II")
MAX_HEADER = 16 * 2**20
MAX_BLOB = 2 * 2**30  # a LoRA of SDXL of the highest rank (1.4 GB); an uncompressed picture of 64 megapixels has 0.2


# --- to the worker ---


@dataclass(frozen=True, slots=True)
class PutSource:
    """A source picture (any format Pillow reads), sent before the job that needs it."""

    picture: str
    blob: bytes = b""


@dataclass(frozen=True, slots=True)
class Draw:
    """Draw these recipes; answered by steps, one Drawn per recipe, and one Ended. `owner` is whose device time it
    takes; any word will do, as long as it is the same for all that a person asked for. `hashed` is what is known of
    the files that they name; `lent` are files for this job alone: a host is told the marks that they were lent with, a
    worker the folders that they lie in."""

    job: str
    attempt: int
    recipes: tuple[Recipe, ...]
    owner: str = ""
    hashed: tuple[Hashed, ...] = ()
    lent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rest:
    """Let these pictures of a job rest from the next step on, and its others go on. What has begun is kept as it is;
    what has not begun waits."""

    job: str
    pictures: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Give this job up before its next step; answered by Ended("cancelled") unless it has ended already. A look of this
    id (a map, or tags) is given up in silence."""

    job: str


@dataclass(frozen=True, slots=True)
class MakeMap:
    """Have a `preprocessor` (engine/preprocessors.py) make a map of a picture that was put before, at this size;
    answered by one Mapped. `low` and `high` below 0 are the usual numbers; `fit` and `mask` are as in
    engine/maps/making.py; `text` is what a QR code says, which needs no picture."""

    id: str
    preprocessor: str
    picture: str
    width: int
    height: int
    low: float = -1.0
    high: float = -1.0
    seed: int = 0
    fit: str = ""
    mask: str = ""
    text: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """The hashes of the pictures that it is made of."""
        return tuple(file for file in (self.picture, self.mask) if file)


@dataclass(frozen=True, slots=True)
class ReadTags:
    """Have the tags read out of a picture that was put before; answered by one TagsRead. `reader`, the thresholds and
    `asked` are those of engine/taggers/reading.py."""

    id: str
    picture: str
    reader: str = ""
    general: float = 0.35
    character: float = 0.85
    rating: float = 0.0
    mcut: bool = False
    asked: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The hash of the picture that is looked at."""
        return (self.picture,)


@dataclass(frozen=True, slots=True)
class TrainingFile:
    """A file of a training's folder (a picture), sent before the Train that needs it."""

    training: str
    name: str
    blob: bytes = b""


@dataclass(frozen=True, slots=True)
class Train:
    """Learn this plan (TrainingPlan.to_json) as a guest, while nobody is drawn for; it goes on from the checkpoint in
    the training's folder. Answered by Learning once it has begun and about once a second from then on, by a HalfLearnt
    after every so many steps (`every`; never where that is 0), and by one Learnt."""

    training: str
    attempt: int
    plan: dict[str, Json]
    every: int = 0


@dataclass(frozen=True, slots=True)
class Park:
    """Keep a checkpoint of this training and leave memory; answered by Learnt("parked")."""

    training: str


@dataclass(frozen=True, slots=True)
class ForgetTraining:
    """Leave memory and delete the training's folder; nothing is said of it any more."""

    training: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Keep nothing of what was lent with these marks: a host deletes the files, and has its workers forget what they
    have read of files that are gone."""

    marks: tuple[str, ...] = ()


# --- from the worker ---


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker can draw: said when it has started, when it has loaded a model, which took `seconds`, and when less
    of one stays on the device than before. `device` in words for people, `slots` rows at once, `model` the one used
    last; `tiers` has every model in memory with the name of its tier (engine/files/tiers.py). `others` are devices like
    its own that nobody named."""

    device: str
    slots: int
    model: str
    tiers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loading:
    """A model is being loaded; work that needs it waits."""

    model: str


@dataclass(frozen=True, slots=True)
class Step:
    """A row took a step; `seconds` is its share of the device time since its last one, blob a JPEG preview or empty."""

    job: str
    attempt: int
    index: int
    step: int
    steps: int
    seconds: float
    blob: bytes = b""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Picture `index` of the job is finished; `seconds` its device time in all; blob the PNG with the recipe inside;
    `adult` whether a checker saw in it what its prompt did not ask for; `notes` tell what of the files it names could
    not be used; `hashed` is what is known of the files by now; `recalled` says that some of it was drawn with another
    one, and that its seconds tell nothing of how long such a picture takes."""

    job: str
    attempt: int
    index: int
    seconds: float
    blob: bytes = b""
    adult: bool = False
    notes: tuple[Note, ...] = ()
    hashed: tuple[Hashed, ...] = ()
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The last word on a job: "done", "cancelled", or "failed" with a text key of bot/texts and its values."""

    job: str
    attempt: int
    outcome: str
    key: str = ""
    values: dict[str, str | int | float] | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """A map is made, or cannot be: blob is its PNG, `notes` tell what was done; where `key` is said, there is none, and
    it is a text key of bot/texts with its values. `seconds` are those that it took."""

    id: str
    blob: bytes = b""
    notes: tuple[Note, ...] = ()
    key: str = ""
    values: dict[str, str | int | float] | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TagsRead:
    """Tags are read, or cannot be: `tags` is a PictureTags of engine/tagging.py as JSON; where `key` is said, there are
    none, and it is a text key of bot/texts with its values. `seconds` are those that it took."""

    id: str
    tags: dict[str, Json] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    key: str = ""
    values: dict[str, str | int | float] | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Learning:
    """A training is at this step; the first one of an attempt tells from which it goes on. `losses` are those of the
    steps up to this one that were not told before, `seconds` the device time since the last one."""

    training: str
    attempt: int
    step: int
    steps: int
    losses: tuple[float, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HalfLearnt:
    """The file of a training as it is after this step."""

    training: str
    attempt: int
    step: int
    blob: bytes = b""


@dataclass(frozen=True, slots=True)
class Learnt:
    """The last word on a training: "done" (blob is the file), "parked" with a checkpoint, or "failed" with a text key
    of bot/texts and its values."""

    training: str
    attempt: int
    outcome: str
    key: str = ""
    values: dict[str, str | int | float] | None = None
    blob: bytes = b""


# --- between a bot and a host (engine/host.py), beside all of the above ---


@dataclass(frozen=True, slots=True)
class Greet:
    """To a host: whatever it does for this bot is given up. Where the bot `stays`, the host tells what there is:
    Stock, and of each of its workers what it said last."""

    stays: bool = True


@dataclass(frozen=True, slots=True)
class Lend:
    """To a host: a `.safetensors` file called `name`, kept for those jobs of this bot that say its `mark`, and told to
    nobody else. It comes before the first of them."""

    mark: str
    name: str
    blob: bytes = b""


@dataclass(frozen=True, slots=True)
class Stock:
    """From a host: the files that it draws with; blob is what engine/files/shelf.py makes of them."""

    blob: bytes = b""


@dataclass(frozen=True, slots=True)
class Fallen:
    """From a host: a worker of it died, and is started again; what it did has to be done anew."""

    reason: str


# What is done beside the pictures that are drawn, each with one answer.
Look = MakeMap | ReadTags
Looked = Mapped | TagsRead
# What is told of a training.
TrainingNews = Learning | HalfLearnt | Learnt
Message = (
    PutSource | Draw | Rest | Stop | Look | TrainingFile | Train | Park | ForgetTraining | TakeBack
    | Ready | Loading | Step | Drawn | Ended | Looked | TrainingNews | Greet | Lend | Stock | Fallen
)  # fmt: skip
KINDS = (
    PutSource, Draw, Rest, Stop, MakeMap, ReadTags, TrainingFile, Train, Park, ForgetTraining, TakeBack,
    Ready, Loading, Step, Drawn, Ended, Mapped, TagsRead, Learning, HalfLearnt, Learnt,
    Greet, Lend, Stock, Fallen,
)  # fmt: skip
TYPES: dict[str, type[Message]] = {kind.__name__: kind for kind in KINDS}


def encode(message: Message) -> bytes:
    """The frame of a message."""
    header: dict[str, Json] = {"type": type(message).__name__}
    for name in (one.name for one in fields(message)):
        value = getattr(message, name)
        if name == "recipes":
            header[name] = [recipe.to_json() for recipe in value]
        elif name == "notes":
            header[name] = [note.to_json() for note in value]
        elif name != "blob":
            header[name] = value
    body = json.dumps(header, ensure_ascii=True).encode()
    blob = cast(bytes, getattr(message, "blob", b""))
    return LENGTHS.pack(len(body), len(blob)) + body + blob


def decode(header: bytes, blob: bytes) -> Message:
    """The message of a frame's two halves. Raises WireError."""
    try:
        values = json.loads(header)
        kind = TYPES[values.pop("type")]
        if "recipes" in values:
            values["recipes"] = tuple(map(Recipe.from_json, values["recipes"]))
        if "notes" in values:
            values["notes"] = tuple(map(Note.from_json, values["notes"]))
        if "hashed" in values:
            values["hashed"] = tuple(Hashed(*row) for row in values["hashed"])
        for name in ("others", "pictures", "asked", "losses", "lent", "marks"):
            if name in values:
                values[name] = tuple(values[name])
        if blob:
            values["blob"] = blob
        return kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WireError(f"no message: {header[:200]!r}") from error


def _lengths(prefix: bytes) -> tuple[int, int]:
    header, blob = LENGTHS.unpack(prefix)
    if header > MAX_HEADER or blob > MAX_BLOB:
        raise WireError(f"frame of {header} + {blob} bytes")
    return header, blob


def with_blob(message: Message, blob: bytes) -> Message:
    """The message with another blob. Raises WireError for one that has none."""
    if not hasattr(message, "blob"):
        raise WireError(f"a {type(message).__name__} with a blob")
    values = {one.name: getattr(message, one.name) for one in fields(message)}
    return type(message)(**values | {"blob": blob})


def unframed(frame: bytes) -> Message:
    """The message of a whole frame. Raises WireError."""
    if len(frame) < LENGTHS.size:
        raise WireError(f"a frame of {len(frame)} bytes")
    header, blob = _lengths(frame[: LENGTHS.size])
    body = frame[LENGTHS.size :]
    if len(body) != header + blob:
        raise WireError(f"a frame of {len(body)} bytes instead of {header} + {blob}")
    return decode(body[:header], body[header:])


async def receive(stream: asyncio.StreamReader) -> Message | None:
    """The next message, or None when the other side has closed. Raises WireError."""
    try:
        header, blob = _lengths(await stream.readexactly(LENGTHS.size))
        return decode(await stream.readexactly(header), await stream.readexactly(blob))
    except asyncio.IncompleteReadError:
        return None


def read_message(stream: BinaryIO) -> Message | None:
    """The next message of a blocking file, or None where it has ended. Raises WireError."""
    prefix = stream.read(LENGTHS.size)
    if len(prefix) < LENGTHS.size:
        return None
    header, blob = _lengths(prefix)
    return decode(stream.read(header), stream.read(blob))
