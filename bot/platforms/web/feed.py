"""What open pages are told: cards on their way, kept in memory, and who is listening for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from prompts.prompt import Json
from storage.messages import Message

MAX_LISTENERS = 20  # pages one account may have open; the oldest is let go
Event = Message | Mapping[str, Json]


@dataclass(slots=True, eq=False)
class Listener:
    """An open page. Only the newest event of each name waits for it, so a slow page cannot fill the memory."""

    chat: str
    pending: dict[tuple[str, str], Event] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def put(self, kind: str, name: str, event: Event) -> None:
        self.pending[kind, name] = event
        self.woken.set()

    def take(self) -> Iterator[tuple[str, Event]]:
        """What waits, oldest first: kinds and events."""
        self.woken.clear()
        pending, self.pending = self.pending, {}
        return ((kind, event) for (kind, _), event in pending.items())

    def close(self) -> None:
        self.closed = True
        self.woken.set()


class Feed:
    """The open pages of everybody, and the cards of jobs that have not ended."""

    def __init__(self) -> None:
        self.live: dict[str, Message] = {}
        self._listeners: dict[str, list[Listener]] = {}

    def open(self, chat: str) -> Listener:
        """A listener for a chat, to be closed with `close`."""
        listener = Listener(chat)
        row = self._listeners.setdefault(chat, [])
        row.append(listener)
        if len(row) > MAX_LISTENERS:
            row.pop(0).close()
        return listener

    def close(self, listener: Listener) -> None:
        row = self._listeners.get(listener.chat, [])
        if listener in row:
            row.remove(listener)
        if not row:
            self._listeners.pop(listener.chat, None)

    def listens(self, chat: str) -> bool:
        """Whether a chat has a page open."""
        return chat in self._listeners

    def close_all(self) -> None:
        for row in self._listeners.values():
            for listener in row:
                listener.close()

    def tell(self, chat: str, kind: str, name: str, event: Event) -> None:
        """Give an event to the open pages of a chat; it replaces one of the same kind and name that still waits."""
        for listener in self._listeners.get(chat, []):
            listener.put(kind, name, event)

    def tell_all(self, kind: str, event: Event) -> None:
        for chat in self._listeners:
            self.tell(chat, kind, "", event)

    def move(self, message: Message) -> None:
        """The newest card of a job that goes on. A preview stays until a newer one comes."""
        before = self.live.get(message.id)
        if before is not None:
            message = replace(message, body=_with_preview(message.body, before.body))
        self.live[message.id] = message
        self.tell(message.chat, "message", message.id, message)

    def settle(self, message: Message) -> None:
        """A message that storage keeps as it is now."""
        self.live.pop(message.id, None)
        self.tell(message.chat, "message", message.id, message)

    def newest(self, message: Message) -> Message:
        """The message, or its newer form in memory."""
        return self.live.get(message.id, message)

    def of_chat(self, chat: str) -> list[Message]:
        """The cards in memory of a chat."""
        return [message for message in self.live.values() if message.chat == chat]


def _with_preview(body: Mapping[str, Json], before: Mapping[str, Json]) -> Mapping[str, Json]:
    now, then = (cast(dict[str, Json] | None, one.get("progress")) for one in (body, before))
    if not now or not then or now.get("preview") or body.get("state") != before.get("state"):
        return body
    return {**body, "progress": {**now, "preview": then.get("preview")}}
