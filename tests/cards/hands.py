"""One person's hands on a platform, and what they see while a story is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.texts import say
from tests.cards.house import House
from tests.patience import until

PICTURE = "🖼"


@dataclass(frozen=True)
class Shown:
    """A message as it is read: words, buttons row by row, how many pictures, whether one person alone sees it; `still`
    when nothing about it can change while somebody looks."""

    words: str
    buttons: tuple[tuple[str, ...], ...] = ()
    pictures: int = 0
    private: bool = False
    still: bool = False


@dataclass(frozen=True)
class Done:
    """What somebody wrote or pressed."""

    who: str
    what: str


@dataclass
class Hands(ABC):
    """Each verb returns when its answer stands; `told` has all that was done and shown, in order."""

    house: House
    language: str
    names: tuple[str, str]  # the person's and a stranger's
    told: list[Done | Shown] = field(default_factory=list)
    known: dict[Hashable, Shown] = field(default_factory=dict)

    async def say(self, text: str, picture: bytes | None = None) -> None:
        """Ask for something in one's own words, with a picture to draw over or without."""
        self.told.append(Done(self.names[0], f"{text} {PICTURE}" if picture else text))
        await self.asks(text, picture)
        await self.look()

    async def teach(self, name: str, pictures: Sequence[bytes]) -> None:
        """Have something learnt from pictures."""
        self.told.append(Done(self.names[0], f"/train {name} {PICTURE * len(pictures)}"))
        await self.teaches(name, pictures)
        await self.look()

    async def write(self, text: str) -> None:
        """Write to the bot as to anybody."""
        self.told.append(Done(self.names[0], text))
        await self.writes(text)
        await self.look()

    async def command(self, name: str, **options: str) -> None:
        """Use a command, "name" or "name verb", its options in the order in which they are typed; to list is what a
        command does without a verb."""
        typed = " ".join([f"/{name.removesuffix(' list')}", *options.values()])
        self.told.append(Done(self.names[0], typed))
        await self.commands(name, options)
        await self.look()

    async def press(self, action: str, *, stranger: bool = False, turns: str = "", **form: str) -> None:
        """Press the button of an action under the newest message that has it, and fill in the form that comes;
        `turns` is the action that it stands for afterwards."""
        await self.presses(action, stranger, form)
        if turns:
            label = say(self.language, f"button.{turns}")
            await until(lambda: any(_offers(now, label) for _, now in self.messages()))
        await self.look()

    async def reply(self, text: str) -> None:
        """Say something about the newest picture."""
        self.told.append(Done(self.names[0], f"↩ {text}"))
        await self.replies(text)
        await self.look()

    def news(self) -> list[tuple[Hashable, Shown]]:
        """The messages that are new, or other than they were noted."""
        return [(key, now) for key, now in self.messages() if self.known.get(key) != now]

    def either(self, zh: str, en: str) -> str:
        """What is said in the person's language."""
        return zh if self.language == "zh" else en

    async def rewrite(self, text: str) -> None:
        """Change what was said last."""
        self.told.append(Done(self.names[0], f"✎ {text}"))
        await self.rewrites(text)
        await self.look()

    async def look(self) -> None:
        """Note what stands there once nothing is on its way any more."""
        await self.house.idle()
        for key, now in self.news():
            self.known[key] = now
            self.told.append(now)

    async def look_closely(self, *words: str) -> None:
        """Note the newest card, which is on its way, once it says one of these; the pool stands still meanwhile."""
        await self.house.idle()
        card = await until(lambda: next((one for _, one in reversed([*self.messages()]) if _says(one, words)), None))
        self.told.append(replace(card, still=True))

    def pressed(self, label: str, stranger: bool) -> None:
        self.told.append(Done(self.names[stranger], f"[{label}]"))

    @abstractmethod
    async def teaches(self, name: str, pictures: Sequence[bytes]) -> None: ...

    @abstractmethod
    async def writes(self, text: str) -> None: ...

    @abstractmethod
    def among_others(self) -> None:
        """Go where others see it all."""

    @abstractmethod
    async def rewrites(self, text: str) -> None: ...

    @abstractmethod
    async def asks(self, text: str, picture: bytes | None) -> None: ...

    @abstractmethod
    async def commands(self, name: str, options: Mapping[str, str]) -> None: ...

    @abstractmethod
    async def presses(self, action: str, stranger: bool, form: Mapping[str, str]) -> None: ...

    @abstractmethod
    async def replies(self, text: str) -> None: ...

    @abstractmethod
    def messages(self) -> Iterable[tuple[Hashable, Shown]]:
        """What the bot has written, oldest first, each in its newest state."""


def _says(message: Shown, words: Iterable[str]) -> bool:
    return any(one in message.words for one in words)


def _offers(message: Shown, label: str) -> bool:
    return any(button.split(" ", 1)[-1] == label for row in message.buttons for button in row)
