"""Hands on Discord: a channel of a server, slash commands, buttons, forms."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from bot.platforms.discord.custom_ids import ASK
from bot.platforms.discord.slash_commands import LEARNT
from tests.cards.hands import Hands, Shown
from tests.cards.house import House
from tests.patience import until
from tests.peers.discord import Message
from tests.peers.discord.state import Json

LOCALES = {"zh": "zh-CN", "en": "en-US"}


class OnDiscord(Hands):
    """A server with one channel, and two people in it."""

    def __init__(self, house: House, language: str, names: tuple[str, str]) -> None:
        super().__init__(house, language, names)
        guild = house.discord.guild("Studio")
        self.channel = guild.channel("painting")
        self.called = f"<@{house.discord.bot.id}> "
        self.people = [house.discord.member(name, guild, locale=LOCALES[language]) for name in names]

    def among_others(self) -> None:
        """A channel of a server is that already."""

    async def writes(self, text: str) -> None:
        await self.people[0].say(self.channel, self.called + text)
        await until(self.news)

    async def asks(self, text: str, picture: bytes | None) -> None:
        image = {"image": ("photo.png", picture)} if picture else {}
        await self.people[0].slash(self.channel, "imagine", prompt=text, **image)
        await until(self.news)

    async def teaches(self, name: str, pictures: Sequence[bytes]) -> None:
        files = {option: ("photo.png", one) for option, one in zip(LEARNT, pictures, strict=False)}
        await self.people[0].slash(self.channel, "train", training=name, **files)
        await until(self.news)

    async def commands(self, name: str, options: Mapping[str, str]) -> None:
        await self.people[0].slash(self.channel, name, **options)
        await until(self.news)

    async def presses(self, action: str, stranger: bool, form: Mapping[str, str]) -> None:
        person = self.people[stranger]
        for message in reversed(self.channel.seen(person.user)):
            for control in message.controls:
                if _does(action, control.get("custom_id", "")):
                    self.pressed(_words(control), stranger)
                    asked = await person.press(message, control["custom_id"])
                elif option := next((one for one in control.get("options", ()) if _does(action, one["value"])), None):
                    self.pressed(_words(option), stranger)
                    asked = await person.choose(message, control["custom_id"], option["value"])
                else:
                    continue
                if form:
                    await person.submit(asked, **form)
                await until(self.news)
                return
        raise AssertionError(f"nothing here does {action}")

    async def rewrites(self, text: str) -> None:
        mine = [one for one in self.channel.seen() if one.author is self.people[0].user][-1]
        await self.people[0].edit(mine, self.called + text)
        await until(self.news)

    async def replies(self, text: str) -> None:
        last = [one for one in self.channel.seen() if one.files][-1]
        await self.people[0].say(self.channel, text, reply_to=last)
        await until(self.news)

    def messages(self) -> Iterable[tuple[Hashable, Shown]]:
        places = (self.channel, *(person.private for person in self.people))
        for message in self.house.discord.sent:
            if message.channel in places and not (message.deleted or message.loading):
                yield message.id, _shown(message)


def _does(action: str, custom_id: str) -> bool:
    return bool({action, ASK + action} & set(custom_id.split(":")))


def _words(control: Json) -> str:
    sign = str((control.get("emoji") or {}).get("name", ""))
    words = str(control.get("label") or "")
    return " ".join(filter(None, (sign, words)))


def _shown(message: Message) -> Shown:
    rows = [[_control(one) for one in row.get("components", ())] for row in message.content.components]
    private = message.only_for is not None
    return Shown(message.says, tuple(map(tuple, rows)), len(message.files), private)


def _control(control: Json) -> str:
    if options := control.get("options"):
        return f"{control.get('placeholder', '')} ▾ {' / '.join(map(_words, options))}"
    return _words(control)
