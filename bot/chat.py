"""The types in which chat platforms and the rest of the bot speak: requests and presses one way, cards the other."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from engine.job import Progress, State
from engine.policy import Policy
from engine.recipe import Recipe
from prompts.doctor import Finding
from prompts.prompt import LoraUse, Options, Part, Prompt
from prompts.tag_rows import Side, TagKind
from storage.jobs import Place


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes, under the id that all their accounts share; `language` is one of `texts.LANGUAGES`."""

    id: str
    name: str
    language: str
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request; `mask` is a picture that is white where it is to be redrawn, where that does not
    stand in the file itself."""

    name: str
    content: bytes
    mask: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the platform says about where somebody speaks: `server` is its server or group ("" in private), `roles`
    the person's there, `moderator` whether the platform lets them manage it, `adult` whether it is marked as such."""

    server: str = ""
    roles: frozenset[str] = frozenset()
    moderator: bool = False
    adult: bool = False

    @property
    def private(self) -> bool:
        """Whether the person and the bot are alone."""
        return not self.server


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A message to the bot. `key` names the platform's update, so that one delivered twice counts once;
    `files` are pictures to draw over, each by itself; `guides` pictures for the controls that the options ask for, in
    their order (where there are none, those to draw over are for them); `reply_to` is the picture it answers to;
    `region_map` is one that is painted for regions, where that is said beside the text;
    options, negative and LoRAs are those given beside the text; `instead_of` is a job not done yet whose place it
    takes, `training` the training whose card it answers."""

    person: Person
    place: Place
    text: str
    key: str
    files: tuple[Upload, ...] = ()
    guides: tuple[Upload, ...] = ()
    region_map: Upload | None = None
    reply_to: str | None = None
    options: Options = field(default_factory=Options)
    negative: str = ""
    loras: tuple[LoraUse, ...] = ()
    room: Room = Room()
    instead_of: str = ""
    training: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button pressed: `action` and `target` are the button's own; `values` what a form asked for,
    `instead_of` as a request's."""

    person: Person
    place: Place
    action: str
    target: str
    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    room: Room = Room()
    instead_of: str = ""


def common(asked: Request | Press) -> Place:
    """The place whose people share rules and words: the whole server, or the chat where there is none."""
    return replace(asked.place, chat=asked.room.server) if asked.room.server else asked.place


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence of bot/texts: its key and the values in it."""

    key: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Button:
    """`action` is a row of bot/buttons/actions.py or bot/buttons/presses.py; its label is the text `button.<action>`,
    or one of its own. `target` is the id of what it acts on. `danger` asks before it acts."""

    action: str
    target: str
    danger: bool = False
    label: Say | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: its value, short enough for any platform's buttons, and its label."""

    value: str
    label: Say | str


