"""What people do that the bot has to answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.peers.changes import WAIT, Changes
from tests.peers.discord.message import Message
from tests.peers.discord.state import Channel, Json, User

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5


@dataclass(slots=True, eq=False)
class Interaction:
    """Something a person did that waits for an answer within three seconds, with a token for fifteen minutes.
    `source` is what a form was opened by, `callback` the type of the answer, `original` the message it made or belongs
    to, `modal` and `choices` what else it may have been; `late` and `twice` count answers too late or given again."""

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    at: float
    data: Json
    owners: dict[str, str]
    changes: Changes = field(repr=False)
    message: Message | None = None
    source: Interaction | None = None
    callback: int = 0
    answered_at: float = 0
    original: Message | None = None
    modal: Json | None = None
    choices: list[Json] | None = None
    expired: bool = False
    late: int = 0
    twice: int = 0
    followups: list[Message] = field(default_factory=list)
    payload: Json = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return str(self.data.get("name") or self.data.get("custom_id"))

    def metadata(self) -> Json:
        known: Json = {"id": str(self.id), "type": self.kind, "user": self.user.json()}
        known["authorizing_integration_owners"] = self.owners
        if self.kind == COMPONENT and self.message:
            known["interacted_message_id"] = str(self.message.id)
        if self.source:
            known["triggering_interaction_metadata"] = self.source.metadata()
        return known

    async def _until(self, true: Callable[[], object], seconds: float) -> None:
        def seen() -> str:
            words = f"{self.name} of {self.user.name}: callback {self.callback}, late {self.late}"
            return f"{words}\n{self.channel.told(self.user)}"

        await self.changes.expect(true, seconds, seen)

    async def acknowledged(self, seconds: float = WAIT) -> float:
        """Wait for the callback; the seconds it took by the server's clock."""
        await self._until(lambda: self.callback, seconds)
        return self.answered_at - self.at

    async def response(self, true: Callable[[Message], object] = bool, seconds: float = WAIT) -> Message:
        """The message that answers it, the first of the original and the follow-ups that no longer only says that
        the bot is thinking and of which something is true."""

        def found() -> list[Message]:
            made = [self.original] if self.original and self.original is not self.message else []
            return [one for one in (*made, *self.followups) if not (one.deleted or one.loading) and true(one)]

        await self._until(found, seconds)
        return found()[0]

    async def form(self, seconds: float = WAIT) -> Json:
        """The modal that answers it."""
        await self._until(lambda: self.modal is not None, seconds)
        assert self.modal is not None
        return self.modal

    def expire(self) -> None:
        """Let its token be too old, as after fifteen minutes."""
        self.expired = True
