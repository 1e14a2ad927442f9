"""A Telegram of one's own: the Bot API over HTTP, checked by the published spec, with people to act in it.

```python
async with TelegramServer() as server:      # point the bot at server.api_base, server.file_base, server.token
    ann = server.user("Ann", language="zh-hans")
    chat = server.private(ann)
    await server.connected()
    await chat.say(ann, "画一只猫")
    message = await chat.answer(lambda one: one.photo)
    await (await chat.press(ann, message, "U1")).answered()
```

What the spec forbids is refused with a 400 and kept in `server.violations`; leaving the block asserts that it is empty.
Chats: `private`, `group` (a basic group, or a supergroup with `topics`), `channel`. What goes wrong on demand: `fail`,
`cut`, `delay`, `server.limits.enforce`, `say(twice=True)`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.peers.changes import WAIT
from tests.peers.peer import Peer
from tests.peers.telegram.answering import inline_content
from tests.peers.telegram.chat import Chat, Pressed
from tests.peers.telegram.limits import Limits
from tests.peers.telegram.server import Fault, Http
from tests.peers.telegram.state import RIGHTS, Content, File, Json, Media, Message, Room, User
from tests.peers.telegram.world import Asked, Call, World

__all__ = ["Chat", "Content", "File", "Media", "Message", "Pressed", "TelegramServer", "User"]
TOKEN = "123456789:AAE-a-token-that-opens-nothing-000000"


class TelegramServer(Peer[Message, Limits]):
    """The server and the world behind it. `privacy` is the bot's privacy mode in groups, on as BotFather leaves it;
    `inline` whether it has inline mode; `limits.overruns` tells what was sent too soon, `limits.enforce` refuses it
    with a 429."""

    def __init__(
        self, *, username: str = "danqing_bot", privacy: bool = True, inline: bool = True, token: str = TOKEN
    ) -> None:
        self.bot = User(int(token.partition(":")[0]), "Danqing", username, is_bot=True)
        self.token = token
        self.world = World(self.bot, token, privacy, inline)
        self.http = Http(self.world)
        super().__init__(self.world, self.http)
        self._ids = 1000

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        await self.world.updates.drop_webhook(False)
        await super().__aexit__(kind, *rest)

    async def down(self) -> None:
        """Stop listening: connections are refused until `up`."""
        await self.http.stop()

    async def up(self) -> None:
        """Listen again at the same address."""
        await self.http.start()

    @property
    def api_base(self) -> str:
        """What stands for https://api.telegram.org."""
        return f"http://127.0.0.1:{self.http.port}"

    @property
    def file_base(self) -> str:
        """What stands for https://api.telegram.org/file."""
        return f"{self.api_base}/file"

    @property
    def unanswered(self) -> list[Asked]:
        """Presses and inline queries that the bot left without an answer."""
        asked = [*self.world.callbacks.values(), *self.world.queries.values()]
        return [one for one in asked if one.answer is None]

    def calls(self, method: str = "") -> list[Call]:
        """What the bot asked for so far, getUpdates aside."""
        return [call for call in self.world.calls if method in ("", call.method)]

    def commands(self, scope: str = "default", language: str = "", **where: int) -> list[str]:
        """The names of the commands set for a scope and language."""
        key = json.dumps({"type": scope, **where}, sort_keys=True)
        found = self.world.commands.get((key, language), [])
        return [command["command"] for command in found]

    async def connected(self, seconds: float = WAIT) -> None:
        """Wait until the bot asks for updates."""
        await self.until(lambda: self.world.updates.connected, seconds)

    def user(self, name: str, *, language: str = "", username: str = "") -> User:
        self._ids += 1
        user = User(self._ids, name, username or f"{name.lower()}_{self._ids}" * name.isascii(), language)
        self.world.users[user.id] = user
        return user

    def private(self, user: User, *, started: bool = True) -> Chat:
        """The chat of a person and the bot; one not `started` cannot be written to."""
        room = Room(user.id, "private", "", person=user)
        room.put(user, "member")
        room.put(self.bot, "member" if started else "left")
        return self._open(room)

    def group(self, title: str, users: Sequence[User], *, topics: bool = False, supergroup: bool = False) -> Chat:
        """A group with the bot as a member and the first user as its creator."""
        large = topics or supergroup
        self._ids += 1
        id = (-1_000_000_000_000 if large else 0) - self._ids
        room = Room(id, "supergroup" if large else "group", title, topics={} if topics else None)
        for at, user in enumerate(users):
            room.put(user, "member" if at else "creator", frozenset() if at else frozenset(RIGHTS))
        room.put(self.bot, "member")
        return self._open(room)

    def channel(self, title: str, *, username: str = "") -> Chat:
        """A channel where the bot may post."""
        self._ids += 1
        room = Room(-1_000_000_000_000 - self._ids, "channel", title, username=username)
        room.put(self.bot, "administrator", frozenset({"can_post_messages", "can_edit_messages"}))
        return self._open(room)

    def _open(self, room: Room) -> Chat:
        self.world.rooms[room.id] = room
        return Chat(self.world, room)

    async def inline(self, user: User, query: str, *, offset: str = "", seconds: float = WAIT) -> list[Json]:
        """What the bot offers in inline mode, as it sent it."""
        assert self.world.inline and len(query) <= 256
        asked = Asked(str(5_000_000_000 + self.world.number()), user, self.clock())
        self.world.queries[asked.id] = asked
        self.world.updates.add(
            "inline_query",
            {"id": asked.id, "from": user.json(), "query": query, "offset": offset, "chat_type": "sender"},
        )
        await self.until(lambda: asked.answer is not None, seconds)
        assert asked.answer is not None
        return list(asked.answer["results"])

    async def choose(self, user: User, chat: Chat, result: Json, query: str = "") -> Message:
        """Send an inline result to a chat; the bot is told which one was chosen."""
        content = inline_content(self.world, result)
        message = self.world.post(chat.room, user, content, via=self.bot)
        payload: Json = {"result_id": result["id"], "from": user.json(), "query": query}
        if content.keyboard:
            message.inline_id = f"AgAAAinline{self.world.number()}"
            self.world.inline_messages[message.inline_id] = message
            payload["inline_message_id"] = message.inline_id
        self.world.updates.add("chosen_inline_result", payload)
        return message

    def fail(self, method: str = "*", *, code: int = 500, retry_after: int = 1, times: int = 1) -> None:
        """Answer the next calls of a method, or downloads for "file", with an error; a 429 means its `retry_after`."""
        self.http.faults.append(Fault(method, times, code=code, retry_after=retry_after))

    def cut(self, method: str = "*", *, times: int = 1, done: bool = True) -> None:
        """Break the connection in the middle of the reply; `done`: after the call took effect."""
        self.http.faults.append(Fault(method, times, cut=True, done=done))

    def delay(self, method: str, seconds: float, *, times: int = 1) -> None:
        """Let the replies to the next calls of a method, which take effect at once, come so late."""
        self.http.faults.append(Fault(method, times, delay=seconds))

    def again(self, of: Message | Pressed) -> None:
        """Deliver the update of a message or press once more, as happens when its confirmation gets lost."""
        assert of.update is not None, "the bot was not told of it"
        self.world.updates.again(of.update)

    def conflict(self) -> None:
        """Another copy of the bot asks for updates: the poll under way ends with a 409."""
        self.world.updates.polls += 1
        self.world.changes.tell()