@dataclass(frozen=True, slots=True)
class Select:
    """One of several values for `target`, among them the one that holds: `chosen`. Choosing presses "set" with `target`
    and `values["value"]`; where a platform knows only buttons, "choose" shows the choices."""

    target: str
    label: Say
    choices: tuple[Choice, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Field:
    """A labelled line of a card; a plain string is shown as it is. `picture` is the id of one that it tells of, which
    the page links to."""

    label: Say
    value: Say | str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on a card: storage id, hash of its file, size in pixels."""

    id: str
    hash: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTag:
    """A tag in a tag table, as somebody sees it: `chinese` is what it is called, "" where nobody has said. `favourite`
    and `blocked` say whether it is on the person's lists, the last three what can be done to it besides."""

    id: int
    side: Side
    kind: TagKind
    part: Part
    text: str
    chinese: str
    weight: float
    preset: bool = False
    off: bool = False
    locked: bool = False
    kept: bool = False
    favourite: bool = False
    blocked: bool = False
    weighable: bool = True
    translated: bool = False
    sign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTags:
    """A tag table (bot/buttons/tag_table.py): all its rows, and what of it is looked at. `view` is the list, one `tag`
    with all that can be done to it, its neighbours, or what can be added; `page` counts from 0. What is pressed is
    "tag", with a target made by `target`."""

    table: str
    rows: tuple[ShownTag, ...]
    view: Literal["rows", "tag", "near", "add"] = "rows"
    chosen: int | None = None
    page: int = 0
    near: tuple[Choice, ...] = ()
    favourites: tuple[Choice, ...] = ()
    raw: bool = False
    changed: bool = False

    def target(self, what: str, *more: int | str) -> str:
        """What a button for the table acts on: what to do, and to which row."""
        return ".".join((self.table, what, *map(str, more)))


@dataclass(frozen=True, slots=True)
class ComparedTable:
    """Pictures beside each other: the labels of the columns, of the rows and of the sheets ("" where there is only
    one), and what stands in the cells, sheet by sheet, row by row. `votes` are the cells' votes, `job` what is voted
    about ("" where nothing is)."""

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    sheets: tuple[str, ...]
    cells: tuple[Shown, ...]
    votes: tuple[int, ...] = ()
    job: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with a card: what is in it, or the address on the page where it is fetched."""

    name: str
    content: bytes = b""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a person sees, before a platform gives it a form. `state` is set on cards that belong to a job.

    `fleeting` marks a word to the person who pressed something, not worth a place in the conversation
    (a passing notice on the page, a message only they see on Discord). `findings` are the doctor's words on the prompt.
    `spoiler` veils the pictures until somebody wants to see them; `originals` sends their files as they are (in a
    direct message on Discord, as documents on Telegram) rather than as something to look at. `share` is the code under
    which others open what it shows; `alone` is a command to go on with where the person and the bot
    are alone; `language` is the person's from here on, where they have just chosen another; `to` is the account on the
    platform that is told directly, where nobody has asked. `papers` is what the files of its pictures say of
    themselves. `tags` is a tag table to be touched. `panel`: it takes the place of the card whose button was
    pressed, where a platform can do that. `table`: its picture is a sheet of these. One that `stays` is renewed where
    it stands for hours: everybody there sees it, as a job's. `training` is the one it is about: whoever answers to the
    card speaks of that.
    """

    text: Say
    kind: Literal["answer", "job", "error"] = "answer"
    job: str | None = None
    state: State | None = None
    progress: Progress | None = None
    prompt: Prompt | None = None
    findings: tuple[Finding, ...] = ()
    recipe: Recipe | None = None
    fields: tuple[Field, ...] = ()
    pictures: tuple[Shown, ...] = ()
    buttons: tuple[Button, ...] = ()
    selects: tuple[Select, ...] = ()
    fleeting: bool = False
    spoiler: bool = False
    originals: bool = False
    share: str = ""
    alone: str = ""
    language: str = ""
    to: str = ""
    file: Attached | None = None
    turned: str = ""
    panel: bool = False
    papers: Policy = "embed"
    tags: ShownTags | None = None
    table: ComparedTable | None = None
    stays: bool = False
    training: str = ""

    @property
    def about(self) -> tuple[str, ...]:
        """The ids of the pictures that it is about, in the order of their numbers: of a sheet those of its cells; none
        of a training's."""
        if self.training:
            return ()
        return tuple(one.id for one in (self.table.cells if self.table else self.pictures))


class Desk(Protocol):
    """What a platform hands its people's wishes to (bot/desk.py). Neither call raises for a person's mistake:
    the answer, a refusal included, comes as a card through the platform's `send` and `edit`."""

    async def request(self, request: Request) -> None: ...

    async def press(self, press: Press) -> None: ...


class People(Protocol):
    """Tells who stands behind an account; at first sight a new person (`bot.studio.studio.Studio.person`)."""

    def __call__(self, platform: str, account: str, *, name: str = "", language: str = "") -> Awaitable[Person]: ...


class Chat(Protocol):
    """A platform people talk on; `pace` is the seconds it wants between two edits of one message."""

    platform: str
    pace: float

    async def listen(self, desk: Desk) -> None:
        """Connect and begin to pass on requests and presses; returns when connected."""

    async def send(self, place: Place, card: Card, key: str) -> Place:
        """Post a card and say where it stands. `key` makes it safe to repeat: the same key is posted once.

        Raises Unreachable where nobody can be told anything any more (blocked, left, no right to speak), Rejected for
        a card that the platform never takes; anything else may pass."""

    async def edit(self, place: Place, card: Card) -> None:
        """Replace the card that stands at `place`. Raises Gone where that message is no more, Rejected as `send`."""

    async def renew(self, place: Place, card: Card, key: str) -> None:
        """Show the buttons of a card as they are now, where it stands, soon and without fail or word: a button that
        stays as it was does no harm. `key` is the press that changed them, whose own button turns by itself."""

    async def remove(self, place: Place) -> None:
        """Take away a message of the bot's, with all that belongs to it. Raises Gone where it is no more, Rejected
        where the platform does not allow it (any more), Unreachable."""

    async def close(self) -> None:
        """Stop listening; cards already accepted are delivered first. Called after a `listen` that failed, too."""
