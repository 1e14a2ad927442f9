"""The ids of messages: Telegram counts them up, and whoever knows whose most are finds a message that got lost.

Private chats and basic groups share one row, the bot's own; every supergroup and channel has its own
(https://core.telegram.org/api/channel#message-ids). What a bot sends, and what it is told of, tells the numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from telegram import Message, Update

OWN = -1_000_000_000_000  # ids of chats below have numbers of their own
KEPT = 20_000  # numbers remembered
NEAR = 8  # numbers behind the last one known that are looked at where nothing says how far to go


class MessageIds:
    """The numbers known to be somebody's, of the last while; a new start knows none."""

    def __init__(self) -> None:
        self._taken: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._last: dict[int, int] = {}

    def take(self, chat: int, message: int, count: int = 1) -> None:
        """These messages in a row are known."""
        row = _row(chat)
        for number in range(message, message + count):
            self._taken[row, number] = None
        self._last[row] = max(self._last.get(row, 0), message + count - 1)
        while len(self._taken) > KEPT:
            self._taken.popitem(last=False)

    def hear(self, update: Update) -> None:
        """The message that an update brings, or is about, is known."""
        message = update.message or (update.callback_query.message if update.callback_query else None)
        if isinstance(message, Message):
            self.take(message.chat_id, message.message_id)
            if message.reply_to_message:
                self.take(message.chat_id, message.reply_to_message.message_id)
        elif (reaction := update.message_reaction) is not None:
            self.take(reaction.chat.id, reaction.message_id)

    def last(self, chat: int) -> int:
        """The highest number known in the row of a chat, 0 for none."""
        return self._last.get(_row(chat), 0)

    def free(self, chat: int, after: int, before: int = 0) -> Iterator[int]:
        """The numbers that are not known, after one and before another, or some further than all that is known."""
        end = before or max(self.last(chat), after) + NEAR + 1
        row = _row(chat)
        return (number for number in range(after + 1, end) if (row, number) not in self._taken)


def _row(chat: int) -> int:
    return chat if chat < OWN else 0
