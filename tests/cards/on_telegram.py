"""Hands on Telegram: a private chat, or a group."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from bot.platforms.telegram.button_codes import parse_callback_data
from bot.platforms.telegram.keyboards import MORE
from tests.cards.hands import Hands, Shown
from tests.cards.house import House
from tests.patience import until
from tests.peers.telegram import Message

LANGUAGES = {"zh": "zh-hans", "en": "en"}


class OnTelegram(Hands):
    """Two people; the first one's private chat with the bot, until the story goes to a group."""

    def __init__(self, house: House, language: str, names: tuple[str, str]) -> None:
        super().__init__(house, language, names)
        self.people = [house.telegram.user(name, language=LANGUAGES[language]) for name in names]
        self.chat = house.telegram.private(self.people[0])
        self.called = ""

    def among_others(self) -> None:
        self.chat = self.house.telegram.group("Studio", self.people)
        self.called = f"@{self.house.telegram.bot.username} "

    async def writes(self, text: str) -> None:
        await self.asks(text, None)

    async def asks(self, text: str, picture: bytes | None) -> None:
        await self._taken(await self.chat.say(self.people[0], self.called + text, photo=picture or ()))

    async def teaches(self, name: str, pictures: Sequence[bytes]) -> None:
        await self._taken(await self.chat.say(self.people[0], f"/train {name}", photo=pictures))

    async def commands(self, name: str, options: Mapping[str, str]) -> None:
        await self._taken(
            await self.chat.say(self.people[0], " ".join([f"/{name.removesuffix(' list')}", *options.values()]))
        )

    async def presses(self, action: str, stranger: bool, form: Mapping[str, str]) -> None:
        person = self.people[stranger]
        for wanted in (action, MORE):
            for message in reversed(self.chat.answers):
                for one in message.content.buttons:
                    known = parse_callback_data(one.get("callback_data", ""))
                    if known and known.action == wanted:
                        self.pressed(one["text"], stranger)
                        notice = await (await self.chat.press(person, message, one["text"])).answered()
                        if notice:
                            self.told.append(Shown(notice, private=True))
                        await self.look()
                        if wanted == MORE != action:
                            return await self.presses(action, stranger, form)
                        if form:
                            await self.replies(" ".join(form.values()))
                        return None
        raise AssertionError(f"nothing here does {action}")

    async def replies(self, text: str) -> None:
        await self._taken(await self.chat.say(self.people[0], text, reply_to=self.chat.answers[-1]))

    async def rewrites(self, text: str) -> None:
        mine = [one for one in self.chat.messages if one.sender == self.people[0]][-1]
        await self._taken(await self.chat.edit(self.people[0], mine, text))

    async def _taken(self, message: Message) -> None:
        updates = self.house.updates
        await until(lambda: message.update in updates._known and message.update not in updates._pending)

    def messages(self) -> Iterable[tuple[Hashable, Shown]]:
        for message in self.chat.answers:
            rows = tuple(map(tuple, message.keyboard))
            yield message.id, Shown(message.text, rows, int(bool(message.photo)))
