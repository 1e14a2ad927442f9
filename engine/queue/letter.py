"""Letters between a bot and its hosts: a message of engine/wire.py with who it is from, and for which worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.errors import WireError
from engine.wire import Message, encode, unframed, with_blob

EVERYBODY = "*"  # in the place of a bot: news of a worker, for all that were told of it
VERSION = 2  # of this and of engine/wire.py: machines of another are not given anything


@dataclass(frozen=True, slots=True)
class Letter:
    """A message between the `bot` of that name and a host. `epoch` counts the bot's leads, `visit` how often it has
    greeted the host within one: what comes of an older one is nobody's any more. `number` counts what the bot has
    written since, so that what arrives twice is taken once. `worker` is the one that it is about, by its name on the
    host."""

    message: Message
    bot: str
    epoch: int = 0
    visit: int = 0
    worker: str = ""
    number: int = 0

    @property
    def when(self) -> tuple[int, int]:
        """Which of the bot's visits it belongs to; a later one is greater."""
        return self.epoch, self.visit

    @property
    def blob(self) -> bytes:
        """What the message carries beside its words."""
        return getattr(self.message, "blob", b"")

    def carrying(self, blob: bytes) -> Letter:
        """The same with another blob."""
        return replace(self, message=with_blob(self.message, blob))


def written(letter: Letter) -> tuple[dict[str, str], bytes]:
    """A letter as headers and a frame."""
    return {
        "bot": letter.bot,
        "epoch": str(letter.epoch),
        "visit": str(letter.visit),
        "worker": letter.worker,
        "number": str(letter.number),
    }, encode(letter.message)


def read(headers: Mapping[str, str], frame: bytes) -> Letter:
    """The letter that was `written`. Raises WireError."""
    try:
        epoch, visit, number = (int(headers[name]) for name in ("epoch", "visit", "number"))
        return Letter(unframed(frame), headers["bot"], epoch, visit, headers["worker"], number)
    except (KeyError, ValueError) as error:
        raise WireError(f"no letter: {error}") from error
